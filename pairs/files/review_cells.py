"""Reads the workbook that a list was reviewed in, however it was sorted, changed and saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ExportError
from .review_rows import READ, Identity, column_of
from .workbook_cells import Cell, Row, read_cells

__all__ = ["ReadRow", "read_review"]


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row with something in it.

    Attributes:
        sheet: The name of its sheet.
        number: Its number in it, from 1.
        identity: Whose it is; None where nothing says.
        cells: Those that a person writes in, by column; a column that is gone has none.
    """

    sheet: str
    number: int
    identity: Identity | None
    cells: dict[str, Cell] = field(default_factory=dict)


def read_review(path: Path, file: str) -> list[ReadRow]:
    """The rows of a workbook that was written for review, heads and blank ones left out.

    Args:
        path: The workbook.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is broken, locked, a bomb, or too large.
        ExportError: It is no workbook, or none that was written for review.
    """
    rows = [row for sheet in read_cells(path, file) for row in _rows(*sheet)]
    if not any(row.identity for row in rows):
        raise ExportError("review.no_review", file=file)
    return rows


def _rows(sheet: str, rows: Iterator[Row]) -> Iterator[ReadRow]:
    columns: dict[str, int] = {}
    for number, cells in rows:
        found = (Identity.read(cell.text) for cell in cells.values() if cell.kind == "text")
        identity = next(filter(None, found), None)
        if identity is None:
            named = {name: at for at, cell in cells.items() if (name := column_of(cell.text))}
            if len(named) > 1:
                # The hidden row of names comes before the head, and columns keep its names.
                columns = {**named, **columns}
                continue
        read = {name: cells.get(columns[name], Cell("")) for name in READ if name in columns}
        if identity or any(cell.text.strip() for cell in read.values()):
            yield ReadRow(sheet, number, identity, read)
