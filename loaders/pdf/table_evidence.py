"""Judges whether text that stands in columns is a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median

from .rules import Box, Rule
from .table_parts import Cell, Row
from .table_structure import Layout
from .words import Piece

_FULL_RULE = 0.7  # of the table's width
_FILLED = 0.45  # share of the cells
_ALIGNED = 0.55  # share of a column's cells that begin, end or stand centred at one place
_UNSURE = 0.2  # share of rows without a name, beside as many names without a row
_LONG_CELL = 28  # characters in the mean
_LIST_MARK = re.compile(r"(?:[-–•●·▪◦○■□◆➢✓*☐☒☑o]|\(?\w{1,4}[.)、）])$")
_LEADERS = re.compile(r"(?:[.·…]\s?){4}")
_CODE = re.compile(r"[{};=]|->|::|\(\)|//|/\*")


def is_table(layout: Layout, level: Sequence[Rule], box: Box) -> bool:
    """Whether columns of text are a table: filled, aligned, named, of short cells or values.

    Args:
        layout: What stands in columns.
        level: Rules near it.
        box: Its place in points.
    """
    columns = len(layout.columns)
    rows = [row for row in layout.rows if len(row.cells) > 1]
    body = [row for row in layout.rows[layout.header :] if len(row.cells) > 1]
    cells = [cell for row in rows for cell in row.cells]
    filled = sum(cell.last - cell.first + 1 for cell in cells)
    if not body or filled < _FILLED * len(rows) * columns:
        return False
    if not _is_aligned(layout.rows[layout.header :]) or _is_code(cells) or _runs_across(body):
        return False
    if _loses_names(layout):
        return False
    rest = [cell for row in body for cell in row.cells if cell.first > 0]
    values = sum(cell.value for cell in rest) / max(len(rest), 1)
    length = mean(sum(len(piece.text) for piece in cell.pieces) for cell in cells)
    edges = {rule.at for rule in level if rule.high - rule.low > _FULL_RULE * (box[2] - box[0])}
    if len(edges) >= 2:
        inner = [at for at in edges if body[-1].middle < at < layout.rows[0].middle]
        enough = len(rows) >= (2 if values > 0.5 else 3)
        if values > 0.5 or not enough:
            return enough and (layout.header > 0 or _is_named(layout, body))
        return bool(inner) and _is_terse(cells) and filled >= 0.6 * len(rows) * columns
    if len(body) < (3 if layout.header else 4) or not _is_named(layout, body):
        return False
    if length > _LONG_CELL or _is_list(body, columns) or _counts_pages(body, columns):
        return False
    if columns == 2:
        return values >= 0.8
    return values >= 0.5 or (filled >= 0.8 * len(rows) * columns and len(rows) >= 4)


def _is_terse(cells: Sequence[Cell]) -> bool:
    """Whether few cells hold sentences, and none over several columns."""
    most = 2 * _LONG_CELL
    long = [cell for cell in cells for piece in cell.pieces if len(piece.text) > most]
    if any(cell.last > cell.first for cell in long) or len(long) > 0.15 * len(cells):
        return False
    return mean(sum(len(piece.text) for piece in cell.pieces) for cell in cells) < most


def _is_code(cells: Sequence[Cell]) -> bool:
    """Whether cells hold a program, a dialogue with a shell, or a drawing made of signs."""
    texts = [piece.text for cell in cells for piece in cell.pieces]
    if sum(bool(_CODE.search(text)) for text in texts) > 0.25 * len(texts):
        return True
    first = [cell.pieces[0].text for cell in cells if cell.first == 0]
    return sum(not any(map(str.isalnum, text)) for text in first) > 0.3 * len(first)


def _runs_across(body: Sequence[Row]) -> bool:
    """Whether text runs over the borders of columns: it only happens to have gaps there."""
    cells = [cell for row in body for cell in row.cells]
    return sum(cell.last > cell.first for cell in cells) > 0.15 * len(cells)


def _loses_names(layout: Layout) -> bool:
    """Whether names and values stand on lines of their own: nobody knows which belong together."""
    body = layout.rows[layout.header :]
    alone = sum(row.cells[-1].last == 0 for row in body)
    nameless = sum(row.cells[0].first > 0 for row in body)
    return min(alone, nameless) > _UNSURE * len(body)


def _is_named(layout: Layout, body: Sequence[Row]) -> bool:
    """Whether words say what the values are, at the head of columns or at the start of rows."""
    head = [cell for row in layout.rows[: layout.header] for cell in row.cells]
    spanned = sum(cell.last - cell.first + 1 for cell in head if not cell.value)
    if spanned >= 0.5 * len(layout.columns):
        return True
    first = [cell for row in body if (cell := row.at(0)) is not None]
    return sum(not cell.value for cell in first) >= 0.5 * len(body)


def _is_list(body: Sequence[Row], columns: int) -> bool:
    """Whether the first column holds bullets or numbers of list items."""
    first = [cell for row in body if (cell := row.at(0)) is not None]
    marks = sum(bool(_LIST_MARK.match(cell.pieces[0].text)) for cell in first)
    return columns < 4 and marks > 0.5 * len(first)


def _is_aligned(rows: Sequence[Row]) -> bool:
    """Whether the cells of most columns begin, end or stand centred at one place."""
    pieces: dict[int, list[Piece]] = {}
    for row in rows:
        for cell in row.cells:
            if cell.first == cell.last:
                pieces.setdefault(cell.first, []).append(cell.pieces[0])
    good = checked = 0
    for own in pieces.values():
        if len(own) < 3:
            continue
        checked += 1
        near = 0.3 * median(piece.height for piece in own)
        shares = []
        for places in (
            [piece.x0 for piece in own],
            [piece.x1 for piece in own],
            [piece.middle for piece in own],
        ):
            usual = median(places)
            shares.append(sum(abs(place - usual) <= near for place in places) / len(places))
        good += max(shares) >= _ALIGNED
    return good >= 0.6 * checked


def _counts_pages(rows: Sequence[Row], columns: int) -> bool:
    """Whether the last column holds page numbers: they only rise, and no other has values."""
    last = [row.at(columns - 1) for row in rows]
    numbers = [
        int(cell.pieces[0].text) for cell in last if cell and cell.pieces[0].text.isdecimal()
    ]
    if len(numbers) < 0.7 * len(rows) or len(numbers) < 3:
        return False
    others = [cell for row in rows for cell in row.cells if 0 < cell.first < columns - 1]
    if others and sum(cell.value for cell in others) > 0.2 * len(others):
        return False
    dotted = sum(any(_LEADERS.search(c.pieces[0].text) for c in row.cells) for row in rows)
    rise = numbers[0] < numbers[-1] or dotted > 0.3 * len(rows)
    return rise and all(one <= other for one, other in pairwise(numbers))
