"""One kind of thing to answer from, by words and by meaning together."""

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
"""From where a question can be answered from a text: the share of its words that stand in it and
the nearness of its meaning together, as bench/retrieval.py measured it."""
NEAR_BY_WORDS = 0.35
"""The same where there is no vector to go by."""
NEAR_ACROSS = 0.2
"""The same for a text in the other language, by its meaning alone."""
CANDIDATES = 64
"""Texts looked at closely, of those near by words and of those near by meaning."""


@dataclass(frozen=True)
class Wanted:
    """A question, looked at once for all shelves.

    Attributes:
        units: What it names.
        language: ``zh`` or ``en``.
        as_query: Its vector for passages; None without an embedding.
        as_question: Its vector for questions.
    """

    units: list[Unit]
    language: str
    as_query: np.ndarray | None
    as_question: np.ndarray | None


class Shelf:
    """Texts of one kind.

    Args:
        texts: What their words are looked up in.
        meaning: Their vectors; None where there are none.
        weight: Of the meaning beside the words.
        compared: Which vector of the question fits.
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
        """The nearest texts: how near, and the place; the best first.

        A text from ``NEAR`` on can be answered from.
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
        """Words and meaning as one number; where one is missing, the other decides."""
        import numpy as np

        assert self.meaning is not None  # noqa: S101 - asked only where there is one
        near = self.meaning.values(vector, places, language)
        both = covered + self._weight * near
        other = self._chinese[places] != (language == "zh")
        across = np.where(other, self._weight * near * (NEAR / NEAR_ACROSS), both)
        by_words = covered * (NEAR / NEAR_BY_WORDS)
        return np.where(self.meaning.known[places], np.maximum(both, across), by_words)


def look_at(question: str, as_query: np.ndarray | None, as_question: np.ndarray | None) -> Wanted:
    """A question made ready to be looked for."""
    return Wanted(units_of(question), language_of(question), as_query, as_question)
