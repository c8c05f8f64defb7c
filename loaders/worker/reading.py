"""Reads files in other processes: the pages as if read in this one, or a refusal."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from ..errors import LoadError
from ..formats import Format, LoadOptions
from ..pages import Page
from .bounds import more_time
from .child import Child, Mail
from .failures import asked, lend, lost, refused, told
from .pool import DRAWING, POOL, Pool
from .said import is_said
from .wire import Message, unpacked_page

log = logging.getLogger(__name__)

_WAIT = 1.0  # seconds; a wait without an end takes no Ctrl-C on Windows
_AHEAD = 16  # pages that a process reads beyond the one that was asked for
_ANSWERS = frozenset(("page", "kind", "image"))
"""Fields of messages of which each is one answer."""


def read_apart(path: Path, file: str, form: Format, options: LoadOptions) -> Iterator[Page]:
    """The pages of a file, read in another process as they are asked for, some ahead.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        form: What it is read as.
        options: How it is read.

    Raises:
        LoadError: It is broken, or takes more time or memory than a document needs.
    """
    POOL.prepare()
    if form.name == "pdf":
        from .pdf import read_pdf_apart

        return read_pdf_apart(path, file, options)
    reading = _Alone("read", path, file, {"format": form.name, **asked(path, file, options)})
    return (unpacked_page(message["page"]) for message in reading.answers())


def zip_kind_apart(path: Path, file: str) -> str:
    """What ``zip_kind`` says of an archive, whose table of contents alone may take all memory.

    Args:
        path: The archive.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: As ``zip_kind``, or it takes too much time or memory.
    """
    looking = _Alone("look", path, file, asked(path, file, LoadOptions()))
    (answer,) = looking.answers()
    return str(answer["kind"])


def draw_apart(
    path: Path, file: str, form: Format, page: int, width: int, passages: Sequence[str]
) -> Message:
    """A page as a picture: ``image`` as PNG in base64, ``width``, ``height`` and ``boxes``.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        form: What it is.
        page: Its number, from 1.
        width: Of the picture, in pixels.
        passages: Texts whose lines the boxes are of.

    Raises:
        LoadError: It cannot be drawn, or takes more time or memory than a page needs.
    """
    request = {
        "format": form.name,
        **asked(path, file, LoadOptions()),
        "page": page,
        "width": width,
        "passages": list(passages),
    }
    (answer,) = _Alone("draw", path, file, request, DRAWING).answers()
    return answer


def hear(mail: Mail, team: Collection[Child]) -> tuple[Child, Message | None]:
    """The next message of a process, or that one has ended.

    Args:
        mail: What processes say about one file.
        team: All that may say something. Where each has said that it has done, nothing will come,
            and one has lied: it is ended.
    """
    idle = False
    while True:
        with suppress(Empty):
            return mail.get(timeout=_WAIT)
        if idle:
            child = next(iter(team))
            child.distrust()
            return child, None
        # What one says is counted a moment before it is in the mail.
        idle = not any(child.busy for child in team)


def hear_of_file(mail: Mail, team: Collection[Child]) -> tuple[Child, Message | None]:
    """As ``hear``; a process that says what no reader does is ended as well.

    Args:
        mail: As for ``hear``.
        team: As for ``hear``.
    """
    child, message = hear(mail, team)
    if message is None or is_said(message):
        return child, message
    log.warning("a reading process said what none does: %s", sorted(message)[:5])
    child.distrust()
    return child, None


class _Alone:
    """A file that one process deals with from its beginning to its end."""

    def __init__(
        self, what: str, path: Path, file: str, request: Message, pool: Pool | None = None
    ) -> None:
        self._what = what
        self._file = file
        self._request = request
        self._pool = pool or POOL
        self._more_time = more_time(path.stat().st_size)
        self._mail: Mail = SimpleQueue()
        self._count = 0
        self._lost_at = -1
        self._last = False
        self._error: LoadError | None = None

    def answers(self) -> Iterator[Message]:
        """What it says about the file, in order."""
        self._child = lend(self._file, self._pool)
        finished = False
        try:
            self._begin()
            while not finished:
                sender, message = hear_of_file(self._mail, (self._child,))
                if sender is not self._child:
                    continue
                if message is None:
                    self._go_on_anew()
                elif not _ANSWERS.isdisjoint(message):
                    self._count += 1
                    yield message
                else:
                    finished = self._take(message)
            if self._error is not None:
                raise self._error
        finally:
            self._pool.give_back(self._child, finished=finished)

    def _begin(self) -> None:
        self._child.begin(self._mail, self._more_time)
        self._child.ask(self._what, skip=self._count, pages=_AHEAD, **self._request)

    def _take(self, message: Message) -> bool:
        """Whether the process has done with the file."""
        self._error = self._error or told(message, self._file, self._count + 1)
        self._last = self._last or "end" in message or self._error is not None
        if "done" in message and not self._last:
            self._child.ask("more", pages=_AHEAD)
        return "done" in message and self._last

    def _go_on_anew(self) -> None:
        """Has another process go on where one has ended; once at each page."""
        page = self._count + 1
        if error := refused(self._child, self._file, page):
            raise error
        if self._lost_at == self._count:
            raise lost(self._child, self._file, page)
        log.warning("the process that read %s ended at page %d; reading on", self._file, page)
        self._lost_at = self._count
        self._pool.give_back(self._child)
        self._child = lend(self._file, self._pool)
        self._begin()
