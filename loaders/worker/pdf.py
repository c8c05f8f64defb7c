"""Reads a PDF in several processes: each lays out blocks of its pages, which come in order."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue

from ..errors import LoadError
from ..formats import LoadOptions
from ..pages import Page
from .child import Child, Mail
from .failures import asked, lend, lost, refused, told
from .pool import POOL, cores
from .reading import hear_of_file
from .wire import Message, unpacked_page

log = logging.getLogger(__name__)

_BLOCK = 16  # pages
_LONG = 64  # pages of a file that is worth the start of further processes
_SOON = 4  # pages before the end of its block at which a process gets the next
_MOST = 16  # processes for one file


def read_pdf_apart(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """A PDF's pages in order, as ``read_pdf`` gives them.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: How it is read.

    Raises:
        LoadError: It is broken, encrypted, has no text, or takes too much time or memory.
    """
    from ..pdf.page_breaks import join_sentences

    return join_sentences(_Together(path, file, options).pages())


class _Part:
    """What one process has of the file: its pages, and those it has not yet laid out."""

    def __init__(self) -> None:
        self.own: set[int] = set()
        self.left: set[int] = set()


class _Together:
    """A PDF and the processes that read it.

    What others must know of each page is told to all of them in the pages' order, so that each
    writes its own pages as one that read all of them would.
    """

    def __init__(self, path: Path, file: str, options: LoadOptions) -> None:
        self._file = file
        self._request = asked(path, file, options)
        self._counted = options.counted
        self._mail: Mail = SimpleQueue()
        self._parts: dict[Child, _Part] = {}
        self._count = 0
        self._next = 1  # the page that is due
        self._begun = 1  # the first page that nobody was given
        self._notes: dict[int, Message] = {}
        self._noted = 0  # pages that are laid out, as are all before them
        self._ready: dict[int, tuple[Page, bool]] = {}
        self._lost_at: set[int] = set()
        self._error: LoadError | None = None

    def pages(self) -> Iterator[Page]:
        """The pages in order."""
        finished = False
        try:
            self._take_up(lend(self._file), check=True)
            while not self._count:
                self._hear()
            from ..pdf.reading import Tally

            seen = Tally(self._file, self._count)
            if self._counted is not None:
                self._counted(self._count)
            self._take_up_more()
            while self._next <= self._count:
                self._hand_out()
                while self._next not in self._ready or not self._mail.empty():
                    self._hear()
                    self._hand_out()
                read = self._ready.pop(self._next)
                self._next += 1
                yield seen.count(*read)
            while any(child.busy for child in self._parts):
                self._hear()
            finished = True
            seen.check()
        finally:
            finished = finished or (self._error is not None and len(self._parts) == 1)
            for child in self._parts:
                POOL.give_back(child, finished=finished)

    def _take_up(self, child: Child, *, check: bool) -> _Part:
        child.begin(self._mail)
        child.ask("open", check=check, **self._request)
        self._parts[child] = part = _Part()
        return part

    def _take_up_more(self) -> None:
        """Has further processes open the file, where it is long enough."""
        most = min(cores(), _MOST, -(-self._count // _BLOCK)) - 1
        for child in POOL.lend_more(most, start=self._count >= _LONG):
            self._take_up(child, check=False)

    def _hand_out(self) -> None:
        """Gives blocks of pages to those that have laid out theirs, as far as pages are due."""
        soon = self._next + 2 * _BLOCK * len(self._parts)
        for child, part in self._useful():
            if len(part.left) <= _SOON and self._begun <= min(self._count, soon):
                end = min(self._begun + _BLOCK, self._count + 1)
                self._lay(child, part, range(self._begun, end))
                self._begun = end

    def _useful(self) -> Iterable[tuple[Child, _Part]]:
        """The processes to share the pages; one alone, while they are mostly pictures.

        Text recognition uses all processors at once, and each process that does it takes the
        memory of ten that read text.
        """
        parts = list(self._parts.items())
        pictures = sum(child.pictures for child in self._parts)
        return parts[:1] if 2 * pictures >= self._noted else parts

    def _lay(self, child: Child, part: _Part, pages: Iterable[int]) -> None:
        for _, run in groupby(enumerate(sorted(pages)), lambda one: one[1] - one[0]):
            numbers = [number for _, number in run]
            part.own.update(numbers)
            part.left.update(numbers)
            child.ask("lay", first=numbers[0], last=numbers[-1])

    def _hear(self) -> None:
        """Takes in one message."""
        child, message = hear_of_file(self._mail, self._parts)
        part = self._parts.get(child)
        if part is None:
            return
        if message is None:
            self._go_on_anew(child, part)
        elif "laid" in message:
            part.left.discard(message["laid"])
            self._notes.setdefault(message["laid"], message["note"])
            self._tell()
        elif "page" in message:
            page = unpacked_page(message["page"])
            if page.number is not None and page.number >= self._next:
                self._ready[page.number] = page, message.get("scan", False)
        else:
            self._count = message.get("opened", self._count)
            self._error = self._error or told(message, self._file, self._at(part))
            if self._error is not None and "done" in message:
                raise self._error

    def _tell(self) -> None:
        """Tells all of the pages whose turn it is."""
        first = self._noted + 1
        while self._noted + 1 in self._notes:
            self._noted += 1
        for child, part in self._parts.items():
            self._note(child, part, first)

    def _note(self, child: Child, part: _Part, first: int) -> None:
        numbers = (number for number in range(first, self._noted + 1) if number not in part.own)
        if notes := {number: self._notes[number] for number in numbers}:
            child.ask("note", notes=notes)

    def _at(self, part: _Part) -> int:
        """The page that a process is at."""
        return min(part.left, default=self._next)

    def _go_on_anew(self, child: Child, part: _Part) -> None:
        """Has another process read what one has left that ended; once at each page."""
        page = self._at(part)
        if error := refused(child, self._file, page):
            raise error
        if page in self._lost_at:
            raise lost(child, self._file, page)
        log.warning("a process that read %s ended at page %d; reading on", self._file, page)
        self._lost_at.add(page)
        del self._parts[child]
        POOL.give_back(child)
        other = lend(self._file)
        again = self._take_up(other, check=not self._count)
        missing = (n for n in part.own if n >= self._next and n not in self._ready)
        # Laid out before it hears of the pages after them, as they were the first time.
        self._lay(other, again, missing)
        self._note(other, again, 1)
