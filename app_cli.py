"""The command line: ``qa3``. Parses, calls one function, shows; its commands stand in ``cli/``."""

import sys

from cli.main import run


def main() -> None:
    """Runs the command given and ends the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
