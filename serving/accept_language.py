"""The language to answer in, from what a browser or a client says it reads."""

from __future__ import annotations

from typing import Literal

_LONGEST = 500  # characters; no browser sends more


def language_of(accept_language: str) -> Literal["en", "zh"]:
    """``zh`` where the header prefers Chinese to English, else ``en``.

    Of two with the same weight the first is preferred.

    Args:
        accept_language: The header's value; empty where there is none.
    """
    best: float = 0
    preferred: Literal["en", "zh"] = "en"
    for part in accept_language[:_LONGEST].lower().split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().split("-")[0]
        quality = _quality(weight)
        if language in ("en", "zh") and quality > best:
            best, preferred = quality, "zh" if language == "zh" else "en"
    return preferred


def _quality(weight: str) -> float:
    _, _, value = weight.partition("=")
    try:
        return min(1.0, max(0.0, float(value))) if value else 1.0
    except ValueError:
        return 0.0
