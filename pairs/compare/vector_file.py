"""Vectors in a file without a name, so that a long list takes no memory for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import IO

import numpy as np

from .vectors import Vectors

__all__ = ["VectorFile"]

_IN_MEMORY = 1 << 20
"""Numbers that are kept in memory before they are written: 4 MB; a short list needs no file."""


class VectorFile:
    """A growing table of float32 rows, of which only those asked for are in memory.

    The file is in the folder for temporary files and goes with the object, or with the process.
    It is read, not mapped: pages that are mapped count as memory of the process.
    """

    def __init__(self, rows: Vectors | None = None) -> None:
        self._file: IO[bytes] | None = None
        self._written = self._size = 0
        self._waiting: list[Vectors] = []
        self.width = 0
        if rows is not None:
            self.append(rows)

    def __len__(self) -> int:
        return self._size

    def __del__(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def append(self, rows: Vectors) -> None:
        """Adds rows at the end.

        Args:
            rows: Shape (n, dimensions), the same dimensions each time.
        """
        if not len(rows):
            return
        self.width = rows.shape[1]
        self._waiting.append(np.ascontiguousarray(rows, dtype=np.float32))
        self._size += len(rows)
        if (self._size - self._written) * self.width > _IN_MEMORY:
            self._write()

    def rows(self, places: Sequence[int]) -> Vectors:
        """Some rows, in the order asked for, shape (places, dimensions).

        Args:
            places: Their indices, from 0.
        """
        found = np.empty((len(places), self.width), dtype=np.float32)
        waiting = self._in_memory()
        for at, first, last in _runs(places):
            end = at + last - first
            split = min(max(first, self._written), last)
            if first < split:
                self._read(first, found[at : at + split - first])
            if split < last:
                found[at + split - first : end] = waiting[
                    split - self._written : last - self._written
                ]
        return found

    def _read(self, first: int, into: Vectors) -> None:
        assert self._file is not None  # noqa: S101 - for mypy: rows were written to it
        self._file.seek(first * self.width * into.itemsize)
        left = into.data.cast("B")
        while left:
            left = left[self._file.readinto(left) :]  # type: ignore[attr-defined]  # it is unbuffered

    def _in_memory(self) -> Vectors:
        """The rows that are not written yet."""
        if len(self._waiting) > 1:
            self._waiting = [np.concatenate(self._waiting)]
        if not self._waiting:
            return np.empty((0, self.width), dtype=np.float32)
        return self._waiting[0]

    def _write(self) -> None:
        if self._file is None:
            made = tempfile.TemporaryFile(prefix="qa3-vectors-", buffering=0)  # noqa: SIM115 - ours
            self._file = made
        self._file.seek(self._written * self.width * 4)
        for rows in self._waiting:
            left = rows.data.cast("B")
            while left:
                left = left[self._file.write(left) :]
        self._waiting = []
        self._written = self._size


def _runs(places: Sequence[int]) -> Iterable[tuple[int, int, int]]:
    """Stretches of places that follow each other: where they begin, first, one past the last."""
    at = 0
    while at < len(places):
        first = int(places[at])
        end = at + 1
        while end < len(places) and places[end] == first + end - at:
            end += 1
        yield at, first, first + end - at
        at = end
