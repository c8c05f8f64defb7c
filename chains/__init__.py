"""How pairs are made: settings, backends, prompt, parser, journal, and the run itself."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .parsing.parser import PairParser
    from .run.runnable import build_pipeline, extract_pairs
    from .settings import Settings

__all__ = ["PairParser", "Settings", "build_pipeline", "extract_pairs"]

_LATE = {
    "PairParser": "parsing.parser",
    "Settings": "settings",
    "build_pipeline": "run.runnable",
    "extract_pairs": "run.runnable",
}


def __getattr__(name: str) -> Any:
    """Loads LangChain only when something that needs it is asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATE[name]}", __name__), name)
