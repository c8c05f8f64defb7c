"""Writes the workbook that a list is reviewed in: one row a pair, its state chosen from a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from messages import say

from .review_rows import COLUMNS, KEY, Identity, ReviewRow, fitting, state_words
from .xlsx import HEAD, TEXT, add_styles, text_cell

__all__ = ["review_workbook"]

_WIDTHS = {
    "state": 11, "question": 42, "answer": 56, "evidence": 64, "source": 22, "page": 7, "note": 34,
    "remark": 30,
}  # fmt: skip
_LOOK, _TYPE = "qa3 evidence", "qa3 words"
_STYLES = {
    "state": TEXT, "question": _TYPE, "answer": _TYPE, "evidence": _LOOK, "source": _LOOK,
    "page": _LOOK, "note": _LOOK, "remark": _TYPE,
}  # fmt: skip
_CODE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # which programs read as a character
_FIRST = 3  # row of the first pair, below the hidden names and the head


def review_workbook(
    kept: Iterable[ReviewRow], out: Iterable[ReviewRow], job: str, language: str
) -> bytes:
    """The bytes of an .xlsx file: the kept pairs in one sheet, all others in a second.

    Args:
        kept: The list's pairs, in order.
        out: Duplicates and rejected ones.
        job: The whole id.
        language: Of heads and states: ``en`` or ``zh``.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    _add_styles(book)
    for code, rows in (("review.sheet_kept", kept), ("review.sheet_out", out)):
        _write(book.create_sheet(say(code, language)), list(rows), job, language)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _add_styles(book: Any) -> None:
    from openpyxl.styles import Alignment, Font, NamedStyle, PatternFill

    add_styles(book)
    wrapped = Alignment(wrap_text=True, vertical="top")
    grey = Font(color="FF595959"), PatternFill("solid", fgColor="FFF2F2F2")
    book.add_named_style(NamedStyle(_LOOK, font=grey[0], fill=grey[1], alignment=wrapped))
    # What is typed into such a cell stays the text it is: 1-2 no date, =A1 no formula.
    book.add_named_style(NamedStyle(_TYPE, number_format="@", alignment=wrapped))


def _write(sheet: Any, rows: Sequence[ReviewRow], job: str, language: str) -> None:
    from openpyxl.utils import get_column_letter

    hidden = get_column_letter(len(COLUMNS) + 1)
    last = _FIRST + max(len(rows), 1) - 1
    sheet.freeze_panes = f"A{_FIRST}"
    sheet.row_dimensions[1].hidden = True
    for at, name in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS[name]
    sheet.column_dimensions[hidden].hidden = True
    sheet.auto_filter.ref = f"A{_FIRST - 1}:{hidden}{last}"
    sheet.data_validations.append(_choice(f"A{_FIRST}:A{last}", language))
    # The names stay where a head is reworded, and move with their columns.
    sheet.append([*(KEY + name for name in COLUMNS), f"{KEY}id"])
    sheet.append([text_cell(sheet, say(code, language), HEAD) for code in COLUMNS.values()])
    words = state_words(language)
    for row in rows:
        cells = [_cell(sheet, name, getattr(row, name, ""), words) for name in COLUMNS]
        sheet.append([*cells, str(Identity.of(row, job))])


def _choice(where: str, language: str) -> Any:
    from openpyxl.worksheet.datavalidation import DataValidation

    words = ",".join(state_words(language).values())
    return DataValidation(
        type="list",
        formula1=f'"{words}"',
        allow_blank=True,
        showErrorMessage=True,
        error=say("review.choose", language, states=words),
        sqref=where,
    )


def _cell(sheet: Any, name: str, value: str | int | None, words: dict[Any, str]) -> Any:
    if name == "state":
        value = words.get(value, "")
    shown = _CODE.sub("_x005F_", fitting(value)) if isinstance(value, str) else value
    return text_cell(sheet, shown or "", _STYLES[name])
