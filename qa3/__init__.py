"""qa3 for Python scripts: documents in, one deduplicated list of question-answer pairs out.

    from qa3 import extract_pairs

    pairs = extract_pairs("report.pdf", backend="chatglm3")

The names are those of ``chains``, ``pairs`` and ``loaders``; docs/python.md describes each.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("messages", "prompts", "loaders", "pairs", "chains")


def _check_not_hidden() -> None:
    """Raises ImportError if a module of the user hides one of our packages.

    A script's own folder comes first on sys.path, so a ``prompts.py`` beside the script
    would be imported instead of our ``prompts``.
    """
    ours = Path(__file__).resolve().parent.parent
    for name in _PACKAGES:
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parent != ours / name:
            found = origin or (list(spec.submodule_search_locations or ()) if spec else None)
            raise ImportError(
                f"qa3 needs its own package {name!r}, but Python finds {found or 'nothing'} under"
                f" that name; rename it, or run the script from another folder."
                f" / qa3 需要自己的 {name!r} 包，但 Python 以此名找到的是 {found or '空'}；"
                "请将其改名，或换一个目录运行脚本。"
            )


_check_not_hidden()

from chains import (  # noqa: E402 - only after the check
    BackendError,
    BusyError,
    ChainError,
    ChunkDone,
    Done,
    DraftPair,
    EmbeddingError,
    Estimate,
    Event,
    Job,
    Jobs,
    Journal,
    JournalError,
    PairParser,
    ParsedReply,
    Prepared,
    ReplyError,
    Resolved,
    Settings,
    SettingsError,
    SettingValues,
    Text,
    Upload,
    Verified,
    aextract_pairs,
    build_chain,
    build_pipeline,
    estimate,
    extract_pairs,
    load_list,
    merge,
    resolve,
)
from loaders import (  # noqa: E402
    Chunk,
    FormatError,
    LoadError,
    Span,
    count_tokens,
    load,
    split,
)
from messages import SaidError  # noqa: E402
from pairs import (  # noqa: E402
    ChunkOutcome,
    Conflict,
    Deduper,
    Duplicate,
    Evidence,
    ExportError,
    PairList,
    PairsError,
    QAPair,
    Reason,
    Rejected,
    TokenUsage,
    ground,
    read_pairs,
    write_pairs,
)

__all__ = [
    "BackendError",
    "BusyError",
    "ChainError",
    "Chunk",
    "ChunkDone",
    "ChunkOutcome",
    "Conflict",
    "Deduper",
    "Done",
    "DraftPair",
    "Duplicate",
    "EmbeddingError",
    "Estimate",
    "Event",
    "Evidence",
    "ExportError",
    "FormatError",
    "Job",
    "Jobs",
    "Journal",
    "JournalError",
    "LoadError",
    "PairList",
    "PairParser",
    "PairsError",
    "ParsedReply",
    "Prepared",
    "QAPair",
    "Reason",
    "Rejected",
    "ReplyError",
    "Resolved",
    "SaidError",
    "SettingValues",
    "Settings",
    "SettingsError",
    "Span",
    "Text",
    "TokenUsage",
    "Upload",
    "Verified",
    "aextract_pairs",
    "build_chain",
    "build_pipeline",
    "count_tokens",
    "estimate",
    "extract_pairs",
    "ground",
    "load",
    "load_list",
    "merge",
    "read_pairs",
    "resolve",
    "split",
    "write_pairs",
]
