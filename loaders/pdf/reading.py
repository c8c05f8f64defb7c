"""Reads PDF: one page of text per page of the file."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from ..errors import LoadError
from ..pages import Page, left_out
from .bombs import check_streams
from .bookmarks import read_bookmarks
from .fonts import hide_system_fonts
from .page import Sheet, lay_out, to_page
from .page_breaks import join_sentences
from .running_lines import LOOK_AHEAD, RunningLines
from .scans import Scanner, can_recognise
from .table_continuation import continue_table

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MOST_PAGES = 20_000

# PDFium must not be entered by two threads at once. Re-entrant: a forgotten iterator may be
# closed by the garbage collector while its thread reads another file.
_PDFIUM = RLock()


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
    check_streams(path, file)
    document = _open(path, file, password)
    try:
        yield from join_sentences(_pages(document, file, include))
    finally:
        with _PDFIUM:
            document.close()


def _pages(document: PdfDocument, file: str, include: AbstractSet[str]) -> Iterator[Page]:
    with _PDFIUM:
        count = len(document)
    if count == 0:
        raise LoadError("load.pdf_broken", file=file)
    if count > MOST_PAGES:
        raise LoadError("load.too_many_pages", file=file, pages=count, most=MOST_PAGES)
    with _PDFIUM:
        bookmarks = read_bookmarks(document)
        if document.get_formtype():
            document.init_forms()
    running = RunningLines()
    scanner = Scanner() if can_recognise() else None
    waiting: deque[Sheet] = deque()
    left: Counter[str] = Counter()
    blank = scans = 0
    for number in range(1, count + LOOK_AHEAD + 1):
        if number <= count:
            with _PDFIUM:
                sheet = lay_out(document, number, scanner, include)
            if waiting:
                continue_table(waiting[-1], sheet)
            running.note(number, sheet.lines(), sheet.bottom, sheet.top)
            waiting.append(sheet)
        if waiting and number > LOOK_AHEAD:
            sheet = waiting.popleft()
            scans += sheet.scan
            left += sheet.left
            if sheet.number == count:
                sheet.warnings += [
                    left_out(what, left[what]) for what in sorted(left) if left[what]
                ]
            page = to_page(sheet, running, bookmarks)
            blank += not page.text.strip()
            yield page
    if blank == count:
        raise _no_text(file, count, scans, recognised=scanner is not None)


def _no_text(file: str, count: int, scans: int, *, recognised: bool) -> LoadError:
    """The error for a file whose pages are all blank."""
    if not scans:
        return LoadError("load.pdf_blank", file=file, pages=count)
    return LoadError(
        "load.pdf_unreadable" if recognised else "load.pdf_scanned", file=file, pages=count
    )


def _open(path: Path, file: str, password: str | None) -> PdfDocument:
    import pypdfium2 as pdfium

    try:
        with _PDFIUM:
            hide_system_fonts()
            return pdfium.PdfDocument(path, password=password)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            code = "load.password_wrong" if password else "load.password_needed"
            raise LoadError(code, file=file) from error
        raise LoadError("load.pdf_broken", file=file) from error
