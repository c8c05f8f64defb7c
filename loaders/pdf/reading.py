"""Reads PDF: one page of text per page of the file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from ..errors import LoadError
from ..pages import Page
from ..titles import clean_title
from .bombs import check_streams
from .bookmarks import read_bookmarks
from .page import Sheet, lay_out, to_page
from .running_lines import LOOK_AHEAD, RunningLines
from .scans import Scanner, can_recognise

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MOST_PAGES = 20_000

# PDFium must not be entered by two threads at once. Re-entrant: a forgotten iterator may be
# closed by the garbage collector while its thread reads another file.
_PDFIUM = RLock()


def read_pdf(path: Path, file: str, password: str | None = None) -> Iterator[Page]:
    """A PDF's pages in order, read as they are asked for, a few pages ahead.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        password: Opens an encrypted file.

    Raises:
        LoadError: It is broken, encrypted, or has no text.
    """
    check_streams(path, file)
    document = _open(path, file, password)
    try:
        yield from _pages(document, file)
    finally:
        with _PDFIUM:
            document.close()


def _pages(document: PdfDocument, file: str) -> Iterator[Page]:
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
    blank = scans = 0
    for number in range(1, count + LOOK_AHEAD + 1):
        if number <= count:
            with _PDFIUM:
                sheet = lay_out(document, number, scanner)
            running.note(number, sheet.lines(), sheet.bottom, sheet.top)
            waiting.append(sheet)
        if waiting and number > LOOK_AHEAD:
            sheet = waiting.popleft()
            scans += sheet.scan
            page = to_page(sheet, running, bookmarks)
            if sheet.number == 1:
                page.notes.update(_titled(document, page))
            blank += not page.text.strip()
            yield page
    if blank == count:
        raise _no_text(file, count, scans, recognised=scanner is not None)


def _titled(document: PdfDocument, page: Page) -> dict[str, str]:
    """The title that the file's properties give, where the first page shows it or has none."""
    with _PDFIUM:
        named = clean_title(str(document.get_metadata_dict().get("Title") or ""))
    shown = "title" in page.notes and "".join(named.split()) not in "".join(page.text.split())
    return {"title": named} if named and not shown else {}


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
            return pdfium.PdfDocument(path, password=password)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            code = "load.password_wrong" if password else "load.password_needed"
            raise LoadError(code, file=file) from error
        raise LoadError("load.pdf_broken", file=file) from error
