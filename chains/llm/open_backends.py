"""A pool of open backends, shared by the conversations of a process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from ..models.gguf import DownloadProgress
from ..settings import Settings
from .backends import Backend
from .client import OpenBackend

IDLE = 4
"""Unused backends kept open; the embedded one keeps its model in memory."""


@dataclass
class _Entry:
    opened: OpenBackend
    users: int = 0


class OpenBackends:
    """Open backends shared by users with the same settings; thread-safe.

    Args:
        idle: How many unused backends stay open, the most recently used.
    """

    def __init__(self, idle: int = IDLE) -> None:
        self._idle = idle
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._turn = threading.Lock()

    def take(
        self, backend: Backend, settings: Settings, progress: DownloadProgress | None = None
    ) -> OpenBackend:
        """An open backend; each ``take`` needs its ``give_back``.

        Args:
            backend: From ``choose``.
            settings: Temperature and time limit.
            progress: As for ``OpenBackend``; used if this call opens it.

        Raises:
            WeightsError: The GGUF file named is not there.
        """
        key = f"{backend.model_dump_json()} {settings.temperature} {settings.timeout}"
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and not entry.users and not entry.opened.alive():
                entry.opened.close()
                entry = None
            if entry is None:
                entry = self._entries[key] = _Entry(self._open(backend, settings, progress))
            entry.users += 1
            self._entries.move_to_end(key)
            return entry.opened

    def _open(
        self, backend: Backend, settings: Settings, progress: DownloadProgress | None
    ) -> OpenBackend:
        return OpenBackend(backend, settings, progress)

    def give_back(self, opened: OpenBackend) -> None:
        """Releases a backend for one user, and closes the least recently used idle ones."""
        with self._lock:
            keys = [key for key, entry in self._entries.items() if entry.opened is opened]
            for key in keys:
                self._entries[key].users -= 1
                self._entries.move_to_end(key)
            idle = [key for key, entry in self._entries.items() if not entry.users]
            closing = [self._entries.pop(key) for key in idle[: max(0, len(idle) - self._idle)]]
        for entry in closing:
            entry.opened.close()

    def turn(self, backend: Backend) -> AbstractContextManager[object]:
        """A lock to hold during an answer: the embedded model gives one at a time."""
        return self._turn if backend.embedded else nullcontext()

    def close(self) -> None:
        """Closes all backends, and keeps none open from now on."""
        with self._lock:
            self._idle = 0
            closing = list(self._entries.values())
            self._entries.clear()
        for entry in closing:
            entry.opened.close()
