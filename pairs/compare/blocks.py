"""Groups of pairs that can be judged apart, found by comparing all with all in blocks.

Two pairs belong together where their questions are equal, where their vectors are similar and no
number tells them apart, or where they draw on one passage. Blocks can be compared anywhere and in
any order: a block's result depends on its two shards alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..records import QAPair
from ..text.normalise import normalise
from .guards import facts
from .judge import lowered
from .neighbours import one_thread
from .passages import MOST_SHARING, passage_keys, share_passage
from .vectors import ROUNDING, Vectors

__all__ = ["Couples", "Shard", "groups", "near_couples", "shards_of"]

Couples = npt.NDArray[np.int64]
"""Indices of two pairs each, shape (couples, 2)."""
_ROWS = 1024
"""Rows of one shard multiplied with the other at a time: 32 MB of cosines with 8,192 columns."""


class Shard(NamedTuple):
    """A part of all pairs, as far as a block needs to know them.

    Attributes:
        first: The index of its first pair.
        vectors: Unit vectors of the questions, shape (pairs, dimensions).
        facts: Hashes of their numbers, as ``facts`` gives them.
    """

    first: int
    vectors: Vectors
    facts: npt.NDArray[np.int64]


def shards_of(items: Sequence[QAPair], vectors: Vectors, size: int) -> Iterator[Shard]:
    """All pairs in shards.

    Args:
        items: The pairs.
        vectors: Unit vectors of their questions, shape (pairs, dimensions).
        size: Pairs of a shard.
    """
    for first in range(0, len(items), size):
        part = slice(first, first + size)
        numbers = np.array([facts(one.question) for one in items[part]], dtype=np.int64)
        yield Shard(first, vectors[part], numbers)


def near_couples(one: Shard, other: Shard, threshold: float) -> Couples:
    """The couples of a block whose vectors are similar and whose numbers do not differ.

    Args:
        one: A shard.
        other: The same one, or a later one.
        threshold: Least cosine of two questions that may be the same.
    """
    found: list[Couples] = []
    with one_thread():
        for at in range(0, len(one.vectors), _ROWS):
            bounds = one.vectors[at : at + _ROWS] @ other.vectors.T
            rows, columns = np.nonzero(bounds >= threshold - ROUNDING)
            left, right = one.facts[rows + at], other.facts[columns]
            alike = (left == right) | (left == 0) | (right == 0)
            couples = np.stack([rows + at + one.first, columns + other.first], axis=1)[alike]
            found.append(couples[couples[:, 0] < couples[:, 1]].astype(np.int64))
    return np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)


def groups(
    items: Sequence[QAPair], vectors: Vectors | None, threshold: float, near: Iterable[Couples]
) -> list[list[int]]:
    """Groups that can be judged apart, each in order, as indices of pairs.

    Args:
        items: The pairs.
        vectors: Unit vectors of their questions; None where only equal questions are duplicates.
        threshold: As for ``near_couples``.
        near: What ``near_couples`` found in each block of the upper triangle.
    """
    heads = list(range(len(items)))

    def head(number: int) -> int:
        while heads[number] != number:
            heads[number] = number = heads[heads[number]]
        return number

    def join(one: int, other: int) -> None:
        one, other = sorted((head(one), head(other)))
        heads[other] = one

    first: dict[str, int] = {}
    for number, item in enumerate(items):
        join(number, first.setdefault(normalise(item.question), number))
    for couples in near:
        for one, other in couples.tolist():
            join(one, other)
    if vectors is not None:
        for one, other in _sharing(items, vectors, lowered(threshold)):
            join(one, other)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number in range(len(items)):
        members[head(number)].append(number)
    return list(members.values())


def _sharing(items: Sequence[QAPair], vectors: Vectors, least: float) -> Iterator[tuple[int, int]]:
    """Couples that draw on one passage, of those whose vectors allow it.

    Of a passage with more pairs than are looked at there, all belong together: which are looked at
    depends on the others.
    """
    at: defaultdict[object, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        for key in passage_keys(item):
            at[key].append(number)
    for numbers in at.values():
        if len(numbers) > MOST_SHARING:
            yield from ((numbers[0], other) for other in numbers[1:])
            continue
        scores = vectors[numbers] @ vectors[numbers].T
        for row, column in np.argwhere(np.triu(scores >= least - ROUNDING, 1)).tolist():
            if share_passage(items[numbers[row]], items[numbers[column]]):
                yield numbers[row], numbers[column]
