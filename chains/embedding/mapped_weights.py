"""The weights of the sentence encoder, unpacked once and then read from the disk.

Unpacking takes half a second of each process; mapped, they are there at once, and processes that
run at the same time share them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import user_folder
from ..models.gguf import quick_digest

if TYPE_CHECKING:
    import numpy as np

__all__ = ["mapped_backend"]

_LIST = "names.json"
_NOT_WEIGHTS = ("sp", "threads", "_threadpool")
"""Attributes of a backend that are made anew each time."""


def mapped_backend(kind: type[Any], weights: Path, unpacked: Callable[[], Any]) -> Any:
    """A backend of the encoder whose weights lie in the user's cache, 77 MB.

    Args:
        kind: Its class.
        weights: The file in which they are packed.
        unpacked: Makes one the long way, the first time and where nothing can be cached.
    """
    folder = user_folder("cache") / "sentence-encoder" / quick_digest(weights)
    try:
        return _mapped(kind, folder)
    except (OSError, ValueError, KeyError, TypeError):
        backend = unpacked()
    with suppress(OSError):
        _save(backend, folder)
        return _mapped(kind, folder)
    return backend


class _Rows:
    """The rows of a large array in a file, read as they are asked for, from any thread.

    Mapped, a row of 512 bytes brings the pages around it as well: 34 MB for 200 rows.

    Args:
        file: An array of bytes, shape (rows, width), as ``numpy.save`` writes it.
    """

    def __init__(self, file: Path) -> None:
        import numpy as np

        array = np.load(file, mmap_mode="r", allow_pickle=False)
        self._offset, self._width = array.offset, array.shape[1]
        self._file = os.open(file, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __getitem__(self, numbers: np.ndarray) -> np.ndarray:
        import numpy as np

        wanted, places = np.unique(numbers, return_inverse=True)
        at = (wanted * self._width + self._offset).tolist()
        rows = b"".join(os.pread(self._file, self._width, one) for one in at)
        return np.frombuffer(rows, np.uint8).reshape(-1, self._width)[places]


def _mapped(kind: type[Any], folder: Path) -> Any:
    import numpy as np
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    told = json.loads((folder / _LIST).read_text("utf-8"))

    def array(name: str) -> Any:
        return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))

    backend = object.__new__(kind)
    vars(backend).update(told["numbers"])
    vars(backend).update({name: array(name) for name in told["arrays"]})
    for name, count in told["lists"].items():
        setattr(backend, name, [array(f"{name}-{n}") for n in range(count)])
    if hasattr(os, "pread"):  # not on Windows
        backend.table = _Rows(folder / "table.npy")
    backend._threadpool = ThreadpoolController().limit  # as its __init__ does
    return backend


def _save(backend: Any, folder: Path) -> None:
    """Writes the weights beside their place, then puts them there whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        _write(backend, beside)
        for old in set(folder.parent.iterdir()) - {beside}:  # of an earlier version, or damaged
            shutil.rmtree(old, ignore_errors=True)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(backend: Any, folder: Path) -> None:
    import numpy as np

    told: dict[str, Any] = {"arrays": [], "lists": {}, "numbers": {}}
    for name, value in vars(backend).items():
        if name in _NOT_WEIGHTS:
            continue
        if isinstance(value, np.ndarray):
            told["arrays"].append(name)
            np.save(folder / f"{name}.npy", value)
        elif isinstance(value, list):
            told["lists"][name] = len(value)
            for n, one in enumerate(value):
                np.save(folder / f"{name}-{n}.npy", one)
        else:
            told["numbers"][name] = value
    (folder / _LIST).write_text(json.dumps(told), "utf-8")
