"""What it costs a file that its reading process failed: one error that says what to do."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import LoadError
from ..formats import LoadOptions
from ..progress import READING
from .bounds import BOUNDS
from .child import Child
from .pool import POOL, Pool
from .wire import Message, unpacked_error

log = logging.getLogger(__name__)


def lend(file: str, pool: Pool | None = None) -> Child:
    """A process to read a file in.

    Args:
        file: Its name as the user gave it, for errors.
        pool: Lends it; None for the one that reads.

    Raises:
        LoadError: None can be started.
    """
    try:
        return (pool or POOL).lend()
    except OSError as error:
        raise _no_start(file, str(error)) from error


def asked(path: Path, file: str, options: LoadOptions) -> Message:
    """The fields of a request that name the file.

    Args:
        path: The file.
        file: Its name as the user gave it.
        options: How it is read.
    """
    return {
        "path": str(path.absolute()),
        "file": file,
        "password": options.password,
        "include": sorted(options.include),
    }


def told(message: Message, file: str, page: int) -> LoadError | None:
    """The error that a process tells of; None where the message tells of none.

    Args:
        message: From the process.
        file: The file's name as the user gave it.
        page: The one that was due.
    """
    if "error" in message:
        return unpacked_error(message)
    if "swollen" in message:
        most = BOUNDS[READING].memory >> 20
        return LoadError("load.too_much_memory", file=file, page=page, megabytes=most)
    if "fault" in message:
        log.error("fault while reading %s: %s", file, message["fault"])
        log.debug("%s", message["trace"])
        return LoadError("load.reader_fault", file=file, page=page, kind=message["fault"])
    return None


def refused(child: Child, file: str, page: int) -> LoadError | None:
    """The error for a file whose process was ended for what it took; None for another end.

    Args:
        child: The process, which has ended.
        file: The file's name as the user gave it.
        page: The one it was at.
    """
    if child.bounded == "memory":
        megabytes = int(child.limit) >> 20
        return LoadError("load.too_much_memory", file=file, page=page, megabytes=megabytes)
    if child.bounded:
        return LoadError("load.too_long", file=file, page=page, seconds=round(child.limit))
    return None


def lost(child: Child, file: str, page: int) -> LoadError:
    """The error for a file whose process ended by itself, or was ended by others, twice.

    Args:
        child: The process.
        file: The file's name as the user gave it.
        page: The one it was at.
    """
    if child.number is None:
        return _no_start(file, "it ended at once")
    return LoadError("load.reader_lost", file=file, page=page)


def _no_start(file: str, reason: str) -> LoadError:
    return LoadError("load.reader_start", file=file, reason=reason)
