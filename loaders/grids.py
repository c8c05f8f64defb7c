"""Rows of cells as text: a Markdown table for short cells, records for long ones.

Every format that has tables writes them here. A cell that stands over several columns or rows is
written in each of them, so that no value slips under another name; what stands above the column
names is no name and goes before the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_LONG_CELL = 200  # characters; a table of longer cells reads better as records
_MOST_FILLED_UP = 1_000_000  # cells of a table once its rows are made equally long
_HOLLOW = 10  # times as many cells as were given; such rows are no table
_WIDEST = 1000  # columns that one cell may stand over, as in HTML
_MOST_REPEATED = 4_000_000  # characters of a table that merged cells add
_LONG_ACROSS = 80  # characters; a longer text over several columns is a paragraph, no value
_MOST_ABOVE = 20  # rows before the column names
_SAMPLE = 200  # rows that say how a table is filled
_DEEPEST_NAMES = 4  # rows of column names
_NOTE = 40  # characters; a longer text alone in a table's last row is a note below it
_NUMBER = re.compile(r"[(（]?[-+−±]?\s?[¥￥$€£]?\s?\d[\d,.'\s]*[%‰]?[)）]?$")
_YEAR = re.compile(r"(?:19|20)\d\d\s?年?$")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What stands in it.
        columns: Over how many columns it stands.
        rows: Over how many rows, its own included.
    """

    text: str
    columns: int = 1
    rows: int = 1


class Span(NamedTuple):
    """A merged cell: its upper left place, counted from 0, and its height and width."""

    row: int
    column: int
    rows: int
    columns: int


def markdown_table(rows: list[list[str]]) -> str:
    """Rows of cells as a Markdown table, the first row as its header.

    Args:
        rows: Equally long; line breaks in a cell become blanks.
    """
    lines = ["| " + " | ".join(_clean(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def _clean(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")


def tidy(rows: list[list[str]]) -> list[list[str]]:
    """Rows padded to equal length, without empty rows and columns.

    Args:
        rows: Of any lengths.
    """
    return _tidy(_Grid(rows)).rows


def table_text(cells: Sequence[Sequence[Cell]], header: int | None = None) -> str:
    """Cells with their spans as text, like ``grid_text``.

    Args:
        cells: Row by row, as HTML lists them: what a cell above covers is not among them.
        header: How many rows at the top the file itself calls column names; None if it is silent.
    """
    rows: list[list[str]] = []
    spans: list[Span] = []
    covered: dict[int, int] = {}  # by column: the first row that no cell above covers
    area = 0
    for at, row in enumerate(cells):
        line: list[str] = []
        for cell in row:
            while covered.get(len(line), 0) > at:
                line.append("")
            wide = min(max(cell.columns, 1), _WIDEST)
            high = min(max(cell.rows, 1), len(cells) - at)
            area += wide * high
            if area > _MOST_FILLED_UP:
                wide = high = 1
            if wide * high > 1:
                spans.append(Span(at, len(line), high, wide))
                covered |= dict.fromkeys(range(len(line), len(line) + wide), at + high)
            line += [cell.text, *[""] * (wide - 1)]
        rows.append(line)
    return grid_text(rows, spans, header)


def grid_text(rows: list[list[str]], spans: Iterable[Span] = (), header: int | None = None) -> str:
    """Rows of cells as text: lines, a Markdown table or records, whichever reads best.

    Args:
        rows: Of any lengths; of a merged cell only the upper left place is filled.
        spans: The merged cells.
        header: How many rows at the top the file itself calls column names; None if it is silent,
            and they are found.
    """
    if _is_hollow(rows):
        return "\n".join(" | ".join(_clean(cell) for cell in row if cell.strip()) for row in rows)
    grid = _tidy(_filled(rows, spans, header))
    rows = grid.rows
    if not rows:
        return ""
    if len(rows[0]) == 1:
        return "\n".join(row[0].strip() for row in rows)
    first = _first_of_names(grid)
    last = _last_of_body(grid, first)
    above = "\n".join(" ".join(grid.own(at)) for at in range(first))
    below = "\n".join(" ".join(grid.own(at)) for at in range(last, len(rows)))
    _close_gaps(grid, first, last)
    depth = _depth_of_names(grid, first, last)
    names = grid.body_row(first) if depth == 1 else _joined(rows[first : first + depth])
    table = [names, *(grid.body_row(at) for at in range(first + depth, last))]
    longest = max(len(cell) for row in table for cell in row)
    as_records = len(table) > 1 and longest > _LONG_CELL
    written = _records(table) if as_records else markdown_table(table)
    return "\n\n".join(part for part in (above, written, below) if part)


def continues(above: list[list[str]], below: list[list[str]]) -> bool:
    """Whether rows behind a gap go on with the table above it: no names, but values as there.

    Args:
        above: The rows before the gap, of any lengths.
        below: Those behind it.
    """
    if len(above) < 2 or not below or max(map(len, below)) != max(map(len, above)):
        return False
    agreed = 0
    for column, cell in enumerate(below[0]):
        values = [row[column] for row in above[1:_SAMPLE] if column < len(row) and row[column]]
        numbers = sum(map(is_number, values))
        if bool(cell) != bool(values) or (numbers == len(values) and not is_number(cell)):
            return False
        agreed += bool(values) and numbers == len(values) and not is_number(above[0][column])
    return agreed > 0


def is_number(text: str) -> bool:
    """Whether a cell holds an amount; a year may be the name of a column."""
    text = text.strip()
    return bool(_NUMBER.match(text)) and not _YEAR.match(text)


class _Grid:
    """Rows of cells, with the places that repeat the one to their left or above them."""

    def __init__(self, rows: list[list[str]], header: int | None = None) -> None:
        self.rows = rows
        self.header = header
        self.across: set[tuple[int, int]] = set()
        self.down: set[tuple[int, int]] = set()

    def own(self, at: int) -> list[str]:
        """The texts of a row, each once."""
        cells = enumerate(self.rows[at])
        return [cell.strip() for i, cell in cells if cell.strip() and (at, i) not in self.across]

    def is_alone(self, at: int) -> bool:
        """Whether one cell is all there is in a row, and begins it or fills it."""
        row = self.rows[at]
        filled = bool(row[0].strip()) or (not self.across and len(row) > 2)
        return len(self.own(at)) == 1 and filled

    def body_row(self, at: int) -> list[str]:
        """A row as it is written: what stands over the whole of it is no value of its columns."""
        row = self.rows[at]
        if self.across and all((at, i) in self.across for i in range(1, len(row))):
            return [row[0], *[""] * (len(row) - 1)]
        return row


def _filled(rows: list[list[str]], spans: Iterable[Span], header: int | None) -> _Grid:
    """The rows with every merged cell's text in all its places."""
    grid = _Grid(rows, header)
    left, area = _MOST_REPEATED, _MOST_FILLED_UP
    copied = False
    for span in spans:
        if span.row >= len(rows) or span.column >= len(rows[span.row]):
            continue
        text = grid.rows[span.row][span.column]
        wide = min(span.columns, _WIDEST) if len(text) <= _LONG_ACROSS else 1
        high = min(span.rows, len(rows) - span.row) if len(text) <= _LONG_CELL else 1
        left -= len(text) * (wide * high - 1)
        area -= wide * high
        if not text.strip() or wide * high == 1 or left < 0 or area < 0:
            continue
        if not copied:
            grid.rows, copied = [list(row) for row in rows], True
        for at in range(span.row, span.row + high):
            row = grid.rows[at]
            row += [""] * (span.column + wide - len(row))
            for column in range(span.column, span.column + wide):
                here = (at, column)
                if here == (span.row, span.column) or row[column].strip():
                    continue
                row[column] = text
                if column > span.column:
                    grid.across.add(here)
                if at > span.row:
                    grid.down.add(here)
    return grid


def _tidy(grid: _Grid) -> _Grid:
    """The grid with rows of equal length; rows and columns without a text of their own are gone."""
    down, across = grid.down, grid.across
    kept = [
        at
        for at, row in enumerate(grid.rows)
        if any(cell.strip() and (not down or (at, i) not in down) for i, cell in enumerate(row))
    ]
    width = max((len(grid.rows[at]) for at in kept), default=0)
    full = [[*grid.rows[at], *[""] * (width - len(grid.rows[at]))] for at in kept]
    used = [
        i
        for i in range(width)
        if any(
            row[i].strip() and (not across or (at, i) not in across)
            for at, row in zip(kept, full, strict=True)
        )
    ]
    tidied = _Grid(full if len(used) == width else [[row[i] for i in used] for row in full])
    if grid.header is not None:
        tidied.header = sum(at < grid.header for at in kept)
    if down or across:
        rows = {at: new for new, at in enumerate(kept)}
        columns = {i: new for new, i in enumerate(used)}
        for old, new in ((down, tidied.down), (across, tidied.across)):
            new |= {(rows[at], columns[i]) for at, i in old if at in rows and i in columns}
    return tidied


def _first_of_names(grid: _Grid) -> int:
    """The row that the column names begin in: the first that is filled as most rows are.

    What stands above is a title or a note: alone in its row, or in far fewer cells.
    """
    most = min(len(grid.rows) - 1, _MOST_ABOVE)
    if grid.header is not None:
        alone = (at for at in range(most + 1) if not grid.is_alone(at))
        return next(alone, 0)
    filled = [len(grid.own(at)) for at in range(min(len(grid.rows), _SAMPLE))]
    usual = max(filled, key=lambda one: (filled.count(one), one))
    for at in range(most + 1):
        if len(grid.rows[at]) == 2 and not grid.rows[at][0].strip():
            return at  # a column of labels needs no name
        if filled[at] < 2 or not (filled[at] * 5 >= usual * 3 or grid.across):
            continue
        following = at + 1 < most and filled[at] < usual == filled[at + 1]
        ends = grid.rows[at][-1].strip()
        if ends or not following or not _are_names(grid, at + 1, at + 2, len(grid.rows)):
            return at
    return 0


def _last_of_body(grid: _Grid, first: int) -> int:
    """One past the last row of the table; notes stand below."""
    last = len(grid.rows)
    while last > first + 2 and len(own := grid.own(last - 1)) == 1:
        whole = (last - 1, len(grid.rows[0]) - 1) in grid.across and grid.rows[last - 1][0].strip()
        if not whole and (len(own[0]) <= _NOTE or not grid.rows[last - 1][0].strip()):
            break
        last -= 1
    return last


def _depth_of_names(grid: _Grid, first: int, last: int) -> int:
    """How many rows the column names take."""
    most = min(_DEEPEST_NAMES, last - first - 1)
    if most < 2:
        return 1
    if grid.header is not None and grid.header > first:
        return min(grid.header - first, most)
    row, after = grid.rows[first], grid.rows[first + 1]
    grouped = any((first, i) in grid.across for i in range(len(row)))
    depth = 1
    while depth < most and any((first + depth, i) in grid.down for i in range(len(row))):
        depth += 1
    begins = after[0].strip() and (first + 1, 0) not in grid.down
    if depth > 1 and (grouped or _are_names(grid, first + 1, first + depth, last)):
        return depth
    if depth == 1 and grouped and (not begins or _are_names(grid, first + 1, first + 2, last)):
        return 2
    return 1


def _close_gaps(grid: _Grid, first: int, last: int) -> None:
    """Has a name stand over the unnamed columns to its right, where a second row names those."""
    if last - first < 3 or grid.header is not None:
        return
    row, after, body = grid.rows[first : first + 3]
    gaps = [i for i in range(1, len(row)) if not row[i].strip()]
    labels = row[0].strip() and not after[0].strip() and body[0].strip()
    if gaps and labels and all(after[i].strip() for i in gaps):
        grid.rows[first] = row = list(row)
        for i in gaps:
            row[i] = row[i - 1]
            grid.across.add((first, i))


def _are_names(grid: _Grid, at: int, body: int, last: int) -> bool:
    """Whether a row holds words where a row of the body holds numbers."""
    own = [
        i
        for i, cell in enumerate(grid.rows[at])
        if cell.strip() and (at, i) not in grid.down and (at, i) not in grid.across
    ]
    if any(is_number(grid.rows[at][i]) for i in own):
        return False
    sample = grid.rows[body : min(last, body + _SAMPLE)]
    return any(is_number(row[i]) for row in sample for i in own)


def _joined(rows: list[list[str]]) -> list[str]:
    """Column names of several rows as one row: what stands above comes first, each word once."""
    return [
        " ".join(dict.fromkeys(filter(None, map(str.strip, parts))))
        for parts in zip(*rows, strict=True)
    ]


def _is_hollow(rows: list[list[str]]) -> bool:
    """Whether padded rows would be nearly empty: one long row among short ones."""
    given = sum(map(len, rows))
    full = len(rows) * max(map(len, rows), default=0)
    return full > _MOST_FILLED_UP and full > _HOLLOW * given


def _records(rows: list[list[str]]) -> str:
    """Each row as lines of ``column: value``, rows parted by blank lines."""
    names = [" ".join(name.split()) for name in rows[0]]
    records = []
    for row in rows[1:]:
        named = [
            f"{name}: {cell.strip()}" if name else cell.strip()
            for name, cell in zip(names, row, strict=True)
            if cell.strip()
        ]
        records.append("\n".join(named))
    return "\n\n".join(records)
