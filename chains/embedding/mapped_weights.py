"""The weights of the sentence encoder, unpacked once and then mapped from the disk.

Unpacking takes half a second of each process; mapped, they are there at once, and processes that
run at the same time share them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..environment import user_folder
from ..models.gguf import quick_digest

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
    return backend


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
