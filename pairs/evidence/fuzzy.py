"""Fuzzy matching: where a text repeats an answer nearly verbatim."""

from __future__ import annotations

from ..text.boundaries import runs_on
from ..text.flat import Folded, fold
from .asked_place import like_sentences
from .source_text import Place, SourceText, trimmed

__all__ = ["similar_places"]

LEAST = 0.85
"""Lowest similarity of a match, 0..1 (rapidfuzz's ``partial_ratio`` / 100)."""
_MIN_LENGTH = 8
"""Characters of an answer below which one character makes it another word."""
_MAX_LENGTH = 600
"""Characters above which an answer is not matched fuzzily, since that takes too long."""
_MOST_ALIKE = 200
"""Sentences like the nearest one that are looked at."""


def similar_places(source: SourceText, answer: str) -> list[tuple[Place, float]]:
    """The places in a text that an answer nearly repeats, each with its similarity 0.85..1.

    The nearest one, and those in sentences that are like it but for a name; in order.

    Args:
        source: The text to search.
        answer: The model's wording.
    """
    wanted, text = fold(trimmed(answer)).text, source.folded
    if not _MIN_LENGTH <= len(wanted) <= min(_MAX_LENGTH, len(text.text)):
        return []
    nearest = _aligned(wanted, text)
    if nearest is None:
        return []
    place = text.original(*nearest[0])
    found = [(place, nearest[1])]
    for first, last in like_sentences(source, place)[:_MOST_ALIKE]:
        start, end = source.sentences[first][0], source.sentences[last][1]
        if end <= place[0] or place[1] <= start:
            part = fold(source.text[start:end])
            other = _aligned(wanted, part) if len(part.text) >= len(wanted) else None
            if other is not None:
                begin, stop = part.original(*other[0])
                found.append(((start + begin, start + stop), other[1]))
    return [(_whole_words(source.text, *at), score) for at, score in sorted(found)]


def _aligned(wanted: str, text: Folded) -> tuple[Place, float] | None:
    """The place in a folded text that is nearest to an answer, with their similarity."""
    from rapidfuzz.fuzz import partial_ratio_alignment

    match = partial_ratio_alignment(wanted, text.text, score_cutoff=LEAST * 100)
    if match is None or match.dest_start >= match.dest_end:
        return None
    return (match.dest_start, match.dest_end), match.score / 100


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
