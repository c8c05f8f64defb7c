"""Validates and normalises embedding vectors: one per row, finite, norm 1."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["ROUNDING", "VectorError", "Vectors", "cosines", "unit_rows"]

Vectors = npt.NDArray[np.float32]
ROUNDING = 2e-5
"""Above the rounding error of a float32 dot product of unit vectors."""
_DIGITS = 6


class VectorError(ValueError):
    """Invalid vectors; callers translate it into an error with a message of their own.

    Attributes:
        kind: ``count``, ``width`` (dimensions), or ``not finite`` (also for refused zero vectors).
        found: Number of vectors, or of dimensions; 0 where unknown.
        expected: Expected number of vectors, or of dimensions; 0 for any.
    """

    def __init__(
        self, kind: Literal["count", "width", "not finite"], found: int = 0, expected: int = 0
    ) -> None:
        super().__init__(f"{kind}: {found}, not {expected}")
        self.kind = kind
        self.found = found
        self.expected = expected


def unit_rows(
    given: Sequence[Sequence[float]] | Vectors,
    count: int,
    width: int | None = None,
    *,
    zeros: bool = False,
) -> Vectors:
    """The vectors scaled to norm 1, shape (count, dimensions), float32.

    Args:
        given: Vectors of any norm.
        count: Required number of vectors.
        width: Required number of dimensions; None for any.
        zeros: Whether zero vectors are passed through unscaled: they are similar to nothing.

    Raises:
        VectorError: Wrong number of vectors or dimensions, or a vector that is not finite.
    """
    if len(given) != count:
        raise VectorError("count", len(given), count)
    if not isinstance(given, np.ndarray):
        widths = {len(vector) for vector in given}
        if len(widths) > 1:
            raise VectorError("width", min(widths), max(widths))
    try:
        rows = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise VectorError("width") from error
    if rows.ndim != 2 or not rows.shape[1] or (width is not None and rows.shape[1] != width):
        raise VectorError("width", rows.shape[-1], width or 0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not (zeros or lengths.all()):
        raise VectorError("not finite")
    if np.abs(lengths - 1.0).max() < 1e-6:
        return rows
    return np.asarray(rows / np.where(lengths == 0, 1.0, lengths), dtype=np.float32)


def cosines(rows: Vectors, vector: Vectors) -> npt.NDArray[np.float64]:
    """The cosines of some vectors with another, to six digits.

    In double precision, so that they do not depend on what else is multiplied in one go: a list is
    the same, to the last digit, however its pairs came together.

    Args:
        rows: Unit vectors, shape (n, dimensions).
        vector: A unit vector.
    """
    exact = rows.astype(np.float64) @ vector.astype(np.float64)
    rounded: npt.NDArray[np.float64] = np.round(exact, _DIGITS)
    return rounded
