"""Reads XLSX: one page per sheet, blocks of cells as tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from .errors import LoadError
from .grids import grid_text
from .pages import Heading, Page

_MOST_CELLS = 5_000_000  # of all sheets together


def read_xlsx(path: Path, file: str) -> Iterator[Page]:
    """A workbook's sheets in order, each under its name; formulas as their last value.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is damaged, or holds more cells than a document would.
    """
    import warnings

    import openpyxl

    try:
        with warnings.catch_warnings():
            # What openpyxl cannot keep (styles, validation) is nothing we read.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise LoadError("load.zip_broken", file=file) from error
    left = _MOST_CELLS
    try:
        for sheet in book.worksheets:
            blocks, used = _sheet(sheet, left, file)
            left -= used
            if blocks:
                title = f"## {sheet.title}"
                text = "\n\n".join([title, *blocks])
                yield Page(text, headings=(Heading(0, 2, sheet.title),))
    finally:
        book.close()


def _sheet(sheet: Any, most: int, file: str) -> tuple[list[str], int]:
    """The tables of a sheet, parted by blank rows, and how many cells were read."""
    sheet.reset_dimensions()  # files lie about their size
    blocks: list[str] = []
    rows: list[list[str]] = []
    used = 0
    for row in _rows(sheet, file):
        used += len(row) + 1
        if used > most:
            raise LoadError("load.too_many_cells", file=file, most=_MOST_CELLS)
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append(cells)
        elif rows:
            blocks.append(grid_text(rows))
            rows = []
    if rows:
        blocks.append(grid_text(rows))
    return blocks, used


def _rows(sheet: Any, file: str) -> Iterator[tuple[Any, ...]]:
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            row = next(rows, None)
        except Exception as error:
            raise LoadError("load.zip_broken", file=file) from error
        if row is None:
            return
        yield row


def _text(value: object) -> str:
    """A cell's value as a person would type it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        plain = value.time() == time(0)
        return value.date().isoformat() if plain else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
