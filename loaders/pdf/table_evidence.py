"""Judges whether text that stands in columns is a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median

from .rules import Box, Rule
from .table_structure import Layout, Row
from .words import Piece

_FULL_RULE = 0.7  # of the table's width
_FILLED = 0.45  # share of the cells
_ALIGNED = 0.55  # share of a column's cells that begin, end or stand centred at one place
_LONG_CELL = 28  # characters in the mean
_LIST_MARK = re.compile(r"(?:[-–•●·▪◦○■□◆➢✓*☐☒☑o]|\(?\w{1,4}[.)、）])$")
_CODE = re.compile(r"[{};=]|->|::|\(\)|//|/\*")


def is_table(layout: Layout, level: Sequence[Rule], box: Box) -> bool:
    """Whether columns of text are a table: filled, aligned, of short cells or values.

    Args:
        layout: What stands in columns.
        level: Rules near it.
        box: Its place in points.
    """
    columns = len(layout.columns)
    rows = [row for row in layout.rows if len(row.cells) > 1]
    rules = len(
        {rule.at for rule in level if rule.high - rule.low > _FULL_RULE * (box[2] - box[0])}
    )
    ruled = rules >= 2
    if len(rows) < (2 if ruled else 3):
        return False
    filled = sum(cell.last - cell.first + 1 for row in rows for cell in row.cells)
    if filled < _FILLED * len(rows) * columns:
        return False
    cells = [cell for row in rows for cell in row.cells]
    texts = [piece.text for cell in cells for piece in cell.pieces]
    if sum(bool(_CODE.search(text)) for text in texts) > 0.25 * len(texts):
        return False
    if not _is_aligned(layout.rows[layout.header :], columns):
        return False
    body = [row for row in layout.rows[layout.header :] if len(row.cells) > 1]
    rest = [cell for row in body for cell in row.cells if cell.first > 0]
    values = sum(cell.value for cell in rest) / max(len(rest), 1)
    marks = [cell for row in body for cell in row.cells if cell.first == 0]
    listed = sum(bool(_LIST_MARK.match(cell.pieces[0].text)) for cell in marks)
    if listed > 0.5 * len(marks) and columns - 1 < 3 and not ruled:
        return False
    length = mean(sum(len(piece.text) for piece in cell.pieces) for cell in cells)
    if ruled:
        return length < 2 * _LONG_CELL or values > 0.5
    if length > _LONG_CELL or _counts_pages(body, columns):
        return False
    if columns == 2:
        return values >= 0.8 and len(body) >= 3
    if values >= 0.5:
        return True
    return filled >= 0.8 * len(rows) * columns and len(rows) >= 4


def _is_aligned(rows: Sequence[Row], columns: int) -> bool:
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
    return all(one <= other for one, other in pairwise(numbers)) and numbers[0] < numbers[-1]
