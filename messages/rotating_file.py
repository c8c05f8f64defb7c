"""The log file: rotating, readable by its owner only, shared with other processes."""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from .log import Lines, Ours

BYTES, OLDER_FILES = 10_000_000, 3
"""A server's log file grows to 10 MB, and three older ones are kept: 40 MB in all."""


class RotatingFile(Ours, RotatingFileHandler):
    """A file of bounded size, shared with other processes that write to the same."""

    def __init__(self, path: Path, level: int) -> None:
        super().__init__(
            path, maxBytes=BYTES, backupCount=OLDER_FILES, encoding="utf-8", errors="replace"
        )
        self.setLevel(level)
        self.setFormatter(Lines(words=level <= logging.DEBUG))

    def _open(self) -> TextIOWrapper:
        def private(name: str, flags: int) -> int:
            return os.open(name, flags, 0o600)

        return open(self.baseFilename, "a", encoding="utf-8", errors="replace", opener=private)

    def shouldRollover(self, record: logging.LogRecord) -> int:  # noqa: N802 - the base class's name
        """Whether the file is full; first goes after one that another process has begun anew."""
        if self.stream is not None and not self._is_current(self.stream):
            self.stream.close()
            self.stream = self._open()
        return int(super().shouldRollover(record))

    def _is_current(self, stream: TextIOWrapper) -> bool:
        try:
            return os.path.samestat(Path(self.baseFilename).stat(), os.fstat(stream.fileno()))
        except (OSError, ValueError):
            return False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        """Nothing: a full disk must not end, or talk into, what is being done."""
