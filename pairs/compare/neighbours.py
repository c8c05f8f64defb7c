"""Exact cosine search over a growing set of vectors, in bounded memory."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has no types

from .vector_file import VectorFile
from .vectors import ROUNDING, Vectors, cosines

__all__ = ["SAMPLE", "Neighbours", "Places", "Scores", "one_thread"]

Places = npt.NDArray[np.intp]
Scores = npt.NDArray[np.float64]

_BLOCK = 512
_CHUNK = 1 << 14
"""Vectors compared at a time with a block: 32 MB of cosines."""
_ROWS = 4096
"""Vectors compared in all dimensions at a time: 16 MB at 1024 dimensions."""
_FULL_COST = 30_000
"""Cost of one full comparison, in dimensions of a blockwise comparison (measured)."""
_NOWHERE: Places = np.empty(0, dtype=np.intp)
_NOTHING: Scores = np.empty(0, dtype=np.float64)
SAMPLE = 2048
"""Vectors from which the basis is computed."""
_LATE = 2 * SAMPLE
"""Vectors after which the basis is computed from those there are."""
_HALF_ROUNDING = 6e-4
"""Above what a bound may lose where one side is rounded to float16: 2**-11 of its length 1, and
2**-25 for each of its numbers that are smaller than float16 has."""


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
    directions of a sample, as many as minimise the estimated cost. Coordinates in it are kept in
    memory, in float16, and the vectors in a file.

    Args:
        threshold: Least cosine of two neighbours, -1..1.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._vectors = VectorFile()
        self._chunks: list[npt.NDArray[np.float32 | np.float16]] = []
        self._basis: Vectors | None = None

    def __len__(self) -> int:
        return len(self._vectors)

    def prepare(self, sample: Vectors) -> None:
        """Computes the basis from a sample of the vectors to come.

        Args:
            sample: Unit vectors, shape (n, dimensions); a few thousand are enough.
        """
        if len(self) or len(sample) < SAMPLE:
            return
        step = len(sample) // SAMPLE
        self._basis = _basis(sample[::step][:SAMPLE], self._threshold)

    def block_size(self) -> int:
        """The number of vectors that are looked up together."""
        return _BLOCK

    def near(self, block: Vectors) -> Iterator[tuple[Places, Scores]]:
        """For each vector of a block the indices of its neighbours, and their ``cosines``.

        Args:
            block: Unit vectors, shape (n, dimensions), with n at most ``block_size()``.
        """
        if not len(self):
            yield from [(_NOWHERE, _NOTHING)] * len(block)
            return
        heads = block if self._basis is None else self._head(block)
        least = self._threshold - ROUNDING - (_HALF_ROUNDING if self._basis is not None else 0)
        found: list[list[Places]] = [[_NOWHERE] for _ in block]
        for number, chunk in enumerate(self._chunks):
            bounds = heads @ chunk[: len(self) - number * _CHUNK].astype(np.float32, copy=False).T
            for row in np.nonzero((bounds >= least).any(axis=1))[0]:
                found[row].append(np.nonzero(bounds[row] >= least)[0] + number * _CHUNK)
        for vector, parts in zip(block, found, strict=True):
            places = np.concatenate(parts)
            if self._basis is not None:
                places = places[self._dots(places, vector) >= self._threshold - ROUNDING]
            scores = cosines(self.vectors(places), vector)
            close = scores >= self._threshold
            yield places[close], scores[close]

    def keep(self, rows: Vectors) -> None:
        """Adds vectors to the index.

        Args:
            rows: Unit vectors, shape (n, dimensions).
        """
        before = len(self)
        self._vectors.append(rows)
        if self._basis is None and before < _LATE <= len(self) and self._late_basis():
            self._chunks = []
            for first in range(0, len(self), _ROWS):
                part = range(first, min(len(self), first + _ROWS))
                self._index(self._vectors.rows(part), first)
        else:
            self._index(rows, before)

    def _late_basis(self) -> bool:
        """Whether those that came one after another, unprepared, have a basis."""
        step = len(self) // SAMPLE
        sample = self._vectors.rows(range(0, len(self), step)[:SAMPLE])
        self._basis = _basis(sample, self._threshold)
        return self._basis is not None

    def _index(self, rows: Vectors, place: int) -> None:
        heads = rows if self._basis is None else self._head(rows)
        at = 0
        while at < len(heads):
            number, first = divmod(place + at, _CHUNK)
            if number == len(self._chunks):
                kind = np.float32 if self._basis is None else np.float16
                self._chunks.append(np.empty((_CHUNK, heads.shape[1]), dtype=kind))
            part = heads[at : at + _CHUNK - first]
            self._chunks[number][first : first + len(part)] = part
            at += len(part)

    def vectors(self, places: Places) -> Vectors:
        """Vectors of the index, shape (places, dimensions).

        Args:
            places: Their indices, also counted back from the end as negative numbers.
        """
        return self._vectors.rows((places % len(self)).tolist())

    def _head(self, rows: Vectors) -> Vectors:
        """Coordinates in the basis, and as last column the norm of the residual."""
        assert self._basis is not None  # noqa: S101 - callers ask only where there is one
        heads = rows @ self._basis
        rest = np.sqrt(np.maximum(0.0, 1.0 - np.einsum("ij,ij->i", heads, heads)))
        return np.hstack([heads, rest[:, None]]).astype(np.float32)

    def _dots(self, places: Places, vector: Vectors) -> Vectors:
        """The cosines of a vector with some of the indexed ones, in all dimensions."""
        scores = np.empty(len(places), dtype=np.float32)
        for first in range(0, len(places), _ROWS):
            part = slice(first, first + _ROWS)
            scores[part] = self._vectors.rows(places[part].tolist()) @ vector
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
