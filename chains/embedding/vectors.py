"""Checks the vectors of a model and scales them to length 1; errors name the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import EmbeddingError

if TYPE_CHECKING:
    import numpy as np


def unit_vectors(
    name: str, made: Sequence[Sequence[float]] | np.ndarray, count: int, width: int | None = None
) -> np.ndarray:
    """Unit vectors: float32, shape (count, dimensions).

    Args:
        name: The embedding's name, for errors.
        made: The model's vectors, of any length but 0.
        count: The expected number of vectors.
        width: The expected dimensions; None for any.

    Raises:
        EmbeddingError: They are too few or too many, of other widths, or not finite.
    """
    from pairs.compare.vectors import VectorError, unit_rows

    try:
        return unit_rows(made, count, width)
    except VectorError as error:
        if error.kind == "count":
            raise EmbeddingError(
                "embeddings.count", name=name, given=error.found, texts=count
            ) from error
        if error.kind == "not finite":
            raise EmbeddingError("embeddings.not_finite", name=name) from error
        if width is not None and error.expected == width and error.found:
            raise EmbeddingError(
                "embeddings.other_width", name=name, found=error.found, expected=width
            ) from error
        raise EmbeddingError("embeddings.widths", name=name) from error
    except TypeError as error:
        raise EmbeddingError("embeddings.widths", name=name) from error
