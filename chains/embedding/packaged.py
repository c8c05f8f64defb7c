"""The embedding that comes with the package: the multilingual universal sentence encoder v3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from .sentence_encoder import SentenceEncoder

if TYPE_CHECKING:
    import numpy as np


class PackagedEmbeddings(Embeddings):
    """The sentence encoder as LangChain's embedding; its weights are loaded when first needed."""

    def __init__(self) -> None:
        self._encoder = SentenceEncoder()

    @property
    def loaded(self) -> bool:
        """Whether its weights are there."""
        return self._encoder.loaded

    def load(self) -> None:
        """Loads its weights, unless they are there."""
        self._encoder.load()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, one per text."""
        rows: list[list[float]] = self.encode(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of one text."""
        return self.embed_documents([text])[0]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors: float32, shape (texts, 512)."""
        return self._encoder.encode(texts)
