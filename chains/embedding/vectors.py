"""Vectors as a model gives them, checked in the one way; what is wrong is said with its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import EmbeddingError

if TYPE_CHECKING:
    import numpy as np


def unit_vectors(
    name: str, made: Sequence[Sequence[float]] | np.ndarray, count: int, width: int | None = None
) -> np.ndarray:
    """One unit vector a row, float32.

    Args:
        name: What made them, as users know it.
        made: Vectors of any length but 0.
        count: How many there must be.
        width: How many dimensions they must have; None for any.

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
