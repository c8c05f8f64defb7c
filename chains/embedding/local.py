"""A sentence-transformers model from a folder, run on the CPU.

By torch in bf16 if the CPU supports it, else in fp32; or by OpenVINO with int8 weights.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from langchain_core.embeddings import Embeddings

from ..errors import EmbeddingError
from ..models.folders import weights_in
from ..models.gguf import quick_digest
from .torch_encoder import TorchEncoder
from .vectors import unit_vectors

if TYPE_CHECKING:
    import numpy as np

EmbeddingBackend = Literal["auto", "torch", "openvino"]
TEXTS_AT_ONCE = 32
BYTES_AT_ONCE = 12_000
"""Of UTF-8 in one batch: about 4,000 tokens, as a Chinese character is one token and three bytes;
larger batches do not fit the CPU's cache."""


class Encoder(Protocol):
    """Turns one batch of texts into vectors."""

    precision: str

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Vectors, one row per text, of any length but zero."""


class LocalEmbeddings(Embeddings):
    """Embeddings by a model in a folder: pooled as its configuration says, of length 1.

    A folder without a pooling configuration is taken for a bge: the first token's vector is used.
    The network is never used.

    Args:
        folder: Holds the model's files, as published.
        backend: ``torch``, ``openvino``, or ``auto``: OpenVINO where it is installed.
        instruction: Prefix of retrieval queries, not of questions to be compared.

    Attributes:
        precision: ``torch bf16``, ``torch fp32`` or ``openvino int8``.
        digest: Of the weights, 16 hex digits.

    Raises:
        EmbeddingError: The folder holds no model that can be loaded, or a package is missing.
    """

    def __init__(
        self, folder: Path, backend: EmbeddingBackend = "auto", instruction: str = ""
    ) -> None:
        self.digest = digest_of_weights(folder)
        self._encoder = _encoder(folder, self.digest, backend)
        self.precision = self._encoder.precision
        self._instruction = instruction
        self._lock = threading.Lock()  # neither torch's nor OpenVINO's state is meant to be shared

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, one per text, without the instruction.

        Raises:
            EmbeddingError: The model returns vectors that cannot be scaled to length 1.
        """
        rows: list[list[float]] = self.encode(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a retrieval query, with the model's instruction before it.

        Raises:
            EmbeddingError: As for ``embed_documents``.
        """
        return self.embed_documents([self._instruction + text])[0]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors: float32, shape (texts, dimensions).

        Raises:
            EmbeddingError: As for ``embed_documents``.
        """
        import numpy as np

        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        parts: list[np.ndarray] = []
        order: list[int] = []
        with self._lock:
            for batch in batches(texts):
                parts.append(self._encoder([texts[at] for at in batch]))
                order += batch
        vectors = np.concatenate(parts).astype(np.float32, copy=False)
        placed = np.empty_like(vectors)
        placed[order] = vectors
        return unit_vectors(self.precision, placed, len(texts))


def batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Batches of indices of texts of similar length, the shortest first.

    Padding is wasted work, so texts of similar length go together; the length in UTF-8 is close to
    proportional to tokens in Chinese and English alike, that in characters is not.
    """
    sizes = [len(text.encode("utf-8", "surrogatepass")) for text in texts]
    batch: list[int] = []
    for at in sorted(range(len(texts)), key=sizes.__getitem__):
        # The longest comes last, and all others are padded to it.
        if batch and (len(batch) == TEXTS_AT_ONCE or (len(batch) + 1) * sizes[at] > BYTES_AT_ONCE):
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def digest_of_weights(folder: Path) -> str:
    """A digest of a model's weights, 16 hex digits, without reading gigabytes.

    Raises:
        EmbeddingError: There are no weights in the folder.
    """
    files = weights_in(folder)
    if not files:
        raise EmbeddingError("embeddings.no_weights", folder=str(folder))
    return sha256("".join(quick_digest(file) for file in files).encode()).hexdigest()[:16]


def _encoder(folder: Path, digest: str, backend: EmbeddingBackend) -> Encoder:
    from importlib.util import find_spec

    if backend == "torch" or (backend == "auto" and not find_spec("openvino")):
        return TorchEncoder(folder)
    from .openvino_encoder import OpenVinoEncoder, TooFarError

    try:
        return OpenVinoEncoder(folder, digest)
    except TooFarError:
        # The embedding's name shows the fallback; if OpenVINO was asked for, this is an error.
        if backend == "openvino":
            raise
        return TorchEncoder(folder)
