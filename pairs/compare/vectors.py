"""Vectors as they are compared: one a row, of one width, finite, of length 1."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["VectorError", "Vectors", "unit_rows"]

Vectors = npt.NDArray[np.float32]


class VectorError(ValueError):
    """What is wrong with vectors; whoever asked for them says it in the user's terms.

    Attributes:
        kind: Too few or too many, of other widths, or not finite or, where refused, of length 0.
        found: How many, or how wide; 0 where it cannot be told.
        expected: How many or how wide they should be; 0 for any width.
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
    """The vectors with the length 1, one a row.

    Args:
        given: Vectors of any length.
        count: How many there must be.
        width: How many dimensions they must have; nothing for any.
        zeros: Whether a vector of zeros is let through as it is: it is near nothing.

    Raises:
        VectorError: They are too few or too many, of other dimensions, or not finite.
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
