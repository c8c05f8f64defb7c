"""One page of a PDF: layout analysis into regions of lines, then conversion to text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..characters import fold, is_garbled, recover
from ..headings import heading_name
from ..pages import Heading, Page, warning
from ..plausibility import is_unreadable
from .annotations import Annotations, read_annotations, with_annotations
from .bookmarks import Bookmarks, place_bookmarks
from .glyphs import UNKNOWN, Glyphs, turned
from .headings import heading_level, usual_height
from .margins import line_numbers, without_watermarks
from .overprint import overprinted
from .paragraphs import Line, Paragraph, paragraphs, to_line, vocabulary
from .raised import raise_figures
from .reading_order import reading_order, touching
from .rules import Box, read_boxes, to_rules
from .running_lines import RunningLines
from .runs import Run, read_runs
from .scans import Scanner
from .tables import Table, find_tables
from .titles import first_page_title
from .visible import Looks, outside, stretches, struck
from .words import remaining, to_words

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_STAMP = 40  # characters; a scanning program's mark or a page number, not a page's text
_COVER = 0.5  # share of the page that a picture with such a mark covers at least
_STRETCH = 300  # characters that are judged together for being readable


@dataclass(slots=True)
class Sheet:
    """A page as it was laid out, before its running lines are known."""

    number: int
    bottom: float = 0.0
    top: float = 0.0
    regions: list[list[Line]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)  # what was not read, by its name
    recognised: bool = False
    scan: bool = False  # a picture of text that nobody has read yet

    def lines(self) -> list[Line]:
        """All its lines in reading order."""
        return [line for region in self.regions for line in region]


def lay_out(
    document: PdfDocument,
    number: int,
    scanner: Scanner | None = None,
    include: AbstractSet[str] = frozenset(),
) -> Sheet:
    """A page's lines in reading order; a page that cannot be read is blank and says so.

    Args:
        document: The open file.
        number: The page's, from 1.
        scanner: Reads the pages that are pictures; without it they stay blank and say so.
        include: What is read although a reader does not see it: ``hidden``, ``struck``.
    """
    import pypdfium2 as pdfium

    try:
        page = document[number - 1]
    except pdfium.PdfiumError:
        return Sheet(number, warnings=[warning("load.page_broken", page=number)])
    try:
        notes = read_annotations(document, page)
        if notes.drawn:
            # What was typed into a form or onto the page is drawn into it.
            pdfium.raw.FPDFPage_Flatten(page.raw, pdfium.raw.FLAT_NORMALDISPLAY)
            page.close()
            page = document[number - 1]
        return _read(page, number, scanner, notes, include)
    except pdfium.PdfiumError:
        return Sheet(number, warnings=[warning("load.page_broken", page=number)])
    finally:
        page.close()


def _read(
    page: PdfPage,
    number: int,
    scanner: Scanner | None,
    notes: Annotations,
    include: AbstractSet[str],
) -> Sheet:
    """The page from its text layer, or from its picture where that says more."""
    sheet, picture = _sheet(page, number, notes, include)
    if not _is_scan(sheet, picture):
        return sheet
    read = _scanned(page, number, scanner) if scanner else None
    if read is not None:
        return read
    sheet.scan = not sheet.lines()
    if scanner is None and not _is_garbled(sheet):
        sheet.warnings.append(warning("load.page_scanned", page=number))
    return sheet


def _is_scan(sheet: Sheet, picture: float) -> bool:
    """Whether a page is a scan: its text is in an image, not in the text layer."""
    letters = sum(len(line.text) for line in sheet.lines())
    return (
        _is_garbled(sheet)
        or (letters == 0 and picture > 0.02)
        or (letters < _STAMP and picture > _COVER)
    )


def _is_garbled(sheet: Sheet) -> bool:
    return any(note["code"] == "load.garbled" for note in sheet.warnings)


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


def _sheet(
    page: PdfPage, number: int, notes: Annotations, include: AbstractSet[str]
) -> tuple[Sheet, float]:
    rotation = page.get_rotation()
    textpage = page.get_textpage()
    try:
        boxes, picture = read_boxes(page)
        glyphs = Glyphs(textpage)
        upright = (360 - rotation) % 360
        x0, y0, x1, y1 = page.get_bbox()
        _, bottom, _, top = turned((x0, y0, x1, y1), upright)
        sheet = Sheet(number, bottom, top)
        looks = _leave_out(page, glyphs, sheet, boxes, picture, notes, include)
        raise_figures(glyphs)
        runs = read_runs(glyphs)
        for unwanted in (overprinted, line_numbers):
            found = unwanted(runs, glyphs)
            if found:
                glyphs.blank(found)
                runs = read_runs(glyphs)
        runs = without_watermarks(runs, looks)
        runs = with_annotations(_mended(runs, sheet), notes.runs)
        turns = sorted({run.turn for run in runs}, key=lambda turn: (turn != upright, turn))
        for turn in turns:
            own = [run for run in runs if run.turn == turn]
            own = _with_tables(own, boxes, glyphs, sheet)
            for region in reading_order(touching(own)):
                sheet.regions.append([to_line(row) for row in region])
        return sheet, picture
    finally:
        textpage.close()


def _leave_out(
    page: PdfPage,
    glyphs: Glyphs,
    sheet: Sheet,
    boxes: list[Box],
    picture: float,
    notes: Annotations,
    include: AbstractSet[str],
) -> set[int]:
    """Makes blanks of what is not to be read, and counts it; the characters that are pale."""
    looks = Looks(page, glyphs, picture)
    crossed = struck(glyphs, boxes, notes.strikes)
    off = outside(page, glyphs)
    if "hidden" not in include:
        sheet.left["hidden"] += stretches(looks.hidden & ~off, glyphs)
        off |= looks.hidden
    if "struck" not in include:
        sheet.left["struck"] += stretches(crossed & ~off, glyphs)
        glyphs.bridges |= crossed
        off |= crossed
    for left, low, right, high in notes.boxes:
        x = (glyphs.boxes[:, 0] + glyphs.boxes[:, 2]) / 2
        y = (glyphs.boxes[:, 1] + glyphs.boxes[:, 3]) / 2
        off |= (x > left) & (x < right) & (y > low) & (y < high)
    sheet.left["characters"] += glyphs.gaps
    sheet.left["comments"] += notes.comments
    sheet.left["pictures"] += looks.pictures
    glyphs.blank(off.nonzero()[0].tolist())
    return set(looks.pale.nonzero()[0].tolist())


def _mended(runs: list[Run], sheet: Sheet) -> list[Run]:
    """The runs with folded characters, without what is drawn twice, misread bytes recovered."""
    runs = _readable(runs, sheet)
    whole = "".join(run.text for run in runs)
    if sheet.warnings:
        pass
    elif is_garbled(whole):
        again = recover("\n".join(run.text for run in runs))
        lines = again.split("\n") if again else []
        if len(lines) == len(runs):
            sheet.warnings.append(warning("load.recovered", page=sheet.number))
            pairs = zip(runs, lines, strict=True)
            runs = [replace(run, text=line, first=-1, last=-1) for run, line in pairs]
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


def _readable(runs: list[Run], sheet: Sheet) -> list[Run]:
    """The runs, those of fonts that do not say which characters they show read again or marked."""
    out: list[Run] = []
    lost = kept = 0
    for part in _parts(runs):
        text = "\n".join(run.text for run in part)
        if not is_unreadable(text):
            kept += len(text)
            out += part
            continue
        again = recover(text)
        lines = again.split("\n") if again else []
        if len(lines) == len(part):
            kept += len(text)
            if not any(note["code"] == "load.recovered" for note in sheet.warnings):
                sheet.warnings.append(warning("load.recovered", page=sheet.number))
            pairs = zip(part, lines, strict=True)
            out += [replace(run, text=line, first=-1, last=-1) for run, line in pairs]
        else:
            lost += len(text)
            out += [replace(run, text=UNKNOWN, first=-1, last=-1) for run in part]
    if lost > kept:
        sheet.warnings.append(warning("load.garbled", page=sheet.number))
        return runs
    sheet.left["characters"] += lost
    return out


def _parts(runs: list[Run]) -> Iterator[list[Run]]:
    """The runs in stretches long enough to judge them."""
    part: list[Run] = []
    length = 0
    for run in runs:
        part.append(run)
        length += len(run.text)
        if length >= _STRETCH:
            yield part
            part, length = [], 0
    if part:
        yield part


def _same_place(one: Run, other: Run) -> bool:
    near = 0.3 * one.height
    return abs(one.x0 - other.x0) < near and abs(one.y0 - other.y0) < near


def _with_tables(runs: list[Run], boxes: list[Box], glyphs: Glyphs, sheet: Sheet) -> list[Run]:
    """The runs, those of a table put together as one each."""
    if not runs:
        return runs
    turn = runs[0].turn
    level, upright = to_rules([turned(box, turn) for box in boxes])
    words = to_words(runs, glyphs, upright)
    tables = find_tables(words, level, upright)
    if not tables:
        return runs
    sheet.tables += tables
    taken = {place for table in tables for place in table.taken}
    rest = remaining(runs, words, taken, glyphs)
    for table in tables:
        begin = min((words[place].first for place in table.taken), default=-1)
        behind = (number for number, run in enumerate(rest) if run.first > begin >= 0)
        # Where the file begins to draw it.
        rest.insert(next(behind, len(rest)), Run(table.text, *table.box, turn=turn))
    return rest


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
