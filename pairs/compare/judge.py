"""Judges pairs in turn: new, a duplicate of a kept pair, or in conflict with one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..records import QAPair
from .answers import agree, contradict, equivalent, is_plain
from .contrast import Contrast, contrast, odd_words, stands_twice
from .guards import difference, facts
from .neighbours import Neighbours, Places, Scores
from .passages import Passages, Vocabulary, share_passage
from .vectors import ROUNDING, Vectors, cosines
from .verdicts import Hit

__all__ = ["Asked", "Judging", "lowered"]

_MANY = 64
"""Number of similar pairs from which number hashes are compared first, all at once."""
_FALL = 10 / 3
"""How much further apart two questions may be where one passage gives both the same answer."""
_WEAK_FALL = 2
"""The same where that says less: a bare yes, or both questions name something in the passage."""
_MOST_ASKED = 8
"""Duplicates of one kept pair that a further one is compared with."""
_NOWHERE: Places = np.empty(0, dtype=np.intp)
_NOTHING: Scores = np.empty(0, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair to judge, with its index and its normalised question."""

    number: int
    key: str
    item: QAPair


def lowered(threshold: float, fall: float = _FALL) -> float:
    """The least cosine of two questions to which one passage gives the same answer.

    Args:
        threshold: Least cosine of two questions that may be the same.
        fall: How much further apart they may be than without the passage.
    """
    return min(threshold, max(0.0, 1 - fall * (1 - threshold)))


class Judging:
    """Judges pairs one after another against those kept so far.

    Args:
        threshold: Least cosine of two questions that may be the same.
        guards: Whether a difference in numbers, names or the like prevents a merge; only with
            them is a passage that two pairs share taken for a sign that they ask the same.
        words: The words of the pairs' documents; those of the pairs judged are not added to it.
    """

    def __init__(self, threshold: float, words: Vocabulary, *, guards: bool) -> None:
        self._threshold = threshold
        self._lowered = lowered(threshold)
        self._weak = lowered(threshold, _WEAK_FALL)
        self._guards = guards
        self._words = words
        self._passages = Passages()
        self._kept: list[Asked] = []
        self._place: dict[int, int] = {}
        self._group: defaultdict[int, list[QAPair]] = defaultdict(list)
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
            if rows is not None and inside is not None and kept_rows:
                new = inside[row, kept_rows]
                near = np.nonzero(new >= self._threshold - ROUNDING)[0]
                here = self._cosines(rows, row, kept_rows, near)
                found = here >= self._threshold
                places = np.concatenate([places, near[found] + first_new])
                scores = np.concatenate([scores, here[found]])
            if self._guards and len(places) > _MANY:
                possible = self._with_possible_numbers(asked, places)
                places, scores = places[possible], scores[possible]
            if rows is not None and self._guards and asked.item.evidence.sentence:
                more = self._sharing_passage(asked, places)
                if len(more):
                    places = np.concatenate([places, more])
                    far = self._cosines(rows, row, kept_rows, more - first_new)
                    scores = np.concatenate([scores, far])
            hit = self._verdict(asked, places, scores)
            if hit is None or not hit.agrees:
                kept_rows.append(row)
                self._by_key.setdefault(asked.key, []).append(len(self._kept))
                self._passages.add(len(self._kept), asked.item)
                self._place[asked.number] = len(self._kept)
                self._kept.append(asked)
            elif hit.kind == "semantic" and len(self._group[self._place[hit.of]]) < _MOST_ASKED:
                self._group[self._place[hit.of]].append(asked.item)
            hits.append(hit)
        if rows is not None:
            self._neighbours.keep(rows[kept_rows])
        return hits

    def _sharing_passage(self, asked: Asked, places: Places) -> Places:
        """The kept pairs that draw on the passage of a pair, beside the similar ones."""
        known = set(places.tolist())
        return np.array(
            [
                place
                for place in self._passages.sharing(asked.item)
                if place not in known and share_passage(asked.item, self._kept[place].item)
            ],
            dtype=np.intp,
        )

    def _cosines(self, rows: Vectors, row: int, kept_rows: list[int], places: Places) -> Scores:
        """The cosines of a vector of the block with kept ones.

        Args:
            rows: The block.
            row: The vector's row in it.
            kept_rows: The rows of the block that were kept.
            places: The kept ones: from 0 on those of the block, below 0 earlier ones, counted
                back from the end of the index.
        """
        scores = np.empty(len(places), dtype=np.float64)
        inside = places >= 0
        if inside.any():
            scores[inside] = cosines(rows[np.array(kept_rows)[places[inside]]], rows[row])
        if not inside.all():
            scores[~inside] = cosines(self._neighbours.vectors(places[~inside]), rows[row])
        return scores

    def _with_possible_numbers(self, asked: Asked, places: Places) -> npt.NDArray[np.bool_]:
        """Mask of the similar pairs whose number hash does not rule them out."""
        mine = facts(asked.item.question)
        if not mine:
            return np.ones(len(places), dtype=bool)
        known = len(self._facts)
        new = (facts(kept.item.question) for kept in self._kept[known:])
        self._facts = np.append(self._facts, np.fromiter(new, dtype=np.int64))
        theirs = self._facts[places]
        return np.asarray((theirs == 0) | (theirs == mine), dtype=np.bool_)

    def _verdict(self, asked: Asked, places: Places, scores: Scores) -> Hit | None:
        """The nearest kept pair whose answer agrees, else the nearest that asks the same."""
        conflict: Hit | None = None
        for place in self._by_key.get(asked.key, []):
            kept = self._kept[place]
            if agree(asked.item.answer, kept.item.answer):
                return Hit(kept.number, 1.0, "exact", agrees=True)
            conflict = conflict or Hit(kept.number, 1.0, "exact", agrees=False)
        for nth in np.lexsort((places, -scores)):
            place = int(places[nth])
            kept = self._kept[place]
            if kept.key == asked.key:
                continue
            score = min(1.0, float(scores[nth]))
            agrees = self._agrees(asked.item, kept.item, score)
            if agrees and not self._stands_apart(asked.item, place):
                return Hit(kept.number, score, "semantic", agrees=True)
            if agrees is False:
                conflict = conflict or Hit(kept.number, score, "semantic", agrees=False)
        return conflict

    def _agrees(self, one: QAPair, other: QAPair, score: float) -> bool | None:
        """Whether the answers to one question agree; None for two questions.

        Also None where two answers neither agree nor contradict each other.
        """
        shared = self._guards and share_passage(one, other)
        if score < (self._lowered if shared else self._threshold):
            return None
        # The guard that refuses most comes first.
        if self._guards and (
            self._names_apart(one, other, shared=shared)
            or difference(one.question, other.question, one_answer=shared)
        ):
            return None
        same = equivalent(one.answer, other.answer, (one.question, other.question))
        # Two answers in one passage are answers to two questions.
        if not same and (shared or not contradict(one.answer, other.answer)):
            return None
        if score < self._weak and self._is_weak(one, other):
            return None
        return same

    def _is_weak(self, one: QAPair, other: QAPair) -> bool:
        """Whether one answer from one passage says little: yes, or there are two things in it."""
        plain = is_plain(one.answer) or is_plain(other.answer)
        return plain or self._contrast(one, other, shared=True).open

    def _stands_apart(self, item: QAPair, place: int) -> bool:
        """Whether a guard tells a pair from a duplicate of the kept pair that it seems to equal."""
        for other in self._group[place] if self._guards else ():
            shared = share_passage(item, other)
            if difference(item.question, other.question, one_answer=shared):
                return True
            if self._names_apart(item, other, shared=shared):
                return True
        return False

    def _names_apart(self, one: QAPair, other: QAPair, *, shared: bool) -> bool:
        """Whether the document shows that two questions with one answer name two things."""
        if self._contrast(one, other, shared=shared).named:
            return True
        return any(
            stands_twice(pair.answer, pair.evidence.sentence)
            for pair in (one, other)
            if pair.evidence.sentence
        ) and odd_words(one.question, other.question)

    def _contrast(self, one: QAPair, other: QAPair, *, shared: bool) -> Contrast:
        known = self._words.of(one.source), self._words.of(other.source)
        return contrast(one, other, known, shared=shared)
