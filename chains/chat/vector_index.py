"""Vector index: cosine similarities, calibrated with off-topic questions.

Which cosine counts as near differs between embeddings and documents. So a few
off-topic questions are compared with the same texts; the mean of the nearest
cosines they find becomes 0 on the scale, and a cosine of 1 stays 1.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from langchain_core.embeddings import Embeddings

from ..embedding.load import EmbeddingProgress, NamedEmbeddings, embed
from ..embedding.vectors import unit_vectors
from ..errors import EmbeddingError

if TYPE_CHECKING:
    import numpy as np

    from ..journal.replies import Journal

AT_ONCE = 64
"""Texts embedded between two checks of the time limit."""


class _AsQueries(Embeddings):
    """Embeds texts as retrieval queries, with the model's instruction if it has one."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._embeddings.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._embeddings.embed_query(text)


def as_queries(named: NamedEmbeddings) -> NamedEmbeddings:
    """The embedding for questions that search passages; its vectors are cached separately."""
    if named.embeddings is None:
        return named
    key = f"{named.key or named.name} queries"
    return replace(named, embeddings=_AsQueries(named.embeddings), key=key)


def vector_of(named: NamedEmbeddings, text: str) -> np.ndarray | None:
    """The unit vector of one text; None without an embedding, or for a blank text.

    Raises:
        EmbeddingError: The model does not return a vector.
    """
    if named.embeddings is None or not text.strip():
        return None
    try:
        made = named.embeddings.embed_documents([text])
    except (TypeError, ValueError) as error:
        raise EmbeddingError("embeddings.widths", name=named.name) from error
    unit: np.ndarray = unit_vectors(named.name, made, 1)[0]
    return unit


@cache
def off_topic_questions() -> dict[str, list[str]]:
    """Off-topic questions, by language, that set the zero of the similarity scale."""
    text = Path(__file__).with_name("off_topic_probes.json").read_text(encoding="utf-8")
    return cast("dict[str, list[str]]", json.loads(text))


def embed_within(
    named: NamedEmbeddings,
    texts: Sequence[str],
    journal: Journal,
    seconds: float | None,
    progress: EmbeddingProgress | None = None,
) -> dict[str, np.ndarray]:
    """The vectors of as many texts as are cached or can be embedded within a time limit.

    Args:
        named: From ``load_embeddings``.
        texts: None of them blank.
        journal: Caches vectors.
        seconds: After which no more are made; None for all.
        progress: Called with ``(vectors there, vectors in all)``.

    Raises:
        EmbeddingError: The vectors cannot be computed.
        JournalError: The journal cannot be read or written.
    """
    if named.embeddings is None:
        return {}
    wanted = list(dict.fromkeys(texts))
    vectors = journal.vectors(named.key or named.name, wanted)
    missing = [text for text in wanted if text not in vectors]
    until = float("inf") if seconds is None else time.monotonic() + seconds
    for at in range(0, len(missing), AT_ONCE):
        if time.monotonic() >= until:
            break
        vectors.update(embed(named, missing[at : at + AT_ONCE], journal))
        if progress:
            progress(len(vectors), len(wanted))
    return vectors


class VectorIndex:
    """An index of texts by their vectors, some of which may be missing.

    Args:
        texts: In the order of their indices.
        vectors: Unit vectors of some or all of the texts.
        off_topic: Vectors of the off-topic questions, by language.
    """

    def __init__(
        self,
        texts: Sequence[str],
        vectors: dict[str, np.ndarray],
        off_topic: dict[str, np.ndarray],
    ) -> None:
        import faiss
        import numpy as np

        # More threads wait for each other in a busy loop, which takes longer than the search.
        faiss.omp_set_num_threads(1)
        width = len(next(iter(vectors.values())))
        nothing = np.zeros(width, dtype=np.float32)
        rows = np.stack([vectors.get(text, nothing) for text in texts])
        self.known = np.array([text in vectors for text in texts], dtype=bool)
        self._index = faiss.IndexFlatIP(width)
        self._index.add(rows)
        self._zero = {
            language: min(0.99, float((questions @ rows.T).max(axis=1).mean()))
            for language, questions in off_topic.items()
        }

    def nearest(self, vector: np.ndarray, count: int) -> np.ndarray:
        """The indices of the nearest texts.

        Args:
            vector: The question's, of length 1.
            count: How many at most.
        """
        found = self._index.search(vector[None, :], min(count, self._index.ntotal))[1]
        places: np.ndarray = found[0]
        return places

    def similarities(self, vector: np.ndarray, places: np.ndarray, language: str) -> np.ndarray:
        """Calibrated similarities of the texts at some indices: at most 1, below 0 for off-topic.

        Args:
            vector: The question's, of length 1.
            places: Of the texts.
            language: The question's, ``zh`` or ``en``.
        """
        zero = self._zero[language]
        calibrated: np.ndarray = (self.cosines(vector, places) - zero) / (1.0 - zero)
        return calibrated

    def cosines(self, vector: np.ndarray, places: np.ndarray) -> np.ndarray:
        """The cosines of the texts at some indices.

        Args:
            vector: The question's, of length 1.
            places: Of the texts.
        """
        cosines: np.ndarray = self._index.reconstruct_batch(places) @ vector
        return cosines
