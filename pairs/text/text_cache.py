"""What was found out about a text, kept while a run looks at the same texts again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

__all__ = ["clear_text_caches", "text_cached"]

_MOST = 1 << 14
"""Results of a function that are kept: a run proves its pairs first and compares them last, so that
a smaller cache has forgotten each text when it comes again."""
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_clear: list[Callable[[], None]] = []


def text_cached(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """A function whose results are kept until a run ends.

    Args:
        function: Of texts alone; what it gives is not changed by anybody.
    """
    cached = lru_cache(maxsize=_MOST)(function)
    _clear.append(cached.cache_clear)
    return cached  # type: ignore[return-value]  # lru_cache forgets the arguments' types


def clear_text_caches() -> None:
    """Forgets all results; what runs at the same time finds them out again."""
    for clear in _clear:
        clear()
