"""Tables that go on over a page bear their header on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .words import is_value

if TYPE_CHECKING:
    from .page import Sheet
    from .paragraphs import Line
    from .tables import Table

_EDGE = 0.2  # share of the page's height at its top and foot where running lines stand
_MOST_LINES = 3  # of them at each edge
_NEAR = 6.0  # points by which the sides of both parts may differ


Part = dict[str, Any]
"""What a table's other part must know of it, as JSON can say it."""


def outer_tables(sheet: Sheet) -> Part:
    """The ``first`` and ``last`` table of a page, and whether they are the ``same`` one."""
    first, last = _first(sheet), _last(sheet)
    return {
        "first": _part(first[0]) if first else None,
        "last": _part(last) if last else None,
        "same": first is not None and first[0] is last,
    }


class Continuation:
    """Carries the header of a table over page breaks, one page after the other."""

    def __init__(self) -> None:
        self._above: Part | None = None

    def note(self, tables: Part, sheet: Sheet | None) -> None:
        """Takes in the next page.

        Args:
            tables: What ``outer_tables`` gave for it.
            sheet: The page, whose first table gets the header of the one that goes on in it; None
                where another process has it.
        """
        header = _header(self._above, tables["first"])
        self._above = tables["last"]
        if not header:
            return
        if sheet is not None and (first := _first(sheet)):
            table, line = first
            table.rows = header + table.rows
            table.header = len(header)
            line.text = table.text
        if tables["same"]:
            below = tables["first"]
            self._above = {**below, "header": header, "values": below["all"]}


def _part(table: Table) -> Part:
    return {
        "sides": [table.box[0], table.box[2]],
        "header": table.rows[: table.header] if table.header < len(table.rows) else [],
        "row": table.rows[0],
        "values": _values(table.rows[table.header :]),
        "all": _values(table.rows),
    }


def _values(body: list[list[str]]) -> list[bool]:
    """Of each column, whether most of what stands in it are values."""
    columns = [[row[at] for row in body if row[at]] for at in range(len(body[0]) if body else 0)]
    return [sum(map(is_value, filled)) > 0.5 * len(filled) for filled in columns]


def _header(above: Part | None, below: Part | None) -> list[list[str]]:
    """The header that a table goes on under; empty where it is another table."""
    if above is None or below is None or not above["header"]:
        return []
    header: list[list[str]] = above["header"]
    if len(above["row"]) != len(below["row"]) or below["row"] == header[0]:
        return []
    if any(abs(a - b) > _NEAR for a, b in zip(above["sides"], below["sides"], strict=True)):
        return []
    # Its first row holds values where the upper one's body does.
    columns = zip(above["values"], below["row"], strict=True)
    goes_on = not any(values and text and not is_value(text) for values, text in columns)
    return header if goes_on else []


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
