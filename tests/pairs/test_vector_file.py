"""Vectors in a file are those in memory, and the index over them misses no neighbour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairs.compare import neighbours, vector_file
from pairs.compare.neighbours import Neighbours
from pairs.compare.vector_file import VectorFile
from pairs.compare.vectors import Vectors


def unit(rows: np.ndarray) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), max_size=8), st.data())
def test_rows_come_back_as_they_were_added(sizes: list[int], data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector_file, "_IN_MEMORY", 40)
        table, parts = VectorFile(), [np.empty((0, 3), dtype=np.float32)]
        for number, size in enumerate(sizes):
            parts.append(np.arange(size * 3, dtype=np.float32).reshape(size, 3) + 100 * number)
            table.append(parts[-1])
        whole = np.concatenate(parts)
        assert len(table) == len(whole)
        if len(whole):
            places = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=20))
            assert np.array_equal(table.rows(places), whole[places])
            assert np.array_equal(table.rows(range(len(whole))), whole)


@pytest.mark.parametrize("prepared", [True, False])
def test_an_index_of_many_chunks_finds_what_brute_force_finds(
    monkeypatch: pytest.MonkeyPatch, *, prepared: bool
) -> None:
    monkeypatch.setattr(neighbours, "_CHUNK", 1000)
    monkeypatch.setattr(vector_file, "_IN_MEMORY", 10_000)
    random = np.random.default_rng(1)
    falling = (1 / np.arange(1, 129) ** 0.8).astype(np.float32)
    rows = unit(random.standard_normal((6000, 128), dtype=np.float32) * falling)
    rows[3000:] = unit(rows[:3000] + 0.03 * random.standard_normal((3000, 128), dtype=np.float32))
    search = Neighbours(0.9)
    if prepared:
        search.prepare(rows)
    for first in range(0, len(rows), 512):
        search.keep(rows[first : first + 512])
    assert search._basis is not None
    cosines = rows[:512] @ rows.T
    for row, (places, scores) in enumerate(search.near(rows[:512])):
        wanted = set(np.nonzero(cosines[row] >= 0.9 + 1e-5)[0].tolist())
        possible = set(np.nonzero(cosines[row] >= 0.9 - 1e-5)[0].tolist())
        assert wanted <= set(places.tolist()) <= possible
        assert np.allclose(scores, cosines[row, places], atol=1e-5)
    assert np.array_equal(search.vectors(np.array([-1, 5])), rows[[-1, 5]])
