"""What a child process does without, so that it starts in a fraction of a second."""

import sys
from types import ModuleType


def without_langchain() -> None:
    """Has our errors come from plain ``Exception``; called before anything of ours is imported.

    Their root takes longer to import than a page to read. Errors leave a child process as codes
    and fields, so that any root does.
    """
    root = ModuleType("langchain_core.exceptions")
    root.LangChainException = Exception  # type: ignore[attr-defined]
    sys.modules.setdefault(root.__name__, root)
