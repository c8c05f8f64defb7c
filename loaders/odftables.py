"""Tables of OpenDocument: of texts and slides, of sheets, and the values of charts."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .blocks import join_blocks
from .errors import LoadError
from .grids import Span, grid_text
from .odfstyles import attribute, named, whole_number

if TYPE_CHECKING:
    from .odftext import OdfText

_MOST_CELLS = 1_000_000  # of all tables of a file, with what is repeated
_MOST_CHARACTERS = 50_000_000
_MOST_REPEATED = 1 << 20
_WIDEST = 1000  # columns between two cells with a text; more of them are a blank
_ROW_GROUPS = frozenset("table-row-group table-header-rows table-rows".split())
_COLUMN_GROUPS = frozenset("table-column-group table-header-columns table-columns".split())
_UNSEEN = ("collapse", "filter")


class TooManyCellsError(ValueError):
    """A table holds more than a document would."""


@dataclass
class _Table:
    """Rows as they are read, with the merged cells among them."""

    rows: list[list[str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    header: int = 0


class _Room:
    """How much more a file's tables may hold."""

    def __init__(self) -> None:
        self.cells = _MOST_CELLS
        self.characters = _MOST_CHARACTERS

    def take(self, row: list[str], times: int) -> None:
        self.cells -= (len(row) + 1) * times
        self.characters -= sum(map(len, row)) * times
        if self.cells < 0 or self.characters < 0:
            raise TooManyCellsError


def table_text(table: Any, writer: OdfText, depth: int) -> str:
    """A table of a text or slide; one within a cell comes as lines of it."""
    try:
        read = _read(table, writer, _Room(), depth)
    except TooManyCellsError:
        writer.count("objects")
        return ""
    inner = any(named(above) == "table" for above in table.iterancestors())
    if inner:
        return "\n".join(" ".join(filter(None, row)) for row in read.rows)
    return grid_text(read.rows, read.spans, read.header or None)


def read_sheets(root: Any, writer: OdfText, file: str) -> Iterator[tuple[str, int | None]]:
    """A workbook's sheets in order, each under its name, blocks of cells parted by blank rows.

    Args:
        root: The spreadsheet element.
        writer: Writes what stands in cells.
        file: The file's name, for errors.

    Raises:
        LoadError: They hold more cells or characters than a document would.
    """
    room = _Room()
    for table in root:
        if named(table) != "table":
            continue
        hidden = writer.source.table_property(table, "display") == "false"
        if hidden and "hidden" not in writer.include:
            writer.count("sheets")
            continue
        try:
            read = _read(table, writer, room, 0)
        except TooManyCellsError as error:
            raise LoadError("load.too_many_cells", file=file, most=_MOST_CELLS) from error
        blocks = list(_blocks(read))
        for shapes in table.iterfind("{*}shapes"):
            blocks += writer.blocks(shapes, 1)
        blocks += writer.take_notes()
        if blocks:
            yield join_blocks([f"## {attribute(table, 'name')}", *blocks]), None


def _blocks(table: _Table) -> Iterator[str]:
    """The parts of a sheet between blank rows; a merged cell over a blank row is one part's."""
    spans = sorted(table.spans)
    first = at_span = 0
    bridged = 0  # one past the last row that a merged cell so far reaches
    for at in range(len(table.rows) + 1):
        while at_span < len(spans) and spans[at_span].row <= at:
            bridged = max(bridged, spans[at_span].row + spans[at_span].rows)
            at_span += 1
        ends = at == len(table.rows)
        if ends or not (at < bridged or any(cell.strip() for cell in table.rows[at])):
            rows = table.rows[first:at]
            if any(cell.strip() for row in rows for cell in row):
                own = spans[bisect(spans, (first,)) : bisect(spans, (at,))]
                yield grid_text(rows, [span._replace(row=span.row - first) for span in own])
            first = at + 1


def _read(table: Any, writer: OdfText, room: _Room, depth: int) -> _Table:
    unseen: set[int] = set()
    if "hidden" not in writer.include:
        unseen = _unseen_columns(table)
        if unseen:
            writer.count("rows", len(unseen))
    read = _Table()
    _read_rows(table, read, writer, room, unseen, depth, header=False)
    while read.rows and not any(cell.strip() for cell in read.rows[-1]):
        read.rows.pop()
    return read


def _read_rows(
    parent: Any, read: _Table, writer: OdfText, room: _Room, unseen: set[int], depth: int,
    *, header: bool,
) -> None:  # fmt: skip
    for node in parent:
        name = named(node)
        if name in _ROW_GROUPS:
            # Groups nest as deep as a person folds them; the parser bounds how deep a file can.
            inside = header or name == "table-header-rows"
            _read_rows(node, read, writer, room, unseen, depth + 1, header=inside)
        elif name == "table-row":
            _read_row(node, read, writer, room, unseen, depth)
            if header and len(read.rows) == read.header + 1:
                read.header += 1


def _read_row(
    node: Any, read: _Table, writer: OdfText, room: _Room, unseen: set[int], depth: int
) -> None:
    times = whole_number(attribute(node, "number-rows-repeated"), 1, _MOST_REPEATED)
    spans: list[Span] = []
    row = _cells(node, len(read.rows), spans, writer, room, depth)
    filled = any(cell.strip() for cell in row)
    if "hidden" not in writer.include and attribute(node, "visibility") in _UNSEEN:
        writer.count("rows", times if filled else 0)
        return
    if unseen:
        row, spans = _without(row, spans, unseen)
    if not filled:
        times = 1  # however many blank rows there are, they part two blocks
    room.take(row, times)
    read.rows += [row] * times
    read.spans += spans


def _cells(
    node: Any, at: int, spans: list[Span], writer: OdfText, room: _Room, depth: int
) -> list[str]:
    row: list[str] = []
    blank = 0  # cells without a text since the last one with one
    for cell in node:
        name = named(cell)
        if name not in ("table-cell", "covered-table-cell"):
            continue
        times = whole_number(attribute(cell, "number-columns-repeated"), 1, _MOST_REPEATED)
        text = "" if name == "covered-table-cell" else _text(cell, writer, depth)
        if not text:
            # Of merged cells the upper left one has the text; where it has none there is nothing.
            blank += times
            continue
        row += [""] * min(blank, _WIDEST)
        blank = 0
        wide = whole_number(attribute(cell, "number-columns-spanned"), 1, _WIDEST)
        high = whole_number(attribute(cell, "number-rows-spanned"), 1, _MOST_REPEATED)
        if wide * high > 1:
            spans.append(Span(at, len(row), high, wide))
        room.take([text], times)
        row += [text] * times
    return row


def _without(row: list[str], spans: list[Span], unseen: set[int]) -> tuple[list[str], list[Span]]:
    """A row without some of its columns."""
    seen = [i for i in range(len(row)) if i not in unseen]
    kept = [
        span._replace(
            column=sum(i not in unseen for i in range(span.column)),
            columns=sum(i not in unseen for i in range(span.column, span.column + span.columns)),
        )
        for span in spans
        if span.column not in unseen
    ]
    return [row[i] for i in seen], kept


def _unseen_columns(table: Any) -> set[int]:
    unseen: set[int] = set()
    at = 0
    stack = [iter(table)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
        elif named(node) in _COLUMN_GROUPS:
            stack.append(iter(node))
        elif named(node) == "table-column":
            times = whole_number(attribute(node, "number-columns-repeated"), 1, _MOST_REPEATED)
            # The columns right of a sheet's last cell are one long repetition.
            if attribute(node, "visibility") in _UNSEEN and times <= _WIDEST:
                unseen |= set(range(at, at + times))
            at += times
    return unseen


def _text(cell: Any, writer: OdfText, depth: int) -> str:
    """What a cell shows: its text, or where the writing program left none its value."""
    text = " ".join(block.removeprefix("- ") for block in writer.blocks(cell, depth + 1)).strip()
    if text:
        return text
    for name in ("date-value", "time-value", "boolean-value", "string-value", "value"):
        if value := attribute(cell, name):
            return value
    formula = attribute(cell, "formula")
    if formula and not attribute(cell, "value-type"):
        writer.count("formulas")
        return "=" + formula.partition("=")[2]
    return ""


def chart_text(root: Any, writer: OdfText) -> str:
    """A chart's title and the values that it draws."""
    title = next(root.iter("{*}title"), None)
    words = " ".join("".join(title.itertext()).split()) if title is not None else ""
    tables = [table for table in root.iter("{*}table") if table.getparent() is not None]
    texts = [table_text(table, writer, 0) for table in tables[:1]]
    return join_blocks([part for part in (words, *texts) if part])
