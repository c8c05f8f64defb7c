"""``python -m loaders.worker``: a reading process, started by ``child.py``."""

import sys
from types import ModuleType


def main() -> None:
    """Serves until stdin ends."""
    # The root of our errors takes longer to import than a page to read. Errors leave this process
    # as codes and fields, so that any root does.
    root = ModuleType("langchain_core.exceptions")
    root.LangChainException = Exception  # type: ignore[attr-defined]
    sys.modules.setdefault(root.__name__, root)
    from .server import serve

    serve()


if __name__ == "__main__":
    main()
