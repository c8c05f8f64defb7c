"""Entry point of the command line, ``qa3``; its commands are in ``cli/``."""

import sys

from cli.main import run


def main() -> None:
    """Runs the command in ``sys.argv`` and exits with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
