"""Loads embeddings by name (bge-large-zh, a folder, a server, the packaged model); embeds texts.

The embedding used is always named; nothing is downloaded, and there is no silent fallback.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from ..errors import EmbeddingError
from ..models.folders import BGE, find_folder
from ..models.gguf import models_folder
from ..settings import NAMED_EMBEDDINGS
from .local import EmbeddingBackend, LocalEmbeddings
from .packaged import PackagedEmbeddings
from .vectors import unit_vectors

if TYPE_CHECKING:
    import numpy as np

    from ..journal.replies import Replies

log = logging.getLogger(__name__)
TEXTS_KEPT_AT_ONCE = 256
"""Vectors computed between two writes, so that an interrupted run loses only some seconds."""
DEFAULT_THRESHOLD = 0.90
THRESHOLDS = {"packaged": 0.88}
"""Cosine from which two questions may be duplicates, as bench/dedupe_quality.py measured it; other
models have not been measured."""
INSTRUCTIONS = {
    "zh": "为这个句子生成表示以用于检索相关文章：",
    "en": "Represent this sentence for searching relevant passages: ",
}
"""Instruction before a retrieval query, from the model cards of bge; not for duplicates."""
EmbeddingProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class NamedEmbeddings:
    """An embedding with its name in outputs and its threshold for duplicates.

    Attributes:
        name: The name shown to users.
        embeddings: None if duplicates are found by their characters alone.
        threshold: Cosine from which two questions count as one, measured per model.
        key: The key of cached vectors: different for each model, precision and address;
            empty for the name itself.
    """

    name: str
    embeddings: Embeddings | None
    threshold: float
    key: str = ""


def load_embeddings(name: str, backend: EmbeddingBackend = "auto") -> NamedEmbeddings:
    """The embedding of a name.

    Args:
        name: ``auto`` (bge-large-zh-v1.5 where its weights are on this machine, else packaged),
            ``bge``, ``packaged``, ``lexical`` (no vectors), the folder of a sentence-transformers
            model, the name of one in the cache (``BAAI/bge-small-en-v1.5``), or the address of an
            OpenAI-compatible server (``http://host:8080/v1``, ``http://host:8080/v1#model``).
        backend: The library that runs a model on this machine.

    Raises:
        EmbeddingError: No such embedding, or its weights or package are missing.
    """
    began = time.monotonic()
    named = _load(name, backend)
    log.info("embedding %s loaded in %.1f s", named.name, time.monotonic() - began)
    return named


def _load(name: str, backend: EmbeddingBackend) -> NamedEmbeddings:
    if name == "lexical":
        return NamedEmbeddings("lexical", None, 1.0)
    if "://" in name:
        return _of_server(name)
    if name not in ("", *NAMED_EMBEDDINGS) and Path(name).expanduser().is_dir():
        return _of_folder(Path(name).expanduser(), backend)
    model = BGE if name in ("auto", "bge") else name
    folder = None if name == "packaged" else find_folder(model)
    if folder is not None:
        return _of_folder(folder, backend, model.rsplit("/", 1)[-1])
    if name in ("auto", "packaged"):
        shown = "packaged (USE multilingual v3)"
        return NamedEmbeddings(shown, _packaged(), THRESHOLDS["packaged"])
    if name == "bge" or name.count("/") == 1:
        place = models_folder() / model.rsplit("/", 1)[-1]
        raise EmbeddingError("embeddings.not_here", name=model, folder=str(place))
    raise EmbeddingError("embeddings.unknown", name=name)


@cache
def _packaged() -> PackagedEmbeddings:
    """The packaged model, which takes most of a second to load: once a process."""
    return PackagedEmbeddings()


def load_weights(named: Future[NamedEmbeddings]) -> None:
    """Loads what an embedding loads only when it is first needed; beside other work.

    Args:
        named: The embedding, which may still be loading itself.
    """
    embeddings = named.result().embeddings
    if isinstance(embeddings, PackagedEmbeddings):
        embeddings.load()


def bge_folder() -> Path | None:
    """The folder of bge-large-zh-v1.5 on this machine, or None."""
    return find_folder(BGE)


def _of_folder(folder: Path, backend: EmbeddingBackend, model: str = "") -> NamedEmbeddings:
    name = model or folder.resolve().name
    local = LocalEmbeddings(folder, backend, _instruction(name))
    return NamedEmbeddings(
        name=f"{name} ({local.precision})",
        embeddings=local,
        threshold=THRESHOLDS.get(name, DEFAULT_THRESHOLD),
        key=f"{name} {local.digest} {local.precision}",
    )


def _of_server(address: str) -> NamedEmbeddings:
    from .server import ServerEmbeddings

    server = ServerEmbeddings(address)
    name = server.model.rsplit("/", 1)[-1]
    return NamedEmbeddings(
        name=f"{server.model} ({server.address})",
        embeddings=server,
        threshold=THRESHOLDS.get(name, DEFAULT_THRESHOLD),
    )


def _instruction(name: str) -> str:
    """The instruction before a query; empty for models other than bge v1 and v1.5."""
    lowered = name.lower()
    if not lowered.startswith("bge-") or "-m3" in lowered:
        return ""
    return next((text for language, text in INSTRUCTIONS.items() if f"-{language}" in lowered), "")


def embed(
    named: NamedEmbeddings,
    texts: Sequence[str],
    journal: Replies,
    progress: EmbeddingProgress | None = None,
) -> dict[str, np.ndarray]:
    """The unit vector of each text, from the journal if it is cached there.

    Vectors are saved as they are computed, a few hundred at a time, texts of similar length
    together.

    Args:
        named: From ``load_embeddings``.
        texts: None of them blank; they may repeat.
        journal: Caches vectors under the embedding's key.
        progress: Called with ``(vectors there, vectors in all)``.

    Raises:
        EmbeddingError: A blank text, or the model gives fewer vectors than texts, vectors of
            another length than before, or vectors that are not numbers.
    """
    if named.embeddings is None:
        return {}
    wanted = list(dict.fromkeys(texts))
    if any(not text.strip() for text in wanted):
        raise EmbeddingError("embeddings.blank", name=named.name)
    key = named.key or named.name
    known = journal.vectors(key, wanted)
    missing = sorted((text for text in wanted if text not in known), key=len)
    log.debug("%s: %d vectors of %d to be made", named.name, len(missing), len(wanted))
    for at in range(0, len(missing), TEXTS_KEPT_AT_ONCE):
        block = missing[at : at + TEXTS_KEPT_AT_ONCE]
        width = len(next(iter(known.values()))) if known else None
        fresh = dict(zip(block, _made(named, block, width), strict=True))
        journal.save_vectors(key, fresh)
        known.update(fresh)
        if progress:
            progress(len(known), len(wanted))
    return known


def likeness(named: NamedEmbeddings, one: str, other: str, journal: Replies) -> float:
    """The cosine of two texts as a share of the threshold for duplicate questions; 0 for none.

    Args:
        named: As for ``embed``.
        one: A text, not blank.
        other: Another one.
        journal: As for ``embed``.

    Raises:
        EmbeddingError: As for ``embed``.
    """
    vectors = embed(named, [one, other], journal)
    if not vectors or named.threshold <= 0:
        return 0.0
    return float(vectors[one] @ vectors[other]) / named.threshold


def _made(named: NamedEmbeddings, texts: list[str], width: int | None) -> np.ndarray:
    """Unit vectors, one per text, from any LangChain embedding."""
    if named.embeddings is None:
        raise EmbeddingError("embeddings.unknown", name=named.name)
    encode = getattr(named.embeddings, "encode", named.embeddings.embed_documents)
    try:
        made = encode(texts)
    except (TypeError, ValueError) as error:
        raise EmbeddingError("embeddings.widths", name=named.name) from error
    return unit_vectors(named.name, made, len(texts), width)
