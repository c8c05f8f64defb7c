"""Columns, rows and headers of a table from the places of its words and rules."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from .rules import Rule
from .table_header import header_lines, joined_header
from .table_parts import Cell, Column, Row, add_cells, cell_text
from .words import Piece, Word, pieces_of, rows_of, to_piece

_OVERLAP = 0.6  # points that a piece reaches into a column it stands in
_WIDTH = 0.6  # share of the table's width that a rule covers to part two rows
_MOST_COLUMNS = 60
_TIGHT = 1.15  # times the narrowest step from line to line: lines of one cell
_HALF = 0.65  # of a line's height: values set in the middle of a name of two lines
_WIDE = "\u2e80"


@dataclass(slots=True)
class Layout:
    """A table's columns and rows; the first ``header`` rows name the columns."""

    columns: list[Column]
    rows: list[Row]
    header: int

    def texts(self) -> list[list[str]]:
        """The cells' texts; what a header spans bears it in every column."""
        out: list[list[str]] = []
        for number, row in enumerate(self.rows):
            line = [""] * len(self.columns)
            for cell in row.cells:
                text = cell_text(cell.pieces)
                last = cell.last if number < self.header else cell.first
                for column in range(cell.first, last + 1):
                    line[column] = f"{line[column]} {text}".strip()
            out.append(line)
        return out


def lay_out_table(
    words: Sequence[Word], level: Sequence[Rule], upright: Sequence[Rule]
) -> Layout | None:
    """The layout of the words of a table; none where they have no two columns.

    Args:
        words: All that stand in its area.
        level: Rules in its area.
        upright: Rules in its area.
    """
    upright = sorted(upright, key=lambda rule: rule.at)
    lines = [_cut(pieces_of(row), upright) for row in rows_of(words)]
    columns = find_columns(lines, upright)
    if not 2 <= len(columns) <= _MOST_COLUMNS:
        return None
    rows = [_row(line, columns) for line in lines]
    _mark_rules(rows, level, columns)
    header = header_lines(rows)
    head = joined_header(rows[:header], columns, level, upright)
    body = _joined(rows[header:], columns)
    return Layout(columns, head + body, len(head))


def _cut(pieces: list[Piece], upright: Sequence[Rule]) -> list[Piece]:
    """Pieces cut between two words where an upright rule stands."""
    if not upright:
        return pieces
    places = [rule.at for rule in upright]
    out: list[Piece] = []
    for piece in pieces:
        y = (piece.y0 + piece.y1) / 2
        crossing = upright[bisect_right(places, piece.x0) : bisect_left(places, piece.x1)]
        near = [rule.at for rule in crossing if rule.low < y < rule.high]
        part: list[Word] = []
        for word in piece.words:
            middle = (word.x0 + word.x1) / 2
            if part and any((part[-1].x0 + part[-1].x1) / 2 < at <= middle for at in near):
                out.append(to_piece(part))
                part = []
            part.append(word)
        out.append(to_piece(part))
    return out


def find_columns(lines: Sequence[Sequence[Piece]], upright: Sequence[Rule] = ()) -> list[Column]:
    """The columns that the pieces of lines stand in, from left to right.

    Narrow pieces found a column, wider ones widen it; one that reaches over two columns which
    stand side by side in some line spans them.

    Args:
        lines: From the top down.
        upright: Rules that part columns, from left to right.
    """
    columns: list[Column] = []
    placed = [(piece.width, number, piece) for number, line in enumerate(lines) for piece in line]
    for _, number, piece in sorted(placed, key=lambda one: one[:2]):
        margin = min(_OVERLAP, piece.width / 4)
        low = bisect_right(columns, piece.x0 + margin, key=lambda column: column.x1)
        high = bisect_left(columns, piece.x1 - margin, key=lambda column: column.x0)
        met = columns[low:high]
        if len(met) > 1:
            if any(one.lines & other.lines for one, other in pairwise(met)):
                continue
            if any(_parted(one, other, upright) for one, other in pairwise(met)):
                continue
        whole = Column(piece.x0, piece.x1, {number})
        for column in met:
            whole.x0, whole.x1 = min(whole.x0, column.x0), max(whole.x1, column.x1)
        whole.lines = met[0].lines if met else whole.lines
        whole.lines.update([number], *(column.lines for column in met[1:]))
        columns[low : max(low, high)] = [whole]
        if len(columns) > 2 * _MOST_COLUMNS:
            return columns
    return _united(columns, upright)


def _parted(one: Column, other: Column, upright: Sequence[Rule]) -> bool:
    place = bisect_left(upright, one.x1 - 1, key=lambda rule: rule.at)
    return place < len(upright) and upright[place].at <= other.x0 + 1


def _united(columns: list[Column], upright: Sequence[Rule]) -> list[Column]:
    """Columns, neighbours that never stand side by side in a line as one, the nearest first."""
    columns = list(columns)
    while True:
        apart = [
            (other.x0 - one.x1, number)
            for number, (one, other) in enumerate(pairwise(columns))
            if not one.lines & other.lines and not _parted(one, other, upright)
        ]
        if not apart:
            return columns
        _, number = min(apart)
        one, other = columns[number : number + 2]
        columns[number : number + 2] = [
            Column(one.x0, max(one.x1, other.x1), one.lines | other.lines)
        ]


def _row(line: Sequence[Piece], columns: list[Column]) -> Row:
    cells: list[Cell] = []
    for piece in line:
        for part in _split(piece, columns):
            first, last = _span(part, columns)
            if cells and cells[-1].last >= first:
                if first < last and cells[-1].last < last:
                    first = cells[-1].last + 1
                else:
                    whole = to_piece([*cells[-1].pieces[0].words, *part.words])
                    cells[-1].pieces = [whole]
                    continue
            cells.append(Cell(first, last, [part]))
    return Row(cells, min(piece.y0 for piece in line), max(piece.y1 for piece in line))


def _span(piece: Piece, columns: list[Column]) -> tuple[int, int]:
    met = [
        number
        for number, column in enumerate(columns)
        if min(column.x1, piece.x1) - max(column.x0, piece.x0) > _OVERLAP
    ]
    if met:
        return met[0], met[-1]
    near = min(
        range(len(columns)),
        key=lambda number: max(columns[number].x0 - piece.x1, piece.x0 - columns[number].x1),
    )
    return near, near


def _split(piece: Piece, columns: list[Column]) -> list[Piece]:
    """A piece cut between columns, where each of its words stands in one and all are values."""
    first, last = _span(piece, columns)
    if first == last or len(piece.words) < 2:
        return [piece]
    groups: dict[int, list[Word]] = {}
    for word in piece.words:
        middle = (word.x0 + word.x1) / 2
        home = [n for n in range(first, last + 1) if columns[n].x0 - 1 < middle < columns[n].x1 + 1]
        if not home:
            return [piece]
        groups.setdefault(home[0], []).append(word)
    parts = [to_piece(group) for group in groups.values()]
    return parts if all(part.value for part in parts[1:]) else [piece]


def _mark_rules(rows: list[Row], level: Sequence[Rule], columns: list[Column]) -> None:
    """Notes which rows a rule parts from the next; those below a spanning header part none."""
    low, high = columns[0].x0, columns[-1].x1
    first = (columns[0].x0 + columns[0].x1) / 2
    named = {rule.at for rule in level if rule.low <= first <= rule.high}
    by_height: dict[float, float] = {}
    for rule in level:
        if rule.at in named:
            covered = min(rule.high, high) - max(rule.low, low)
            by_height[rule.at] = by_height.get(rule.at, 0.0) + max(covered, 0.0)
    across = sorted(at for at, covered in by_height.items() if covered > _WIDTH * (high - low))
    place = len(across) - 1
    for upper, lower in pairwise(rows):
        while place >= 0 and across[place] > upper.middle:
            place -= 1
        upper.ruled = place >= 0 and across[place] > lower.middle


def _joined(rows: list[Row], columns: list[Column]) -> list[Row]:
    """Body lines, the lines of wrapped cells joined to rows."""
    bands: list[list[Row]] = [[]]
    for row in rows:
        bands[-1].append(row)
        if row.ruled:
            bands.append([])
    bands = [band for band in bands if band]
    ruled = len(bands) >= 3 and median(len(band) for band in bands) <= 3
    steps = [upper.middle - lower.middle for upper, lower in pairwise(rows)]
    narrow = min((step for step in steps if step > 0), default=0.0)
    spaced = len(steps) > 2 and median(steps) > 1.2 * narrow
    out: list[Row] = []
    for band in bands:
        whole = ruled and not _has_rows(band)
        for number, row in enumerate(band):
            before = band[number - 1] if number else None
            if before is None or not (
                whole or _goes_on(out[-1], before, row, columns, narrow if spaced else 0.0)
            ):
                out.append(Row(list(row.cells), row.y0, row.y1, row.ruled))
            else:
                add_cells(out[-1], row)
    return out


def _has_rows(band: list[Row]) -> bool:
    """Whether the lines between two rules are rows of their own: some column has two values."""
    seen: set[int] = set()
    for row in band:
        values = {cell.first for cell in row.cells if cell.value}
        if values & seen:
            return True
        seen |= values
    return False


def _goes_on(whole: Row, upper: Row, lower: Row, columns: list[Column], narrow: float) -> bool:
    """Whether a line holds the rest of wrapped cells of the row above."""
    if upper.middle - lower.middle > 2.0 * (upper.y1 - upper.y0):
        return False
    clash = any(
        cell.value and (own := whole.at(cell.first)) is not None and own.value
        for cell in lower.cells
    )
    if clash:
        return False
    overlap = upper.middle - lower.middle < _HALF * (lower.y1 - lower.y0)
    if overlap and not {c.first for c in upper.cells} & {c.first for c in lower.cells}:
        return True
    filled = {cell.first for cell in whole.cells}
    added = {cell.first for cell in lower.cells}
    if added <= filled and len(added) < len(filled):
        cells = lower.cells
    elif filled == {0} and 0 in added:
        cells = [cell for cell in lower.cells if cell.first == 0]
    else:
        return False
    if any(cell.value for cell in cells):
        return False
    if narrow and upper.middle - lower.middle <= _TIGHT * narrow:
        return True
    return all(_continues(whole, cell, columns) for cell in cells)


def _continues(whole: Row, cell: Cell, columns: list[Column]) -> bool:
    above = whole.at(cell.first)
    if above is None:
        return False
    text, last = cell.pieces[0].text, above.pieces[-1]
    if text[:1] >= _WIDE:
        return columns[cell.last].x1 - last.x1 < 1.5 * last.height
    if text[:1].islower() or text[:1] == "(":
        return True
    return last.words[-1].hyphen or last.text.endswith(("-", ","))
