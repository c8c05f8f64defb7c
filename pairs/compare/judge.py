"""Judges pairs in turn: new, a duplicate of a kept pair, or in conflict with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .answers import agree
from .guards import difference, facts
from .neighbours import Neighbours, Places
from .vectors import Vectors

__all__ = ["Asked", "Hit", "Judging"]

_MANY = 64
"""Number of similar pairs from which number hashes are compared first, all at once."""
_NOWHERE: Places = np.empty(0, dtype=np.intp)
_NOTHING: Vectors = np.empty(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair to judge: its index, its normalised question, question and answer."""

    number: int
    key: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Hit:
    """The kept pair that asks the same as the judged one.

    Attributes:
        of: Index of the kept pair.
        score: Cosine of the questions; 1 where they are equal after normalisation.
        kind: ``exact`` for equal normalised questions, ``semantic`` for similar vectors.
        agrees: Whether the answers agree: a duplicate; otherwise a conflict.
    """

    of: int
    score: float
    kind: Literal["exact", "semantic"]
    agrees: bool


class Judging:
    """Judges pairs one after another against those kept so far.

    Args:
        threshold: Least cosine of two questions that may be the same.
        guards: Whether a difference in numbers, names or the like prevents a merge.
    """

    def __init__(self, threshold: float, *, guards: bool) -> None:
        self._threshold = threshold
        self._guards = guards
        self._kept: list[Asked] = []
        self._by_key: dict[str, list[int]] = {}
        self._facts = np.empty(0, dtype=np.int64)
        self._neighbours = Neighbours(threshold)

    def prepare(self, vectors: Vectors) -> None:
        """Fits the search to a sample of the vectors to come.

        Args:
            vectors: Unit vectors, shape (n, dimensions).
        """
        self._neighbours.prepare(vectors)

    def judge(self, asked: Sequence[Asked], vectors: Vectors | None) -> list[Hit | None]:
        """For each pair the kept pair that asks the same, or None where it is new.

        Args:
            asked: Pairs by precedence, best first.
            vectors: Unit vectors of their questions, shape (pairs, dimensions); None to compare
                normalised questions only.
        """
        hits: list[Hit | None] = []
        while len(hits) < len(asked):
            first, last = len(hits), len(hits) + self._neighbours.block_size()
            rows = None if vectors is None else vectors[first:last]
            hits += self._judge_block(asked[first:last], rows)
        return hits

    def _judge_block(self, block: Sequence[Asked], rows: Vectors | None) -> list[Hit | None]:
        hits: list[Hit | None] = []
        kept_rows: list[int] = []
        first_new = len(self._kept)
        inside = None if rows is None else rows @ rows.T
        nearest = self._neighbours.near(rows) if rows is not None else iter(())
        for row, asked in enumerate(block):
            places, scores = next(nearest, (_NOWHERE, _NOTHING))
            if inside is not None and kept_rows:
                new = inside[row, kept_rows]
                found = np.nonzero(new >= self._threshold)[0]
                places = np.concatenate([places, found + first_new])
                scores = np.concatenate([scores, new[found]])
            if self._guards and len(places) > _MANY:
                possible = self._with_possible_numbers(asked, places)
                places, scores = places[possible], scores[possible]
            hit = self._verdict(asked, places, scores)
            if hit is None or not hit.agrees:
                kept_rows.append(row)
                self._by_key.setdefault(asked.key, []).append(len(self._kept))
                self._kept.append(asked)
            hits.append(hit)
        if rows is not None:
            self._neighbours.keep(rows[kept_rows])
        return hits

    def _with_possible_numbers(self, asked: Asked, places: Places) -> npt.NDArray[np.bool_]:
        """Mask of the similar pairs whose number hash does not rule them out."""
        mine = facts(asked.question)
        if not mine:
            return np.ones(len(places), dtype=bool)
        known = len(self._facts)
        new = (facts(kept.question) for kept in self._kept[known:])
        self._facts = np.append(self._facts, np.fromiter(new, dtype=np.int64))
        theirs = self._facts[places]
        return np.asarray((theirs == 0) | (theirs == mine), dtype=np.bool_)

    def _verdict(self, asked: Asked, places: Places, scores: Vectors) -> Hit | None:
        """The nearest kept pair whose answer agrees, else the nearest that asks the same."""
        conflict: Hit | None = None
        for place in self._by_key.get(asked.key, []):
            kept = self._kept[place]
            if agree(asked.answer, kept.answer):
                return Hit(kept.number, 1.0, "exact", agrees=True)
            conflict = conflict or Hit(kept.number, 1.0, "exact", agrees=False)
        for nth in np.lexsort((places, -scores)):
            kept = self._kept[places[nth]]
            if kept.key == asked.key:
                continue
            if self._guards and difference(asked.question, kept.question):
                continue
            score = min(1.0, float(scores[nth]))
            if agree(asked.answer, kept.answer):
                return Hit(kept.number, score, "semantic", agrees=True)
            conflict = conflict or Hit(kept.number, score, "semantic", agrees=False)
        return conflict
