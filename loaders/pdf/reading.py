"""Reads PDF: one page of text per page of the file, alone or together with other processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from ..errors import LoadError
from ..pages import Page, left_out
from ..titles import clean_title
from .bombs import check_streams
from .bookmarks import read_bookmarks
from .fonts import hide_system_fonts
from .headings import usual_height
from .page import Sheet, lay_out, to_page
from .page_breaks import join_sentences
from .running_lines import LOOK_AHEAD, RunningLines, edge_keys
from .scans import Scanner, can_recognise
from .table_continuation import Continuation, outer_tables

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MOST_PAGES = 20_000

# PDFium must not be entered by two threads at once. Re-entrant: a forgotten iterator may be
# closed by the garbage collector while its thread reads another file.
_PDFIUM = RLock()


Note = dict[str, Any]
"""What other pages must know of a page, as JSON can say it: its edge lines, outer tables, gaps."""


class Reading:
    """An open PDF: its pages laid out in any order, and written in order.

    Several processes may read one file together: each lays out pages of its own, and all take in
    what stands at the edges of every page, one after the other.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        password: Opens an encrypted file.
        include: Words of ``INCLUDABLE``, for what is left out otherwise.
        check: Whether its streams are looked at for bombs first; once a file is enough.

    Attributes:
        count: Its pages.
        ahead: Pages whose edges must be known beyond the one that is written.

    Raises:
        LoadError: It is broken, encrypted, a bomb, or too long.
    """

    ahead = LOOK_AHEAD

    def __init__(
        self,
        path: Path,
        file: str,
        password: str | None = None,
        include: AbstractSet[str] = frozenset(),
        *,
        check: bool = True,
    ) -> None:
        if check:
            check_streams(path, file)
        self._document = open_pdf(path, file, password)
        self._include = include
        self._running = RunningLines()
        self._tables = Continuation()
        self._left: Counter[str] = Counter()
        self._sheets: dict[int, Sheet] = {}
        self._scanner = Scanner() if can_recognise() else None
        try:
            self.count = self._count(file)
            with _PDFIUM:
                self._bookmarks = read_bookmarks(self._document)
                if self._document.get_formtype():
                    self._document.init_forms()
        except BaseException:
            self.close()
            raise

    def _count(self, file: str) -> int:
        with _PDFIUM:
            count = len(self._document)
        if count == 0:
            raise LoadError("load.pdf_broken", file=file)
        if count > MOST_PAGES:
            raise LoadError("load.too_many_pages", file=file, pages=count, most=MOST_PAGES)
        return count

    def lay_out(self, number: int) -> Note:
        """What the other pages must know of a page, which is kept until it is written.

        Args:
            number: The page's, from 1.
        """
        with _PDFIUM:
            sheet = lay_out(self._document, number, self._scanner, self._include)
        self._sheets[number] = sheet
        lines = sheet.lines()
        return {
            "keys": edge_keys(number, lines, sheet.bottom, sheet.top),
            "height": usual_height(lines) if lines else None,
            "left": dict(sheet.left),
            "tables": outer_tables(sheet),
        }

    def advance(self, number: int, note: Note) -> tuple[Page, bool] | None:
        """The page ``ahead`` before, and whether it is a picture that nobody read.

        None where that page was not laid out here.

        Args:
            number: Of a page, one more with every call; at last ``ahead`` more than there are.
            note: What ``lay_out`` gave for it, here or elsewhere; nothing beyond the last.
        """
        if number <= self.count:
            self._running.note(number, note["keys"], note["height"])
            self._tables.note(note["tables"], self._sheets.get(number))
            self._left.update(note["left"])
        sheet = self._sheets.pop(number - self.ahead, None)
        if sheet is None:
            return None
        if sheet.number == self.count:
            sheet.warnings += [left_out(what, n) for what, n in sorted(self._left.items()) if n]
        page = to_page(sheet, self._running, self._bookmarks)
        if sheet.number == 1:
            page.notes.update(_titled(self._document, page))
        return page, sheet.scan

    def close(self) -> None:
        """Closes the file."""
        with _PDFIUM:
            self._document.close()


def read_pdf(
    path: Path,
    file: str,
    password: str | None = None,
    include: AbstractSet[str] = frozenset(),
) -> Iterator[Page]:
    """A PDF's pages in order, read as they are asked for, a few pages ahead.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        password: Opens an encrypted file.
        include: What is read although a reader does not see it: ``hidden``, ``struck``.

    Raises:
        LoadError: It is broken, encrypted, or has no text.
    """
    with closing(Reading(path, file, password, include)) as reading:
        yield from join_sentences(_in_order(reading, file))


def _in_order(reading: Reading, file: str) -> Iterator[Page]:
    seen = Tally(file, reading.count)
    for number in range(1, reading.count + reading.ahead + 1):
        note = reading.lay_out(number) if number <= reading.count else {}
        read = reading.advance(number, note)
        if read is not None:
            yield seen.count(*read)
    seen.check()


class Tally:
    """Counts the pages of a file that hold no text.

    Args:
        file: The file's name as the user gave it, for errors.
        pages: How many it has.
    """

    def __init__(self, file: str, pages: int) -> None:
        self._file = file
        self._pages = pages
        self._blank = self._scans = 0

    def count(self, page: Page, scan: bool) -> Page:
        """The page, once it is counted.

        Args:
            page: One of the file's.
            scan: Whether it is a picture that nobody read.
        """
        self._blank += not page.text.strip()
        self._scans += scan
        return page

    def check(self) -> None:
        """Passes where a page held text.

        Raises:
            LoadError: All are blank.
        """
        if self._blank < self._pages:
            return
        code = "load.pdf_blank"
        if self._scans:
            code = "load.pdf_unreadable" if can_recognise() else "load.pdf_scanned"
        raise LoadError(code, file=self._file, pages=self._pages)


def _titled(document: PdfDocument, page: Page) -> dict[str, str]:
    """The title that the file's properties give, where the first page shows it or has none."""
    with _PDFIUM:
        named = clean_title(str(document.get_metadata_dict().get("Title") or ""))
    shown = "title" in page.notes and "".join(named.split()) not in "".join(page.text.split())
    return {"title": named} if named and not shown else {}


def open_pdf(
    path: Path, file: str, password: str | None, fonts: Callable[[], object] = hide_system_fonts
) -> PdfDocument:
    """An open PDF.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        password: Opens an encrypted file.
        fonts: Sets up what stands in for fonts that the file does not embed, once a process.

    Raises:
        LoadError: It is broken or encrypted.
    """
    import pypdfium2 as pdfium

    try:
        with _PDFIUM:
            fonts()
            return pdfium.PdfDocument(path, password=password)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            code = "load.password_wrong" if password else "load.password_needed"
            raise LoadError(code, file=file) from error
        raise LoadError("load.pdf_broken", file=file) from error
