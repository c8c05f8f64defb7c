"""Exact cosine search over the vectors kept so far, in blocks, so memory stays bounded."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has no types

from .vectors import Vectors

__all__ = ["Neighbours", "Places", "one_thread"]

Places = npt.NDArray[np.intp]

_BLOCK = 512
_CELLS = 1 << 24
"""Cosines held at a time: 64 MB."""
_ROWS = 4096
"""Kept vectors looked at in full at a time: 16 MB at 1024 dimensions."""
_FULL_LOOK = 30_000
"""What one full comparison costs, in dimensions of a comparison in a block (measured)."""
_NOWHERE: Places = np.empty(0, dtype=np.intp)
_NOTHING: Vectors = np.empty(0, dtype=np.float32)
_SAMPLE = 2048
_SLACK = 2e-5
"""Above the rounding error of a float32 dot product of unit vectors."""


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
    """Unit vectors to which others can be compared, all of them, none left out.

    Most comparisons end after a part of the dimensions: with P an orthonormal basis of a
    subspace, Cauchy-Schwarz bounds x.y by Px.Py + |x - Px| |y - Py|, and what the bound puts
    below the threshold needs no further look. The basis holds the directions in which a sample
    of the vectors spreads most, as many as make the whole cheapest.

    Args:
        threshold: Cosine from which two vectors are near, -1..1.
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
        """Chooses the basis from vectors such as those to come.

        Args:
            sample: Unit vectors, one a row; a few thousand are enough.
        """
        if self._size or len(sample) < _SAMPLE:
            return
        step = len(sample) // _SAMPLE
        self._basis = _basis(sample[::step][:_SAMPLE], self._threshold)

    def block_size(self) -> int:
        """How many vectors may be compared at a time for the cosines to fit their memory."""
        return int(min(_BLOCK, max(16, _CELLS // max(1, self._size))))

    def near(self, block: Vectors) -> Iterator[tuple[Places, Vectors]]:
        """For each vector of the block the places of the kept ones near it, and their cosines.

        Args:
            block: Unit vectors, one a row; at most ``block_size`` of them.
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
            places = np.nonzero(bound >= self._threshold - _SLACK)[0]
            scores = bound[places] if self._basis is None else _dots(kept, places, vector)
            found = scores >= self._threshold
            yield places[found], scores[found]

    def keep(self, rows: Vectors) -> None:
        """Adds vectors to those that others are compared with.

        Args:
            rows: Unit vectors, one a row.
        """
        if not len(rows):
            return
        needed = self._size + len(rows)
        self._vectors = _with_room(self._vectors, needed, rows.shape[1])
        self._vectors[self._size : needed] = rows
        if self._basis is not None:
            heads = self._head(rows)
            self._heads = _with_room(self._heads, needed, heads.shape[1])
            self._heads[self._size : needed] = heads
        self._size = needed

    def _head(self, rows: Vectors) -> Vectors:
        """The vectors in the basis, and the length of what the basis leaves out."""
        assert self._basis is not None  # noqa: S101 - callers ask only where there is one
        heads = rows @ self._basis
        rest = np.sqrt(np.maximum(0.0, 1.0 - np.einsum("ij,ij->i", heads, heads)))
        return np.hstack([heads, rest[:, None]]).astype(np.float32)


def _with_room(array: Vectors, needed: int, width: int) -> Vectors:
    """The array, grown by a half where it is too short."""
    if needed <= len(array) and array.shape[1] == width:
        return array
    grown = np.empty((max(needed, len(array) * 3 // 2), width), dtype=np.float32)
    if array.shape[1] == width:
        grown[: len(array)] = array
    return grown


def _dots(kept: Vectors, places: Places, vector: Vectors) -> Vectors:
    """The cosines of a vector with the kept ones that the bound did not settle."""
    scores = np.empty(len(places), dtype=np.float32)
    for first in range(0, len(places), _ROWS):
        part = slice(first, first + _ROWS)
        scores[part] = kept[places[part]] @ vector
    return scores


def _basis(sample: Vectors, threshold: float) -> Vectors | None:
    """The leading directions that make a comparison cheapest; nothing where the whole does."""
    _, axes = np.linalg.eigh(sample.T @ sample)
    axes = np.ascontiguousarray(axes[:, ::-1])
    cheapest, best = float(sample.shape[1]), None
    for width in (16, 32, 48, 64, 96, 128, 192, 256, 384):
        if width >= cheapest:
            break
        heads = sample[:1024] @ axes[:, :width]
        rest = np.sqrt(np.maximum(0.0, 1.0 - np.einsum("ij,ij->i", heads, heads)))
        bounds = heads @ heads.T + np.outer(rest, rest)
        open_ = float(np.mean(bounds[np.triu_indices(len(bounds), 1)] >= threshold))
        cost = width + _FULL_LOOK * open_
        if cost < cheapest:
            cheapest, best = cost, np.ascontiguousarray(axes[:, :width], dtype=np.float32)
    return best
