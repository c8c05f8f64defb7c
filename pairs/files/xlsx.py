"""Writes a list as an Excel workbook without formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from ..records import QAPair
from .formats import COLUMNS, cells
from .review_rows import fitting

__all__ = ["HEAD", "TEXT", "add_styles", "text_cell", "workbook"]

HEAD, TEXT = "qa3 head", "qa3 text"
"""Names of styles: of a head, and of a text that is wrapped."""

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
    add_styles(book)
    sheet = book.create_sheet("qa3")
    sheet.freeze_panes = "A2"
    for column, width in enumerate(_WIDTHS):
        sheet.column_dimensions[chr(ord("A") + column)].width = width
    sheet.append([text_cell(sheet, name, HEAD) for name in columns])
    for pair in pairs:
        values = cells(pair, guarded=False, columns=columns)
        sheet.append([text_cell(sheet, value) for value in values])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def add_styles(book: Any) -> None:
    """Gives a workbook its styles, once: one for each cell takes 3 s a thousand rows.

    Args:
        book: The workbook.
    """
    from openpyxl.styles import Alignment, Font, NamedStyle

    wrapped = Alignment(wrap_text=True, vertical="top")
    book.add_named_style(NamedStyle(HEAD, font=Font(bold=True), alignment=wrapped))
    book.add_named_style(NamedStyle(TEXT, alignment=wrapped))


def text_cell(sheet: Any, value: str | float | bool | None, style: str = TEXT) -> Any:
    """A cell that no program evaluates; what is no text is given back as it is.

    Args:
        sheet: Of a workbook that is only written.
        value: What it holds.
        style: The name of a style of the workbook.
    """
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, fitting(value))
    cell.style = style
    # A cell that a person edits is read anew: the mark keeps it a text then, too.
    if value.startswith(tuple("=+-@\t\r\n＝＋－＠")):
        cell.quotePrefix = True
    cell.data_type = "s"  # what begins with = would else be a formula, #N/A an error
    return cell
