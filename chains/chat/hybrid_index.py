"""Hybrid (lexical and vector) index over one kind of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairs.text.language import language_of

from .lexical_index import Unit, WordIndex, units_of

if TYPE_CHECKING:
    import numpy as np

    from .vector_index import MeaningIndex

NEAR = 0.52
"""The score from which a text can answer a question: the share of the question's words it holds
plus the weighted similarity of their vectors, as bench/retrieval.py measured it."""
NEAR_BY_WORDS = 0.35
"""The same threshold for words alone, without vectors."""
NEAR_ACROSS = 0.2
"""The same threshold for a text in the other language, by vectors alone."""
CANDIDATES = 64
"""Texts scored in full: the best by words and the best by vectors."""


@dataclass(frozen=True)
class Wanted:
    """A question prepared for search in several indexes.

    Attributes:
        units: Its words, weighted.
        language: ``zh`` or ``en``.
        as_query: Its unit vector for comparison with passages; None without an embedding.
        as_question: Its unit vector for comparison with questions; None likewise.
    """

    units: list[Unit]
    language: str
    as_query: np.ndarray | None
    as_question: np.ndarray | None


class Shelf:
    """A hybrid index over texts of one kind.

    Args:
        texts: The texts, indexed by words.
        meaning: The index of their vectors; None without vectors.
        weight: Of the similarity of vectors, beside the share of words.
        questions: Whether the texts are questions, which decides the vector they are compared with.
    """

    def __init__(
        self, texts: Sequence[str], meaning: MeaningIndex | None, *, weight: float, questions: bool
    ) -> None:
        import numpy as np

        self.meaning = meaning
        self._words = WordIndex(texts)
        self._weight = weight
        self._questions = questions
        self._chinese = np.array([language_of(text) == "zh" for text in texts], dtype=bool)

    def scores(self, wanted: Wanted) -> list[tuple[float, int]]:
        """Scores and indices of the best candidates, the best first.

        Texts with a score of at least ``NEAR`` can answer the question.
        """
        import numpy as np

        if not len(self._chinese):
            return []
        covered = self._words.covered(wanted.units)
        last = max(0, len(covered) - CANDIDATES)
        places = np.argpartition(covered, last - 1)[last:] if last else np.arange(len(covered))
        vector = wanted.as_question if self._questions else wanted.as_query
        if self.meaning is None or vector is None:
            scores = covered[places] * (NEAR / NEAR_BY_WORDS)
        else:
            places = np.union1d(places, self.meaning.nearest(vector, CANDIDATES))
            scores = self._together(covered[places], vector, places, wanted.language)
        order = np.argsort(-scores, kind="stable")
        return [(float(scores[at]), int(places[at])) for at in order]

    def _together(
        self, covered: np.ndarray, vector: np.ndarray, places: np.ndarray, language: str
    ) -> np.ndarray:
        """One score of words and vectors; if one is missing, the other decides."""
        import numpy as np

        assert self.meaning is not None  # noqa: S101 - asked only where there is one
        near = self.meaning.values(vector, places, language)
        both = covered + self._weight * near
        other = self._chinese[places] != (language == "zh")
        across = np.where(other, self._weight * near * (NEAR / NEAR_ACROSS), both)
        by_words = covered * (NEAR / NEAR_BY_WORDS)
        return np.where(self.meaning.known[places], np.maximum(both, across), by_words)


def look_at(question: str, as_query: np.ndarray | None, as_question: np.ndarray | None) -> Wanted:
    """A question prepared for search."""
    return Wanted(units_of(question), language_of(question), as_query, as_question)
