"""Tables that go on over a page bear their header on each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .words import is_value

if TYPE_CHECKING:
    from .page import Sheet
    from .paragraphs import Line
    from .tables import Table

_EDGE = 0.2  # share of the page's height at its top and foot where running lines stand
_MOST_LINES = 3  # of them at each edge
_NEAR = 6.0  # points by which the sides of both parts may differ


def continue_table(before: Sheet, sheet: Sheet) -> None:
    """Puts the header of a page's last table above the one that goes on on the next page.

    Args:
        before: The page before.
        sheet: The page; its table and its line are changed.
    """
    last, first = _last(before), _first(sheet)
    if last is None or first is None:
        return
    above, (below, line) = last, first
    if not 0 < above.header < len(above.rows) or len(above.rows[0]) != len(below.rows[0]):
        return
    if any(abs(above.box[side] - below.box[side]) > _NEAR for side in (0, 2)):
        return
    header = above.rows[: above.header]
    if below.rows[0] == header[0] or not _goes_on(above, below):
        return
    below.rows = header + below.rows
    below.header = above.header
    line.text = below.text


def _last(sheet: Sheet) -> Table | None:
    """The table that is the last on a page but for running lines."""
    foot = sheet.bottom + _EDGE * (sheet.top - sheet.bottom)
    lines = sheet.lines()
    rest: list[Line] = []
    while lines and not lines[-1].table:
        rest.append(lines.pop())
    if not lines or len(rest) > _MOST_LINES or any(line.y1 > foot for line in rest):
        return None
    return next((table for table in sheet.tables if table.text == lines[-1].text), None)


def _first(sheet: Sheet) -> tuple[Table, Line] | None:
    """The table that is the first on a page but for running lines, and its line."""
    head = sheet.top - _EDGE * (sheet.top - sheet.bottom)
    for number, line in enumerate(sheet.lines()[: _MOST_LINES + 1]):
        if line.table:
            tables = (table for table in sheet.tables if table.text == line.text)
            table = next(tables, None)
            return (table, line) if table and line.y1 > head - _NEAR else None
        if line.y0 < head or number == _MOST_LINES:
            return None
    return None


def _goes_on(above: Table, below: Table) -> bool:
    """Whether the lower table's first row holds values where the upper one's body does."""
    body = above.rows[above.header :]
    for column, text in enumerate(below.rows[0]):
        filled = [row[column] for row in body if row[column]]
        values = sum(map(is_value, filled))
        if text and filled and values > 0.5 * len(filled) and not is_value(text):
            return False
    return True
