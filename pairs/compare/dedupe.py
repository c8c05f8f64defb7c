"""Deduplication of pairs: keeps one of each group that asks the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from ..errors import PairsError
from ..records import Conflict, Duplicate, QAPair
from ..text.normalise import normalise
from .answers import fullness
from .candidates import Candidate, candidates
from .judge import Asked, Judging
from .neighbours import SAMPLE, one_thread
from .passages import Vocabulary
from .vector_file import VectorFile
from .vectors import VectorError, Vectors, unit_rows
from .verdicts import Hit, Sorted, Verdicts, is_kept

if TYPE_CHECKING:  # it takes longer to load than all of this
    from langchain_core.embeddings import Embeddings

__all__ = ["Conflict", "Deduper"]

_SLICE = 4096
"""Pairs whose vectors are reordered at a time: 16 MB at 1024 dimensions."""
_Final = dict[int, Hit | None]
"""Index of a pair in order of arrival -> the kept pair that asks the same; None for a new one."""


class Deduper:
    """Sorts pairs into kept ones and duplicates of kept ones.

    A pair is a duplicate where its question equals a kept one's after normalisation, or where
    the cosine of the questions reaches the threshold and no guard finds a difference between
    them, and the answers agree. Answers that do not agree leave both pairs kept, as a conflict.
    Of a group the best pair stays: grounded before ungrounded, then the fuller answer, then the
    earlier one. Every duplicate is judged against the kept pair itself, never against another
    duplicate.

    While pairs stream in, ``add`` returns provisional verdicts; ``kept``, ``duplicates`` and
    ``conflicts`` are computed over all pairs, in document order, independent of batching.

    Args:
        embeddings: The model that embeds questions; without it, and without ``vectors``, only
            equal questions are duplicates.
        threshold: Least cosine of two questions that may be the same, 0..1; depends on the model.
        guards: Whether a difference in numbers, names, antonyms or question words prevents a
            merge.
        words: The words of the pairs' documents; the more it knows, the better names are told
            from words. The evidence sentences of the pairs are added to it.

    Example:
        >>> deduper = Deduper()
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> len(deduper.add([*pairs, *pairs])) == len(pairs) == len(deduper.duplicates)
        True
    """

    def __init__(
        self,
        embeddings: Embeddings | None = None,
        threshold: float = 0.9,
        *,
        guards: bool = True,
        words: Vocabulary | None = None,
    ) -> None:
        self._embeddings = embeddings
        self._threshold = threshold
        self._guards = guards
        self._items: list[QAPair] = []
        self._places: list[tuple[int, int]] = []
        self._keys: list[str] = []
        self._vectors = VectorFile()
        self._words = words or Vocabulary()
        self._stream = Judging(threshold, self._words, guards=guards)
        self._final: _Final | None = None

    def collect(
        self,
        items: Sequence[QAPair],
        vectors: Sequence[Sequence[float]] | Vectors | None = None,
        *,
        place: int | None = None,
    ) -> None:
        """Adds pairs without provisional verdicts, for complete lists.

        Args:
            items: Pairs.
            vectors: Shape (items, dimensions), the questions' vectors of any norm; None to embed
                them.
            place: Sort key of the pairs in document order, such as their chunk's index; None for
                the order of the calls.

        Raises:
            PairsError: The vectors are not one per question, of equal dimensions and finite.
        """
        self._collect(items, vectors, place)

    def _collect(
        self,
        items: Sequence[QAPair],
        vectors: Sequence[Sequence[float]] | Vectors | None,
        place: int | None,
    ) -> Vectors | None:
        """The unit vectors of the pairs that were added."""
        rows = self._vectors_for([item.question for item in items], vectors)
        at = len(self._items)
        self._items += items
        for item in items:
            self._words.read(item.source, item.evidence.sentence)
        self._places += [(at if place is None else place, at + n) for n in range(len(items))]
        self._keys += [normalise(item.question) for item in items]
        if rows is not None:
            self._vectors.append(rows)
        self._final = None
        return rows

    def collect_placed(
        self, placed: Sequence[tuple[int, QAPair]], vectors: Mapping[str, Vectors]
    ) -> None:
        """Adds pairs as ``collect`` does.

        Args:
            placed: Sort keys and pairs.
            vectors: By question; empty for none.

        Raises:
            PairsError: As for ``collect``.
        """
        for place, some in groupby(placed, key=itemgetter(0)):
            items = [item for _, item in some]
            rows = np.stack([vectors[item.question] for item in items]) if vectors else None
            self.collect(items, rows, place=place)

    def add(
        self,
        items: Sequence[QAPair],
        vectors: Sequence[Sequence[float]] | Vectors | None = None,
        *,
        place: int | None = None,
    ) -> list[QAPair]:
        """Adds pairs and returns those that duplicate no earlier one, in order; provisional.

        Args:
            items: Pairs.
            vectors: As for ``collect``.
            place: As for ``collect``.

        Raises:
            PairsError: As for ``collect``.
        """
        first = len(self._items)
        rows = self._collect(items, vectors, place)
        asked = [self._asked(n) for n in range(first, len(self._items))]
        # Limiting the threads takes longer than judging a few pairs without vectors.
        with nullcontext() if rows is None else one_thread():
            verdicts = self._stream.judge(asked, rows)
        return [item for item, hit in zip(items, verdicts, strict=True) if is_kept(hit)]

    def verdicts(self) -> Verdicts:
        """For each pair, by its index in order of arrival, the kept pair that asks the same.

        In document order; None for a pair that asks what no kept one asks.
        """
        return self._in_order(self._final_verdicts())

    @property
    def kept(self) -> list[QAPair]:
        """The pairs of the final list, in document order."""
        return Sorted.by(self.verdicts(), self._items).kept

    @property
    def duplicates(self) -> list[Duplicate]:
        """The duplicates, in document order, each with the kept pair that it duplicates."""
        return Sorted.by(self.verdicts(), self._items).duplicates

    @property
    def conflicts(self) -> list[Conflict]:
        """Kept pairs that ask what a better kept pair asks but answer differently."""
        return Sorted.by(self.verdicts(), self._items).conflicts

    @property
    def items(self) -> Sequence[QAPair]:
        """All pairs, in the order in which they came."""
        return self._items

    def order(self) -> list[int]:
        """The indices of all pairs in document order."""
        return sorted(range(len(self._items)), key=self._places.__getitem__)

    def vectors(self) -> Vectors | None:
        """The unit vectors of their questions, a row each; None where there are none."""
        return self._vectors.rows(range(len(self._vectors))) if len(self._vectors) else None

    @property
    def threshold(self) -> float:
        """Least cosine of two questions that may be the same."""
        return self._threshold

    def judge_in(self, groups: Iterable[Sequence[int]]) -> None:
        """Judges each group of pairs by itself.

        The result is that of judging all together, if no two pairs of different groups have equal
        questions, or similar ones whose numbers agree, or draw on one passage; ``blocks.groups``
        makes such groups.

        Args:
            groups: Indices of pairs in the order in which they came; each pair in one group.
        """
        final: _Final = {}
        with one_thread():
            for group in groups:
                final |= self._judged(group)
        self._final = final

    def take(self, verdicts: Verdicts) -> None:
        """Goes by what another one said of the same pairs.

        Args:
            verdicts: Of all of them, as ``verdicts`` gives them.
        """
        self._final = dict(verdicts)

    def candidates(self, most: int = 8) -> Iterator[Candidate]:
        """Couples of kept pairs that may ask the same though no rule can tell.

        Args:
            most: As for ``candidates``.
        """
        kept = [n for n, hit in self._in_order(self._final_verdicts()) if is_kept(hit)]
        vectors = VectorFile() if len(self._vectors) else None
        if vectors is not None:
            for first in range(0, len(kept), _SLICE):
                vectors.append(self._vectors.rows(kept[first : first + _SLICE]))
        items = [self._items[n] for n in kept]
        return candidates(items, vectors, self._threshold, words=self._words, most=most)

    def _in_order(self, final: _Final) -> Verdicts:
        return sorted(final.items(), key=lambda verdict: self._places[verdict[0]])

    def _final_verdicts(self) -> _Final:
        """The final verdicts, recomputed after pairs were added."""
        if self._final is None:
            with one_thread():
                self._final = self._judged(range(len(self._items)))
        return self._final

    def _judged(self, numbers: Sequence[int]) -> _Final:
        """Some pairs judged, best first, so that the best of a group is kept."""
        best_first = sorted(numbers, key=self._rank)
        vectors = self._vectors if len(self._vectors) else None
        judging = Judging(self._threshold, self._words, guards=self._guards)
        if vectors is not None and len(numbers) >= SAMPLE:
            judging.prepare(vectors.rows(numbers[:: len(numbers) // SAMPLE][:SAMPLE]))
        final: _Final = {}
        for first in range(0, len(best_first), _SLICE):
            part = best_first[first : first + _SLICE]
            rows = None if vectors is None else vectors.rows(part)
            hits = judging.judge([self._asked(n) for n in part], rows)
            final.update(zip(part, hits, strict=True))
        return final

    def _rank(self, n: int) -> tuple[bool, int, tuple[int, int]]:
        item = self._items[n]
        return item.evidence.match == "none", -fullness(item.answer), self._places[n]

    def _asked(self, n: int) -> Asked:
        return Asked(n, self._keys[n], self._items[n])

    def _vectors_for(
        self, questions: list[str], vectors: Sequence[Sequence[float]] | Vectors | None
    ) -> Vectors | None:
        if vectors is None:
            if self._embeddings is None:
                if questions and len(self._vectors):
                    raise PairsError("dedupe.vectors_missing", count=len(questions))
                return None
            vectors = self._embeddings.embed_documents(questions) if questions else []
        if self._items and questions and not len(self._vectors):
            raise PairsError("dedupe.vectors_missing", count=len(self._items))
        width = self._vectors.width or None
        if not questions:
            return None
        try:
            return unit_rows(vectors, len(questions), width, zeros=True)
        except VectorError as error:
            raise _as_pairs_error(error) from error


def _as_pairs_error(error: VectorError) -> PairsError:
    if error.kind == "count":
        return PairsError("dedupe.vectors_count", vectors=error.found, questions=error.expected)
    if error.kind == "width":
        expected = error.expected or "?"
        return PairsError("dedupe.vectors_width", expected=expected, found=error.found)
    return PairsError("dedupe.vectors_finite")
