"""Embeddings that several runs of a process share, each loaded once."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Literal

from .load import NamedEmbeddings, load_embeddings


class SharedEmbeddings:
    """The embeddings in use, by name; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str], Future[NamedEmbeddings]] = {}

    def get(self, name: str, backend: Literal["auto", "torch", "openvino"]) -> NamedEmbeddings:
        """The embedding of a name, loaded by whoever asks first while the others wait.

        Raises:
            SaidError: It cannot be loaded.
        """
        with self._lock:
            future = self._loaded.get((name, backend))
            mine = future is None
            if future is None:
                future = self._loaded[name, backend] = Future()
        if mine:
            try:
                future.set_result(load_embeddings(name, backend))
            except Exception as error:  # noqa: BLE001 - raised in every thread that waits for it
                with self._lock:
                    del self._loaded[name, backend]  # another try may find it
                future.set_exception(error)
        return future.result()
