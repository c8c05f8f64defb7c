"""Runs an embedding model in torch: in bf16 if the CPU supports it, else in fp32."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EmbeddingError

if TYPE_CHECKING:
    import numpy as np

Precision = Literal["auto", "bf16", "fp32"]


class TorchEncoder:
    """A sentence-transformers model in torch.

    Args:
        folder: The model's folder.
        precision: ``auto``: bf16 if the CPU has instructions for it.

    Raises:
        EmbeddingError: The model cannot be loaded, or the package is missing.
    """

    def __init__(self, folder: Path, precision: Precision = "auto") -> None:
        if precision == "auto":
            precision = "bf16" if computes_in_bf16() else "fp32"
        self.model = load_model(folder, precision)
        self.precision = f"torch {precision}"
        # Called tokenize before sentence-transformers 5.
        self.prepare: Any = getattr(self.model, "preprocess", None) or self.model.tokenize

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Vectors, one row per text."""
        import torch

        with torch.inference_mode():
            vectors = self.model.forward(self.prepare(texts))["sentence_embedding"]
            rows: np.ndarray = vectors.float().numpy()
        return rows


def load_model(folder: Path, precision: Literal["bf16", "fp32"]) -> Any:
    """The SentenceTransformer of a folder, on the CPU, without using the network.

    Raises:
        EmbeddingError: It cannot be loaded, or the package is missing.
    """
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EmbeddingError("embeddings.no_package") from error
    options: dict[str, Any] = {
        "device": "cpu",
        "local_files_only": True,
        "model_kwargs": {"torch_dtype": torch.bfloat16 if precision == "bf16" else torch.float32},
    }
    try:
        with quiet():
            model = SentenceTransformer(str(folder), **options)
        if not (folder / "modules.json").is_file():
            # Without a configuration the library takes the mean of all tokens.
            model[1] = _first_token()
    except Exception as error:  # foreign loaders raise whatever they meet in a broken file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EmbeddingError("embeddings.folder", folder=str(folder), reason=reason) from error
    return model.eval()


def _first_token() -> Any:
    """A pooling module that takes the first token's vector, as bge is trained for."""
    import torch

    class FirstToken(torch.nn.Module):
        """The first token's vector as the text's."""

        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            features["sentence_embedding"] = features["token_embeddings"][:, 0]
            return features

    return FirstToken()


def computes_in_bf16() -> bool:
    """Whether the CPU has instructions for bf16; without them it is slower than fp32."""
    import torch

    asked = getattr(torch.cpu, "get_capabilities", None)
    if asked is not None:
        has = asked()
    else:  # torch before 2.10 does not offer it
        lines = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
        has = dict.fromkeys(lines.split(), True)
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


@contextmanager
def quiet() -> Iterator[None]:
    """Silences the libraries' progress bars and warnings within the context."""
    from transformers.utils import logging as theirs

    loggers = [logging.getLogger(name) for name in ("transformers", "sentence_transformers")]
    levels = [one.level for one in loggers]
    bars = theirs.is_progress_bar_enabled()
    theirs.disable_progress_bar()
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
        if bars:
            theirs.enable_progress_bar()
