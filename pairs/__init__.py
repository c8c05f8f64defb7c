"""What comes out: pairs with their evidence, deduplicated into one list, and its file formats."""

from typing import TYPE_CHECKING, Any

from .records import (
    ChunkOutcome,
    Duplicate,
    Evidence,
    PairList,
    QAPair,
    Rejected,
    TokenUsage,
)

if TYPE_CHECKING:
    from .compare.dedupe import Deduper
    from .evidence.grounding import ground
    from .files.export import read_pairs, write_pairs

__all__ = [
    "ChunkOutcome",
    "Deduper",
    "Duplicate",
    "Evidence",
    "PairList",
    "QAPair",
    "Rejected",
    "TokenUsage",
    "ground",
    "read_pairs",
    "write_pairs",
]

_LATE = {
    "Deduper": "compare.dedupe",
    "ground": "evidence.grounding",
    "read_pairs": "files.export",
    "write_pairs": "files.export",
}


def __getattr__(name: str) -> Any:
    """Loads numpy and what needs it only when asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATE[name]}", __name__), name)
