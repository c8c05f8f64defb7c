"""The language to answer in, from what a browser or a client says it reads."""

from __future__ import annotations

from typing import Literal

_LONGEST = 500  # characters; no browser sends more


def language_of(accept_language: str) -> Literal["en", "zh"]:
    """Chinese where the header prefers it to English, else English.

    Args:
        accept_language: The header's value; empty where there is none.
    """
    best: dict[str, float] = {}
    for part in accept_language[:_LONGEST].lower().split(","):
        name, _, weight = part.partition(";")
        language = name.strip().split("-")[0]
        best[language] = max(best.get(language, 0.0), _quality(weight))
    return "zh" if best.get("zh", 0.0) > best.get("en", 0.0) else "en"


def _quality(weight: str) -> float:
    _, _, value = weight.partition("=")
    try:
        return min(1.0, max(0.0, float(value))) if value else 1.0
    except ValueError:
        return 0.0
