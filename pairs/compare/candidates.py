"""Pairs of a list that may ask the same, for a judge to be asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..records import QAPair
from .answers import contradict
from .contrast import contrast
from .guards import difference
from .judge import lowered
from .neighbours import SAMPLE, Neighbours, one_thread
from .passages import Passages, Vocabulary, share_passage
from .vector_file import VectorFile
from .vectors import Vectors

__all__ = ["Candidate", "candidates"]

_SHARED_FALL = 5
"""How much further apart than the threshold two questions may be that share a passage."""


class Candidate(NamedTuple):
    """Two pairs that may ask the same, and the cosine of their questions (0 without vectors)."""

    one: QAPair
    other: QAPair
    score: float


def candidates(
    items: Sequence[QAPair],
    vectors: Vectors | VectorFile | None,
    threshold: float,
    *,
    words: Vocabulary | None = None,
    most: int = 8,
) -> Iterator[Candidate]:
    """Couples of pairs that may ask the same, each once, the later pair first, in order.

    Their vectors are similar, well below the threshold for duplicates, or their evidence overlaps;
    no guard tells them apart, and they are not two answers of one passage that contradict each
    other. Time grows as that of ``Neighbours``: by blocks, with at most ``most`` couples a pair.

    Args:
        items: Pairs, such as the kept ones of a list.
        vectors: Unit vectors of their questions, shape (pairs, dimensions); None to go by their
            evidence alone.
        threshold: Least cosine of two questions that count as the same.
        words: The words of the pairs' documents; None to know only what the evidence shows.
        most: Couples yielded for one pair with those before it, the nearest.
    """
    words = words or _words_of(items)
    if vectors is not None and not isinstance(vectors, VectorFile):
        vectors = VectorFile(vectors)
    passages = Passages()
    least = lowered(threshold, _SHARED_FALL)
    for number, near in enumerate(_near(vectors, len(items), lowered(threshold))):
        item = items[number]
        found = dict(near)
        sharing = [
            place
            for place in passages.sharing(item)
            if place not in found and share_passage(item, items[place])
        ]
        scores = zip(sharing, _cosines(vectors, sharing, number), strict=True)
        found |= {place: score for place, score in scores if vectors is None or score >= least}
        passages.add(number, item)
        left = most
        for place, score in sorted(found.items(), key=lambda one: (-one[1], one[0])):
            if not left:
                break
            if _may_ask_the_same(item, items[place], words):
                left -= 1
                yield Candidate(item, items[place], min(1.0, score))


def _words_of(items: Sequence[QAPair]) -> Vocabulary:
    words = Vocabulary()
    for item in items:
        words.read(item.source, item.evidence.sentence)
    return words


def _cosines(vectors: VectorFile | None, some: list[int], other: int) -> list[float]:
    """The cosines of some pairs with another one; 0 without vectors."""
    if vectors is None or not some:
        return [0.0] * len(some)
    *rows, row = vectors.rows([*some, other])
    return [float(np.dot(one, row)) for one in rows]


def _near(
    vectors: VectorFile | None, count: int, reach: float
) -> Iterator[list[tuple[int, float]]]:
    """For each pair the earlier ones whose vectors are similar, with their cosines."""
    if vectors is None:
        yield from ([] for _ in range(count))
        return
    search = Neighbours(reach)
    step = max(1, len(vectors) // SAMPLE)
    search.prepare(vectors.rows(range(0, len(vectors), step)[:SAMPLE]))
    first = 0
    while first < count:
        rows = vectors.rows(range(first, min(count, first + search.block_size())))
        with one_thread():
            inside = rows @ rows.T
            earlier = list(search.near(rows))
        for row, (places, scores) in enumerate(earlier):
            here = np.nonzero(inside[row, :row] >= reach)[0]
            yield [
                *zip(places.tolist(), scores.tolist(), strict=True),
                *zip((here + first).tolist(), inside[row, here].tolist(), strict=True),
            ]
        search.keep(rows)
        first += len(rows)


def _may_ask_the_same(one: QAPair, other: QAPair, words: Vocabulary) -> bool:
    """Whether no guard tells two pairs apart."""
    if difference(one.question, other.question, one_answer=True):
        return False
    if share_passage(one, other) and contradict(one.answer, other.answer):
        return False
    known = words.of(one.source), words.of(other.source)
    return not contrast(one, other, known, shared=True).named
