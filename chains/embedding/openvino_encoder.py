"""Runs an embedding model in OpenVINO with int8 weights, exported once and measured."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import EmbeddingError
from ..models.gguf import models_folder

if TYPE_CHECKING:
    import numpy as np

FARTHEST = 0.02
"""Largest accepted shift of a cosine against fp32; thresholds have two digits."""
GRAPH, WEIGHTS, NOTE = "model.xml", "model.bin", "measured.json"


class Measured(BaseModel):
    """The measurements of an export."""

    model_config = ConfigDict(frozen=True)

    shift: float = Field(description="largest change of a cosine against fp32")
    tokens: int = Field(description="of one text, the rest cut off")
    graph_bytes: int
    weights_bytes: int


class TooFarError(EmbeddingError):
    """An export whose similarities differ too much from fp32."""


class OpenVinoEncoder:
    """A model in OpenVINO, exported at the first use, which takes a minute for a large one.

    Args:
        folder: Of the model, whose tokenizer is used.
        digest: Of its weights, under which the export is kept.
        farthest: Largest shift of a cosine against fp32.

    Raises:
        TooFarError: The export's similarities are farther than that from fp32.
        EmbeddingError: The model cannot be exported, or a package is missing.
    """

    precision = "openvino int8"

    def __init__(self, folder: Path, digest: str, farthest: float = FARTHEST) -> None:
        try:
            import openvino
            from transformers import AutoTokenizer
        except ImportError as error:
            raise EmbeddingError("embeddings.no_openvino") from error
        export, measured = exported(folder, digest, farthest)
        self._tokens = measured.tokens
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
            self._run = openvino.Core().compile_model(
                export / GRAPH, "CPU", {"PERFORMANCE_HINT": "LATENCY"}
            )
        except Exception as error:  # foreign loaders raise whatever they meet in a broken file
            reason = str(error).splitlines()[0]
            raise EmbeddingError("embeddings.folder", folder=str(export), reason=reason) from error

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Vectors, one row per text."""
        asked = self._tokenizer(
            texts, padding=True, truncation=True, max_length=self._tokens, return_tensors="np"
        )
        rows: np.ndarray = self._run([asked["input_ids"], asked["attention_mask"]])[0]
        return rows


def exported(folder: Path, digest: str, farthest: float = FARTHEST) -> tuple[Path, Measured]:
    """The folder of a model's export and its measurements; exported if missing.

    It is written elsewhere and moved into place whole, so an interrupted export leaves nothing that
    could be taken for one.

    Raises:
        TooFarError: As for ``OpenVinoEncoder``.
        EmbeddingError: As for ``OpenVinoEncoder``.
    """
    from filelock import FileLock

    place = models_folder() / "openvino" / f"{folder.name}-{digest}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{place}.lock"):
            measured = _known(place)
            if measured is None:
                measured = _make(folder, place)
    except OSError as error:
        raise EmbeddingError(
            "embeddings.export", folder=str(place.parent), reason=str(error)
        ) from error
    if not measured.shift <= farthest:
        raise TooFarError(
            "embeddings.too_far",
            name=folder.name,
            shift=f"{measured.shift:.3f}",
            farthest=f"{farthest:.3f}",
        )
    return place, measured


def _known(place: Path) -> Measured | None:
    """The measurements of a complete export; None if there is none."""
    try:
        measured = Measured.model_validate_json((place / NOTE).read_text(encoding="utf-8"))
        whole = (place / GRAPH).stat().st_size == measured.graph_bytes
        whole = whole and (place / WEIGHTS).stat().st_size == measured.weights_bytes
    except (OSError, ValidationError):
        return None
    return measured if whole else None


def _make(folder: Path, place: Path) -> Measured:
    from .openvino_export import export

    for left in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(left, ignore_errors=True)  # of an export that was interrupted
    apart = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        shift, tokens = export(folder, apart / GRAPH)
        measured = Measured(
            shift=shift,
            tokens=tokens,
            graph_bytes=(apart / GRAPH).stat().st_size,
            weights_bytes=(apart / WEIGHTS).stat().st_size,
        )
        (apart / NOTE).write_text(measured.model_dump_json(), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        apart.replace(place)
    finally:
        shutil.rmtree(apart, ignore_errors=True)
    return measured
