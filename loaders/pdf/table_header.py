"""Headers of a table: how many lines they take, and which columns each spans."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .rules import Rule
from .table_parts import Cell, Column, Row, add_cells

_MOST_HEADER = 8  # lines
_YEAR = re.compile(r"(?:1[89]|20)\d\d(?:\s?[-–/]\s?\d{2,4})?[a-z*]?$")
_CENTRED = 0.3  # of a column's pitch: how far a header may stand off the middle of what it spans


def _is_body(row: Row) -> bool:
    """Whether a line holds values under their headers, not years that are headers themselves."""
    rest = [cell for cell in row.cells if cell.first > 0]
    values = [cell for cell in rest if cell.value]
    if not rest or len(values) < 0.5 * len(rest):
        return False
    years = sum(bool(_YEAR.match(cell.pieces[0].text)) for cell in values)
    return years < len(values)


def header_lines(rows: list[Row]) -> int:
    """How many lines at the top are headers."""
    lead = rows[: _MOST_HEADER + 1]
    body = next((number for number, row in enumerate(lead) if _is_body(row)), None)
    ruled = [
        number + 1
        for number, row in enumerate(lead[:-1])
        if row.ruled and (body is None or number < body)
    ]
    full = [number for number in ruled if any(len(row.cells) > 1 for row in rows[:number])]
    if body is None:
        return full[0] if full else 1
    if full:
        # Below the rule under the names may stand a section's name, which is no header.
        return full[-1]
    while body > 1 and rows[body - 1].cells[-1].last == 0 and len(rows[body - 1].cells) == 1:
        body -= 1
    return body


def joined_header(
    rows: list[Row], columns: list[Column], level: Sequence[Rule], upright: Sequence[Rule]
) -> list[Row]:
    """Header lines with every span found, names that go over several lines joined."""
    for number, row in enumerate(rows):
        below = rows[number + 1].middle if number + 1 < len(rows) else row.y0 - (row.y1 - row.y0)
        last = number + 1 == len(rows)
        for place, cell in enumerate(row.cells):
            left = row.cells[place - 1].last + 1 if place else 0
            right = (
                row.cells[place + 1].first - 1 if place + 1 < len(row.cells) else len(columns) - 1
            )
            if not last:
                _widen(cell, columns, (left, right), (row.middle, below), (level, upright))
    out: list[Row] = []
    for row in rows:
        spans = any(cell.last > cell.first for cell in row.cells)
        before = out[-1] if out else None
        if (before and not before.ruled and not spans and not _spans(before)) or (
            before and not before.ruled and spans and _same_spans(before, row)
        ):
            add_cells(before, row)
        else:
            out.append(row)
    return out


def _spans(row: Row) -> bool:
    return any(cell.last > cell.first for cell in row.cells)


def _same_spans(upper: Row, lower: Row) -> bool:
    spans = {(cell.first, cell.last) for cell in upper.cells}
    return all((cell.first, cell.last) in spans for cell in lower.cells)


def _widen(
    cell: Cell,
    columns: list[Column],
    free: tuple[int, int],
    heights: tuple[float, float],
    rules: tuple[Sequence[Rule], Sequence[Rule]],
) -> None:
    """A header over all the columns it names: told by rules, else by standing in their middle."""
    middle, below = heights
    level, upright = rules
    centre = cell.pieces[0].middle
    under = [
        rule for rule in level if below < rule.at < middle and rule.low - 2 < centre < rule.high + 2
    ]
    beside = [rule.at for rule in upright if rule.low < middle < rule.high]
    left, right = columns[0].x0, columns[-1].x1
    if under:
        rule = max(under, key=lambda rule: rule.at)
        left, right = max(left, rule.low), min(right, rule.high)
        left = max([left, *(at for at in beside if at < centre)])
        right = min([right, *(at for at in beside if at > centre)])
        if right - left < 0.95 * (columns[-1].x1 - columns[0].x0):
            inside = [
                number
                for number in range(free[0], free[1] + 1)
                if left - 2 < (columns[number].x0 + columns[number].x1) / 2 < right + 2
            ]
            if inside:
                cell.first, cell.last = min(cell.first, inside[0]), max(cell.last, inside[-1])
            return
    if not beside and cell.first > 0:
        cell.first, cell.last = _centred(cell, columns, free)


def _centred(cell: Cell, columns: list[Column], free: tuple[int, int]) -> tuple[int, int]:
    """The columns in whose middle a header stands."""
    centre = cell.pieces[0].middle
    pitch = (columns[-1].x1 - columns[0].x0) / len(columns)
    spans = [
        (abs(centre - (columns[first].x0 + columns[last].x1) / 2), first, last)
        for first in range(cell.first, max(free[0], 1) - 1, -1)
        for last in range(cell.last, free[1] + 1)
    ]
    exact = [span for span in spans if span[0] < _CENTRED / 2 * pitch]
    if exact:
        _, first, last = max(exact, key=lambda span: (span[2] - span[1], -span[0]))
        return first, last
    off, first, last = min(spans)
    return (first, last) if off < _CENTRED * pitch else (cell.first, cell.last)
