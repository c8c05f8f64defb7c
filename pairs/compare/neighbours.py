"""Exact cosine search over a growing set of vectors, in blocks of bounded memory."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has no types

from .vectors import ROUNDING, Vectors, cosines

__all__ = ["Neighbours", "Places", "Scores", "one_thread"]

Places = npt.NDArray[np.intp]
Scores = npt.NDArray[np.float64]

_BLOCK = 512
_CELLS = 1 << 24
"""Cosines in memory at a time: 64 MB."""
_ROWS = 4096
"""Vectors compared in all dimensions at a time: 16 MB at 1024 dimensions."""
_FULL_COST = 30_000
"""Cost of one full comparison, in dimensions of a blockwise comparison (measured)."""
_NOWHERE: Places = np.empty(0, dtype=np.intp)
_NOTHING: Scores = np.empty(0, dtype=np.float64)
_SAMPLE = 2048


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(internal_api="openblas")


def one_thread() -> AbstractContextManager[object]:
    """A context in which numpy multiplies in one thread.

    OpenBLAS waits for its threads in a busy loop: beside a model that takes the same cores,
    two threads were measured five times slower than one.
    """
    context: AbstractContextManager[object] = _blas().limit(limits=1)
    return context


class Neighbours:
    """An exact index of unit vectors: no neighbour is missed.

    Most comparisons end after some of the dimensions: with P an orthonormal basis of a
    subspace, Cauchy-Schwarz bounds x.y by Px.Py + |x - Px| |y - Py|, and vectors
    whose bound is below the threshold need no full comparison. The basis is the leading principal
    directions of a sample, as many as minimise the estimated cost.

    Args:
        threshold: Least cosine of two neighbours, -1..1.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._size = 0
        self._vectors: Vectors = np.empty((0, 0), dtype=np.float32)
        self._heads: Vectors = np.empty((0, 0), dtype=np.float32)
        self._basis: Vectors | None = None

    def __len__(self) -> int:
        return self._size

    def prepare(self, sample: Vectors) -> None:
        """Computes the basis from a sample of the vectors to come.

        Args:
            sample: Unit vectors, shape (n, dimensions); a few thousand are enough.
        """
        if self._size or len(sample) < _SAMPLE:
            return
        step = len(sample) // _SAMPLE
        self._basis = _basis(sample[::step][:_SAMPLE], self._threshold)

    def block_size(self) -> int:
        """The number of vectors whose cosines fit the memory bound."""
        return int(min(_BLOCK, max(16, _CELLS // max(1, self._size))))

    def near(self, block: Vectors) -> Iterator[tuple[Places, Scores]]:
        """For each vector of a block the indices of its neighbours, and their ``cosines``.

        Args:
            block: Unit vectors, shape (n, dimensions), with n at most ``block_size()``.
        """
        if not self._size:
            yield from [(_NOWHERE, _NOTHING)] * len(block)
            return
        kept = self._vectors[: self._size]
        if self._basis is None:
            bounds = block @ kept.T
        else:
            bounds = self._head(block) @ self._heads[: self._size].T
        for vector, bound in zip(block, bounds, strict=True):
            places = np.nonzero(bound >= self._threshold - ROUNDING)[0]
            if self._basis is not None:
                places = places[_dots(kept, places, vector) >= self._threshold - ROUNDING]
            scores = cosines(kept[places], vector)
            found = scores >= self._threshold
            yield places[found], scores[found]

    def keep(self, rows: Vectors) -> None:
        """Adds vectors to the index.

        Args:
            rows: Unit vectors, shape (n, dimensions).
        """
        if not len(rows):
            return
        needed = self._size + len(rows)
        self._vectors = _grown(self._vectors, needed, rows.shape[1])
        self._vectors[self._size : needed] = rows
        if self._basis is not None:
            heads = self._head(rows)
            self._heads = _grown(self._heads, needed, heads.shape[1])
            self._heads[self._size : needed] = heads
        self._size = needed

    def vectors(self, places: Places) -> Vectors:
        """Vectors of the index, shape (places, dimensions).

        Args:
            places: Their indices, also counted back from the end as negative numbers.
        """
        return self._vectors[: self._size][places]

    def _head(self, rows: Vectors) -> Vectors:
        """Coordinates in the basis, and as last column the norm of the residual."""
        assert self._basis is not None  # noqa: S101 - callers ask only where there is one
        heads = rows @ self._basis
        rest = np.sqrt(np.maximum(0.0, 1.0 - np.einsum("ij,ij->i", heads, heads)))
        return np.hstack([heads, rest[:, None]]).astype(np.float32)


def _grown(array: Vectors, needed: int, width: int) -> Vectors:
    """The array, with half its length added where it is too short."""
    if needed <= len(array) and array.shape[1] == width:
        return array
    grown = np.empty((max(needed, len(array) * 3 // 2), width), dtype=np.float32)
    if array.shape[1] == width:
        grown[: len(array)] = array
    return grown


def _dots(kept: Vectors, places: Places, vector: Vectors) -> Vectors:
    """The cosines of a vector with some of the indexed ones, in all dimensions."""
    scores = np.empty(len(places), dtype=np.float32)
    for first in range(0, len(places), _ROWS):
        part = slice(first, first + _ROWS)
        scores[part] = kept[places[part]] @ vector
    return scores


def _basis(sample: Vectors, threshold: float) -> Vectors | None:
    """The principal directions that minimise the cost; None where full comparison is cheaper."""
    _, axes = np.linalg.eigh(sample.T @ sample)
    axes = np.ascontiguousarray(axes[:, ::-1])
    cheapest, best = float(sample.shape[1]), None
    for width in (16, 32, 48, 64, 96, 128, 192, 256, 384):
        if width >= cheapest:
            break
        heads = sample[:1024] @ axes[:, :width]
        rest = np.sqrt(np.maximum(0.0, 1.0 - np.einsum("ij,ij->i", heads, heads)))
        bounds = heads @ heads.T + np.outer(rest, rest)
        undecided = float(np.mean(bounds[np.triu_indices(len(bounds), 1)] >= threshold))
        cost = width + _FULL_COST * undecided
        if cost < cheapest:
            cheapest, best = cost, np.ascontiguousarray(axes[:, :width], dtype=np.float32)
    return best
