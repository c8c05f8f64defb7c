"""Writes a list as an Excel workbook without formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from ..records import QAPair
from .formats import COLUMNS, cells
from .review_rows import fitting

__all__ = ["text_cell", "workbook"]

_WIDTHS = (46, 60, 24, 6, 8, 8, 80, 11, 7, 11, 9, 9, 40)


def workbook(pairs: Iterable[QAPair], columns: Sequence[str] = COLUMNS) -> bytes:
    """The bytes of an .xlsx file with one row a pair, its head row fixed.

    A text longer than a cell may hold ends in an ellipsis.

    Args:
        pairs: In order.
        columns: Which of ``COLUMNS``.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("qa3")
    sheet.freeze_panes = "A2"
    for column, width in enumerate(_WIDTHS):
        sheet.column_dimensions[chr(ord("A") + column)].width = width
    sheet.append([text_cell(sheet, name, bold=True) for name in columns])
    for pair in pairs:
        values = cells(pair, guarded=False, columns=columns)
        sheet.append([text_cell(sheet, value) for value in values])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def text_cell(sheet: Any, value: str | float | bool | None, *, bold: bool = False) -> Any:
    """A cell that no program evaluates; what is no text is given back as it is.

    Args:
        sheet: Of a workbook that is only written.
        value: What it holds.
        bold: Whether it is a head.
    """
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, fitting(value))
    # A cell that a person edits is read anew: the mark keeps it a text then, too.
    cell.quotePrefix = value.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    cell.data_type = "s"  # what begins with = would else be a formula, #N/A an error
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell
