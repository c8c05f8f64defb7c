"""bge-large-zh-v1.5 for the endpoint's ``/v1/embeddings``: on the CPU, loaded on first use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from endpoint import Embedder

if TYPE_CHECKING:
    from chains import LocalEmbeddings

LONGEST = 512  # tokens, if the folder's files do not say
LIMITS = {
    "sentence_bert_config.json": "max_seq_length",
    "config.json": "max_position_embeddings",
}


def bge_embedder() -> Embedder | None:
    """The embedder; None if its weights are not on this machine."""
    from chains import BGE, bge_folder

    folder = bge_folder()
    return embedder_of(folder, BGE.rsplit("/", 1)[-1]) if folder else None


def embedder_of(folder: Path, name: str) -> Embedder:
    """The embedder of a sentence-transformers folder.

    Args:
        folder: Of the model.
        name: As callers name it.
    """
    model = _Lazy(folder)
    return Embedder(name, longest_of(folder), model.vectors, model.tokens)


def longest_of(folder: Path) -> int:
    """The maximum length of an input text in tokens: the smallest limit in the model's files."""
    limits = []
    for file, key in LIMITS.items():
        if (folder / file).is_file():
            value = json.loads((folder / file).read_text(encoding="utf-8")).get(key)
            limits += [value] if isinstance(value, int) else []
    return min(limits, default=LONGEST)


class _Lazy:
    """Loads the model on first use; for use from a single thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def vectors(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return self._model.embed_documents(list(texts))

    def tokens(self, texts: Sequence[str]) -> Sequence[int]:
        # Not cut, so that a text that is too long can be refused; counted with its [CLS] and [SEP].
        encoded = self._tokenizer(list(texts), truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    @cached_property
    def _model(self) -> LocalEmbeddings:
        from chains import LocalEmbeddings

        return LocalEmbeddings(self._folder)

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(str(self._folder), local_files_only=True)
