"""Where a text says nearly what an answer says, letter for letter."""

from __future__ import annotations

from ..text.boundaries import runs_on
from ..text.flat import fold
from .source_text import Place, SourceText, trimmed

__all__ = ["similar_place"]

LEAST = 0.85
"""Share of letters in common (rapidfuzz's partial ratio) from which two texts are nearly one."""
_SHORTEST = 8
"""Letters of an answer below which one letter makes another word of it."""
_LONGEST = 600
"""Letters above which an answer is looked for sentence by sentence instead: time is the reason."""


def similar_place(source: SourceText, answer: str) -> tuple[Place, float] | None:
    """The stretch of a text that an answer repeats with small changes, and how alike they are.

    Args:
        source: Where to look.
        answer: As the model put it.
    """
    from rapidfuzz.fuzz import partial_ratio_alignment

    wanted, text = fold(trimmed(answer)).text, source.folded.text
    if not _SHORTEST <= len(wanted) <= min(_LONGEST, len(text)):
        return None
    found = partial_ratio_alignment(wanted, text, score_cutoff=LEAST * 100)
    if found is None or found.dest_start >= found.dest_end:
        return None
    start, end = source.folded.original(found.dest_start, found.dest_end)
    return _whole_words(source.text, start, end), found.score / 100


def _whole_words(text: str, start: int, end: int) -> Place:
    """The stretch widened to where its first and last word begin and end."""
    for _ in range(20):
        if not runs_on(text, start):
            break
        start -= 1
    for _ in range(20):
        if not runs_on(text, end):
            break
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
