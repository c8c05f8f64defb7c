"""Which pairs draw on one passage, and the words a document has for its own things."""

from __future__ import annotations

from ..records import Evidence, QAPair
from ..text.flat import flatten
from ..text.terms import form_set

__all__ = ["MOST_SHARING", "Passages", "Vocabulary", "passage_keys", "share_passage"]

_BUCKET = 512
"""Characters of a text whose pairs are looked up together."""
MOST_SHARING = 256
"""Pairs looked at in one bucket; no passage has more questions."""
_Key = tuple[str, str | int]


class Passages:
    """An index of pairs by the place of their evidence."""

    def __init__(self) -> None:
        self._at: dict[_Key, list[int]] = {}

    def add(self, number: int, item: QAPair) -> None:
        """Adds a pair.

        Args:
            number: What ``sharing`` returns for it.
            item: The pair; one without an evidence sentence shares its passage with none.
        """
        for key in passage_keys(item):
            at = self._at.setdefault(key, [])
            if len(at) < MOST_SHARING:
                at.append(number)

    def sharing(self, item: QAPair) -> list[int]:
        """The numbers of the pairs that may share a passage with this one, in ascending order.

        Args:
            item: A pair, itself not necessarily added.
        """
        return sorted({number for key in passage_keys(item) for number in self._at.get(key, ())})


class Vocabulary:
    """The words of each document, as far as it is known."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._new: dict[str, list[str]] = {}
        self._words: dict[str, set[str]] = {}

    def read(self, source: str, text: str) -> None:
        """Adds the words of a part of a document; they are looked at when first needed.

        Args:
            source: The document, as pairs carry it.
            text: A chunk or an evidence sentence of it.
        """
        key = source, text
        if text and key not in self._seen:
            self._seen.add(key)
            self._new.setdefault(source, []).append(text)

    def of(self, source: str) -> set[str]:
        """The words of a document, as ``forms`` yields them.

        Args:
            source: As pairs carry it.
        """
        words = self._words.setdefault(source, set())
        for text in self._new.pop(source, ()):
            words |= form_set(flatten(text))
        return words


def share_passage(one: QAPair, other: QAPair) -> bool:
    """Whether two pairs have the same evidence sentence, or evidence that overlaps.

    Args:
        one: A pair.
        other: Another pair.
    """
    mine, theirs = one.evidence, other.evidence
    if one.source != other.source or not (mine.sentence and theirs.sentence):
        return False
    return mine.sentence == theirs.sentence or _overlap(mine, theirs)


def _overlap(mine: Evidence, theirs: Evidence) -> bool:
    if mine.span is None or theirs.span is None:
        return False
    return max(mine.span.start, theirs.span.start) < min(mine.span.end, theirs.span.end)


def passage_keys(item: QAPair) -> list[_Key]:
    """Where the pairs are looked up that may share a passage with one; none without evidence."""
    evidence = item.evidence
    if not evidence.sentence:
        return []
    keys: list[_Key] = [(item.source, evidence.sentence)]
    if evidence.span is not None:
        first, last = evidence.span.start // _BUCKET, (evidence.span.end - 1) // _BUCKET
        keys += [(item.source, bucket) for bucket in range(first, min(last, first + 8) + 1)]
    return keys
