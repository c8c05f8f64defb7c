"""One page of a PDF: layout analysis into regions of lines, then conversion to text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..characters import fold, is_garbled, recover
from ..headings import heading_name
from ..pages import Heading, Page, warning
from .bookmarks import Bookmarks, place_bookmarks
from .headings import heading_level, usual_height
from .paragraphs import Line, Paragraph, paragraphs, to_line, vocabulary
from .reading_order import reading_order, touching
from .rules import Box, find_grids, read_boxes
from .running_lines import RunningLines
from .runs import Glyphs, Run, read_runs, turned
from .scans import Scanner
from .tables import take_table
from .titles import first_page_title

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_STAMP = 40  # characters; a scanning program's mark or a page number, not a page's text
_COVER = 0.5  # share of the page that a picture with such a mark covers at least
_FEWEST_BOXES = 5  # lines that a table of two rows and two columns needs


@dataclass(slots=True)
class Sheet:
    """A page as it was laid out, before its running lines are known."""

    number: int
    bottom: float = 0.0
    top: float = 0.0
    regions: list[list[Line]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    recognised: bool = False
    scan: bool = False  # a picture of text that nobody has read yet

    def lines(self) -> list[Line]:
        """All its lines in reading order."""
        return [line for region in self.regions for line in region]


def lay_out(document: PdfDocument, number: int, scanner: Scanner | None = None) -> Sheet:
    """A page's lines in reading order; a page that cannot be read is blank and says so.

    Args:
        document: The open file.
        number: The page's, from 1.
        scanner: Reads the pages that are pictures; without it they stay blank and say so.
    """
    import pypdfium2 as pdfium

    try:
        page = document[number - 1]
    except pdfium.PdfiumError:
        return Sheet(number, warnings=[warning("load.page_broken", page=number)])
    try:
        if document.formenv is not None:
            # What was typed into a form is drawn into the page.
            page.flatten()
            page.close()
            page = document[number - 1]
        return _read(page, number, scanner)
    except pdfium.PdfiumError:
        return Sheet(number, warnings=[warning("load.page_broken", page=number)])
    finally:
        page.close()


def _read(page: PdfPage, number: int, scanner: Scanner | None) -> Sheet:
    """The page from its text layer, or from its picture where that says more."""
    sheet, picture = _sheet(page, number)
    if not _is_scan(sheet, picture):
        return sheet
    read = _scanned(page, number, scanner) if scanner else None
    if read is not None:
        return read
    sheet.scan = not sheet.lines()
    if scanner is None:
        sheet.warnings.append(warning("load.page_scanned", page=number))
    return sheet


def _is_scan(sheet: Sheet, picture: float) -> bool:
    """Whether a page is a scan: its text is in an image, not in the text layer."""
    letters = sum(len(line.text) for line in sheet.lines())
    garbled = any(note["code"] == "load.garbled" for note in sheet.warnings)
    return garbled or (letters == 0 and picture > 0.02) or (letters < _STAMP and picture > _COVER)


def _scanned(page: PdfPage, number: int, scanner: Scanner) -> Sheet | None:
    """The page by OCR; None where that finds no text."""
    runs, height = scanner.read(page)
    if not runs:
        return None
    note = warning("load.recognised", page=number)
    sheet = Sheet(number, 0.0, height, warnings=[note], recognised=True)
    for region in reading_order(touching(runs)):
        sheet.regions.append([to_line(row) for row in region])
    return sheet


def _sheet(page: PdfPage, number: int) -> tuple[Sheet, float]:
    rotation = page.get_rotation()
    textpage = page.get_textpage()
    try:
        boxes, picture = read_boxes(page)
        glyphs = Glyphs(textpage)
        upright = (360 - rotation) % 360
        x0, y0, x1, y1 = page.get_bbox()
        _, bottom, _, top = turned((x0, y0, x1, y1), upright)
        sheet = Sheet(number, bottom, top)
        runs = _mended(read_runs(glyphs), sheet)
        turns = sorted({run.turn for run in runs}, key=lambda turn: (turn != upright, turn))
        for turn in turns:
            own = [run for run in runs if run.turn == turn]
            own = _with_tables(own, boxes, glyphs)
            for region in reading_order(touching(own)):
                sheet.regions.append([to_line(row) for row in region])
        return sheet, picture
    finally:
        textpage.close()


def _mended(runs: list[Run], sheet: Sheet) -> list[Run]:
    """The runs with folded characters, without what is drawn twice, misread bytes recovered."""
    whole = "".join(run.text for run in runs)
    if is_garbled(whole):
        again = recover("\n".join(run.text for run in runs))
        lines = again.split("\n") if again else []
        if len(lines) == len(runs):
            sheet.warnings.append(warning("load.recovered", page=sheet.number))
            runs = [replace(run, text=line) for run, line in zip(runs, lines, strict=True)]
        else:
            sheet.warnings.append(warning("load.garbled", page=sheet.number))
    out: list[Run] = []
    seen: dict[str, list[Run]] = {}
    for run in runs:
        twins = seen.setdefault(run.text, [])
        if any(_same_place(run, twin) for twin in twins[-20:]):
            continue
        twins.append(run)
        text = fold(run.text)
        if text.strip():
            out.append(run if text == run.text else replace(run, text=text))
    return out


def _same_place(one: Run, other: Run) -> bool:
    near = 0.3 * one.height
    return abs(one.x0 - other.x0) < near and abs(one.y0 - other.y0) < near


def _with_tables(runs: list[Run], boxes: list[Box], glyphs: Glyphs) -> list[Run]:
    """The runs, those on a grid put together as one table each."""
    if len(boxes) < _FEWEST_BOXES or not runs:
        return runs
    turn = runs[0].turn
    tables: list[Run] = []
    for grid in find_grids([turned(box, turn) for box in boxes]):
        taken = take_table(grid, runs, glyphs)
        if taken is not None:
            table, runs = taken
            tables.append(table)
    return runs + tables


def to_page(sheet: Sheet, running: RunningLines, bookmarks: Bookmarks | None = None) -> Page:
    """The page's text, its running lines left out and named, its headings noted.

    Args:
        sheet: The page as laid out.
        running: What its neighbours have at their edges.
        bookmarks: The file's; where it has none, headings are told by their looks.
    """
    kept, dropped = running.drop(sheet.number, sheet.lines(), sheet.bottom, sheet.top)
    if sheet.recognised and sheet.number == 1:
        # What a scan has at its edges may be misread text: it is kept where it first stands.
        kept, dropped = sheet.lines(), []
    keep = {id(line) for line in kept}
    regions = [[line for line in region if id(line) in keep] for region in sheet.regions]
    words = vocabulary(kept) if any(line.hyphen for line in kept) else frozenset()
    usual = usual_height(kept)
    blocks = paragraphs([r for r in regions if r], words)
    text, places = _write(blocks)
    if bookmarks:
        named = [(at, block.text) for at, block in places]
        headings = place_bookmarks(bookmarks.get(sheet.number, []), named)
    else:
        levels = ((at, heading_level(block, usual), block.text) for at, block in places)
        headings = tuple(Heading(at, n, heading_name(title)) for at, n, title in levels if n)
    notes: dict[str, Any] = {"running": dropped} if dropped else {}
    if sheet.number == 1 and not sheet.recognised:  # lines of a scan have no certain height
        title, parts = first_page_title(places, usual)
        if title:
            notes["title"] = title
        if title and not bookmarks:
            # The lines of a title are one heading above all others.
            rest = tuple(one for one in headings if one.start not in parts)
            headings = tuple(sorted((Heading(parts[0], 1, title), *rest), key=lambda h: h.start))
    return Page(
        text,
        number=sheet.number,
        headings=headings,
        warnings=tuple(sheet.warnings),
        notes=notes,
    )


def _write(blocks: list[Paragraph]) -> tuple[str, list[tuple[int, Paragraph]]]:
    """The paragraphs as one text, each with its start offset."""
    out: list[str] = []
    places: list[tuple[int, Paragraph]] = []
    at = 0
    for block in blocks:
        if not block.text.strip():
            continue
        if out:
            mark = "\n\n" if block.gap else "\n"
            out.append(mark)
            at += len(mark)
        places.append((at, block))
        out.append(block.text)
        at += len(block.text)
    return "".join(out), places
