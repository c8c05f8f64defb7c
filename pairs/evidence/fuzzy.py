"""Fuzzy matching: where a text repeats an answer nearly verbatim."""

from __future__ import annotations

from ..text.boundaries import runs_on
from ..text.flat import fold
from .source_text import Place, SourceText, trimmed

__all__ = ["similar_place"]

LEAST = 0.85
"""Lowest similarity of a match, 0..1 (rapidfuzz's ``partial_ratio`` / 100)."""
_MIN_LENGTH = 8
"""Characters of an answer below which one character makes it another word."""
_MAX_LENGTH = 600
"""Characters above which an answer is not matched fuzzily, since that takes too long."""


def similar_place(source: SourceText, answer: str) -> tuple[Place, float] | None:
    """The place in a text that an answer nearly repeats, with their similarity 0.85..1; or None.

    Args:
        source: The text to search.
        answer: The model's wording.
    """
    from rapidfuzz.fuzz import partial_ratio_alignment

    wanted, text = fold(trimmed(answer)).text, source.folded.text
    if not _MIN_LENGTH <= len(wanted) <= min(_MAX_LENGTH, len(text)):
        return None
    match = partial_ratio_alignment(wanted, text, score_cutoff=LEAST * 100)
    if match is None or match.dest_start >= match.dest_end:
        return None
    start, end = source.folded.original(match.dest_start, match.dest_end)
    return _whole_words(source.text, start, end), match.score / 100


def _whole_words(text: str, start: int, end: int) -> Place:
    """The place extended to word boundaries, without outer white space."""
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
