"""Hybrid (lexical and vector) index over one kind of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairs.text.language import language_of

from .lexical_index import LexicalIndex, QueryTerm, terms_of

if TYPE_CHECKING:
    import numpy as np

    from .vector_index import VectorIndex

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
class Query:
    """A question prepared for search in several indexes.

    Attributes:
        units: Its words, weighted.
        language: ``zh`` or ``en``.
        as_query: Its unit vector for comparison with passages; None without an embedding.
        as_question: Its unit vector for comparison with questions; None likewise.
    """

    terms: list[QueryTerm]
    language: str
    as_query: np.ndarray | None
    as_question: np.ndarray | None


class HybridIndex:
    """A hybrid index over texts of one kind.

    Args:
        texts: The texts, indexed by words.
        vectors: The index of their vectors; None without vectors.
        weight: Of the similarity of vectors, beside the share of words.
        questions: Whether the texts are questions, which decides the vector they are compared with.
    """

    def __init__(
        self, texts: Sequence[str], vectors: VectorIndex | None, *, weight: float, questions: bool
    ) -> None:
        import numpy as np

        self.vectors = vectors
        self._lexical = LexicalIndex(texts)
        self._weight = weight
        self._questions = questions
        self._chinese = np.array([language_of(text) == "zh" for text in texts], dtype=bool)

    def scores(self, query: Query) -> list[tuple[float, int]]:
        """Scores and indices of the best candidates, the best first.

        Texts with a score of at least ``NEAR`` can answer the question.
        """
        import numpy as np

        if not len(self._chinese):
            return []
        shares = self._lexical.weighted_shares(query.terms)
        last = max(0, len(shares) - CANDIDATES)
        places = np.argpartition(shares, last - 1)[last:] if last else np.arange(len(shares))
        vector = query.as_question if self._questions else query.as_query
        if self.vectors is None or vector is None:
            scores = shares[places] * (NEAR / NEAR_BY_WORDS)
        else:
            places = np.union1d(places, self.vectors.nearest(vector, CANDIDATES))
            scores = self._combined(shares[places], vector, places, query.language)
        order = np.argsort(-scores, kind="stable")
        return [(float(scores[at]), int(places[at])) for at in order]

    def _combined(
        self, shares: np.ndarray, vector: np.ndarray, places: np.ndarray, language: str
    ) -> np.ndarray:
        """One score of words and vectors; if one is missing, the other decides."""
        import numpy as np

        assert self.vectors is not None  # noqa: S101 - asked only where there is one
        similarity = self.vectors.similarities(vector, places, language)
        both = shares + self._weight * similarity
        other = self._chinese[places] != (language == "zh")
        across = np.where(other, self._weight * similarity * (NEAR / NEAR_ACROSS), both)
        by_words = shares * (NEAR / NEAR_BY_WORDS)
        return np.where(self.vectors.known[places], np.maximum(both, across), by_words)


def query_of(question: str, as_query: np.ndarray | None, as_question: np.ndarray | None) -> Query:
    """A question prepared for search."""
    return Query(terms_of(question), language_of(question), as_query, as_question)
