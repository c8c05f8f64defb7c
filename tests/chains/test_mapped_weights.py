"""The encoder's weights, unpacked once: the same vectors whatever lies in the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chains.embedding import mapped_weights
from chains.embedding.sentence_encoder import SentenceEncoder

TEXTS = ["大桥何时通车？", "When was the bridge opened?", ""]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def not_there(_: str) -> Path:
    return Path("/proc/nowhere")


@pytest.mark.parametrize("harm", [cut, Path.unlink])
@pytest.mark.parametrize("name", ["table.npy", "names.json"])
def test_what_lies_in_the_cache_changes_no_vector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], None], name: str
) -> None:
    monkeypatch.setattr(mapped_weights, "user_folder", not_there)
    unpacked = SentenceEncoder().encode(TEXTS)
    monkeypatch.setattr(mapped_weights, "user_folder", lambda _: tmp_path)
    assert np.array_equal(SentenceEncoder().encode(TEXTS), unpacked)  # fills it
    assert np.array_equal(SentenceEncoder().encode(TEXTS), unpacked)  # takes it from there
    (folder,) = (tmp_path / "sentence-encoder").iterdir()
    harm(folder / name)
    assert np.array_equal(SentenceEncoder().encode(TEXTS), unpacked)
    assert (folder / name).stat().st_size > 100  # whole again
    assert [one.name for one in (tmp_path / "sentence-encoder").iterdir()] == [folder.name]
