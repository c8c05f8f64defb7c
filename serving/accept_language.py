"""Parses the Accept-Language header."""

from __future__ import annotations

from typing import Literal

_MAX_HEADER = 500  # characters; no browser sends more


def language_of(accept_language: str) -> Literal["en", "zh"]:
    """``zh`` if the header prefers Chinese to English, else ``en``.

    Of two languages with the same weight the first one wins.

    Args:
        accept_language: The header's value; empty if the request has none.
    """
    best: float = 0
    preferred: Literal["en", "zh"] = "en"
    for part in accept_language[:_MAX_HEADER].lower().split(","):
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
