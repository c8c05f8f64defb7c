"""Logging set-up: silent by default, on request to stderr, to a file, or both.

Every module logs under its own name. At INFO and above stand names, counts and seconds; what an
exception says may quote a document, so it is written at DEBUG only, and what looks like a key
never is.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .texts import ROOMS

_SECRET = re.compile(
    r"(?i)(\bbearer\s+|\bauthorization\W{1,5}|\bapi[-_]?key\W{1,5})[^\s'\",}]+|\bsk-[\w-]{6,}"
)
_HEADER = re.compile(r"(?i)(\bauthorization\W{1,5})(basic|bearer)\s+\S+")


def start_log(level: int | None = None, file: Path | None = None) -> None:
    """Shows the log on stderr, writes it to a file, or both; replaces what was asked for before.

    Args:
        level: Of what stderr shows, ``logging.INFO`` or ``logging.DEBUG``; None to show nothing.
        file: Readable by its owner alone when made here; takes INFO, or DEBUG where the level is.

    Raises:
        SaidError: The file cannot be written.
    """
    end_log()
    handlers: list[logging.Handler] = [] if level is None else [_Stderr(level)]
    written = min(level or logging.INFO, logging.INFO)
    if file is not None:
        try:
            from .rotating_file import RotatingFile  # which imports sockets and more

            handlers.append(RotatingFile(file.expanduser().resolve(), written))
        except (OSError, RuntimeError) as error:  # the latter where a home cannot be told
            from .errors import SaidError  # which imports LangChain

            reason = getattr(error, "strerror", None) or str(error)
            raise SaidError("log.file", file=str(file), reason=reason) from error
    for name in ROOMS if handlers else ():
        room = logging.getLogger(name)
        room.setLevel(written)
        for handler in handlers:
            room.addHandler(handler)


def end_log() -> None:
    """Closes what ``start_log`` opened."""
    handlers = {handler for name in ROOMS for handler in _ours(name)}
    for name in ROOMS:
        room = logging.getLogger(name)
        for handler in handlers:
            room.removeHandler(handler)
        if handlers:
            room.setLevel(logging.NOTSET)
    for handler in handlers:
        with suppress(OSError):  # a full disk; what could be written is there
            handler.close()


def log_file() -> Path | None:
    """The file the log is written to, or None."""
    files = (
        Path(one.baseFilename) for one in _ours(ROOMS[0]) if isinstance(one, logging.FileHandler)
    )
    return next(files, None)


def logged(code: str, naming: str, **fields: str | int) -> tuple[str, dict[str, str | int]]:
    """The message about a fault, with its fields: one that names the log file, if there is one.

    Args:
        code: Where the log is written to no file.
        naming: Where it is; has the field ``log``, the file's name.
        **fields: Of both.
    """
    file = log_file()
    return (code, fields) if file is None else (naming, {**fields, "log": file.name})


def keep_out_of(handler: logging.Handler) -> None:
    """Keeps our log out of a handler that another package put at the root of all loggers."""
    if not any(one is _is_foreign for one in handler.filters):
        handler.addFilter(_is_foreign)


def _is_foreign(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] not in ROOMS


def _ours(name: str) -> Iterator[logging.Handler]:
    handlers = logging.getLogger(name).handlers
    yield from (one for one in handlers if isinstance(one, Ours))


class Lines(logging.Formatter):
    """A record on one line, whatever a name in it is made of; a traceback indented below it."""

    def __init__(self, *, words: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._words = words

    def format(self, record: logging.LogRecord) -> str:
        """The record as it is written."""
        place = f"{self.formatTime(record)} {record.levelname} {record.name}"
        lines = [f"{place}: {_plain(record.getMessage())}"]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            lines += [f"  {_plain(line)}" for line in self._traceback(error)]
        return "\n".join(lines)

    def _traceback(self, error: BaseException) -> Iterator[str]:
        """The traceback of an error and of what led to it, the first cause first."""
        chain: list[BaseException] = []
        link: BaseException | None = error
        while link is not None and link not in chain:
            chain.append(link)
            link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
        for one in reversed(chain):
            yield "Traceback (most recent call last):"
            yield from "".join(traceback.format_tb(one.__traceback__)).splitlines()
            kind = f"{type(one).__module__}.{type(one).__qualname__}"
            yield f"{kind}: {one}" if self._words else kind


class Ours(logging.Handler):
    """A handler that ``start_log`` adds."""


class _Stderr(Ours):
    """Writes to whatever stderr is at that moment; a live progress line puts itself there."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.setFormatter(Lines(words=level <= logging.DEBUG))

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(Exception):  # a log must never end what it tells of
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


def _plain(text: str) -> str:
    """A text on one line that drives no terminal, without keys."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    shown = _HEADER.sub(r"\1***", shown)
    return _SECRET.sub(lambda found: f"{found[1] or ''}***", shown)
