"""A table: its cells with row, column, caption and unit, and what a question names of them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from loaders.characters import HAN

from ..text.flat import flatten
from ..text.terms import form_set

__all__ = ["Cell", "Place", "Table", "labels_of"]

Place = tuple[int, int]
"""First character and one past the last."""

_BARE = re.compile(r"[-+−]?\d[\d,，.]*")
_UNIT = re.compile(
    r"[（(]([^（）()]{1,20})[)）]|(?:单位|單位|计量单位|币种)[:：]\s*([^\s，,；;。|]{1,12})"
    r"|\bin ((?:thousands|millions|billions|percent|per cent|%)(?: of [a-z]{1,20})?)",
    re.IGNORECASE,
)
_SCALES = re.compile(r"\b(thousand|million|billion)s(?: of\b)?", re.IGNORECASE)
_LABEL = re.compile(rf"[a-z0-9]+(?:[-./_:][a-z0-9]+)*|[{HAN}]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FEW_DIGITS = 3
"""Digits of a bare number below which a question has it by chance."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text without padding: its place, its row and its column, from 0."""

    start: int
    end: int
    row: int
    column: int


class Table:
    """The rows of one table.

    Args:
        text: The text it stands in.
        rows: The places of its lines.
        cells: Of all rows, in order.
        headed: Whether the first row names the columns.
        names: The column names where they stand outside of this text; empty otherwise.
        caption: The lines above, joined; empty without.
    """

    def __init__(
        self,
        text: str,
        rows: list[Place],
        cells: list[Cell],
        *,
        headed: bool,
        names: tuple[str, ...] = (),
        caption: str = "",
    ) -> None:
        self._text = text
        self.rows = rows
        self.cells = cells
        self.headed = headed
        self.caption = caption
        self._names = names
        self._starts = [cell.start for cell in cells]
        self._row_starts = [start for start, _ in rows]

    @property
    def start(self) -> int:
        """First character."""
        return self.rows[0][0]

    @property
    def end(self) -> int:
        """One past the last character."""
        return self.rows[-1][1]

    def cell_at(self, start: int, end: int) -> Cell | None:
        """The cell that a span lies in; None where it lies in none or in several."""
        at = bisect_right(self._starts, start) - 1
        if at < 0 or end > self.cells[at].end:
            return None
        return self.cells[at]

    def row_at(self, start: int, end: int) -> int | None:
        """The row that a span lies in; None where it reaches over several."""
        row = bisect_right(self._row_starts, start) - 1
        return row if row >= 0 and end <= self.rows[row][1] else None

    def value(self, cell: Cell) -> str:
        """A cell's text."""
        return self._text[cell.start : cell.end]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; empty where the table has none."""
        if self._names or not self.headed:
            return self._names
        return tuple(self.value(cell) for cell in self._row_cells(0))

    def _row_cells(self, row: int) -> list[Cell]:
        first, last = self.rows[row]
        found = bisect_right(self._starts, first - 1), bisect_right(self._starts, last)
        return self.cells[found[0] : found[1]]

    def header(self, row: int, column: int | None = None) -> str:
        """Caption, row name and column name of a cell, joined; the column names of a whole row.

        Args:
            row: Of the cell.
            column: Of the cell; None for the whole row.
        """
        parts = [self.caption]
        if self.headed and row == 0:
            return self.caption
        cells = self._row_cells(row)
        if cells and column != cells[0].column:
            parts.append(self.value(cells[0]))
        if column is None:
            parts += self.columns
        elif column < len(self.columns):
            parts.append(self.columns[column])
        return " | ".join(part for part in parts if part)

    def amounts(self, row: int) -> str:
        """The bare numbers of a row, each with the unit that its header gives it; may be empty.

        Args:
            row: The row.
        """
        cells = self._row_cells(row)
        if not cells or (self.headed and not row):
            return ""
        said = [amount for cell in cells[1:] for amount in self.in_units(cell)]
        return " ; ".join(said)

    def in_units(self, cell: Cell) -> list[str]:
        """A bare number with each unit that its header gives it; empty for other cells.

        Args:
            cell: The cell.
        """
        value = self.value(cell)
        if not _BARE.fullmatch(value):
            return []
        named = self.columns[cell.column] if cell.column < len(self.columns) else ""
        first = self._row_cells(cell.row)[0]
        units = units_in(named) or units_in(self.value(first)) or units_in(self.caption)
        return [_with_unit(value, unit) for unit in units]

    def forms_above(self, start: int, end: int) -> frozenset[str]:
        """The keys (see ``terms.forms``) that a place has from its header: names, caption, units.

        Args:
            start: First character.
            end: One past the last.
        """
        row = self.row_at(start, end)
        if row is None or (self.headed and not row):
            return frozenset()
        amounts = self.amounts(row)
        return self._above | frozenset(form_set(flatten(amounts))) if amounts else self._above

    @cached_property
    def _above(self) -> frozenset[str]:
        return frozenset(form_set(flatten(" | ".join((self.caption, *self.columns)))))

    @cached_property
    def _labels(self) -> dict[Cell, frozenset[str]]:
        found = {cell: labels_of(self.value(cell)) for cell in self.cells}
        if self._names:
            outside = (Cell(-1, -1, -1, at) for at in range(len(self._names)))
            found |= {cell: labels_of(self._names[cell.column]) for cell in outside}
        return found

    @cached_property
    def _having(self) -> dict[str, list[Cell]]:
        """Inverted index: label word -> cells that have it."""
        index: dict[str, list[Cell]] = {}
        for cell, words in self._labels.items():
            for word in words:
                index.setdefault(word, []).append(cell)
        return index

    def named(self, question: frozenset[str]) -> list[Cell]:
        """The cells whose whole text a question has, those that only repeat it by chance left out.

        Args:
            question: Its words, as ``labels_of`` gives them.
        """
        hits: dict[Cell, int] = {}
        for word in question:
            for cell in self._having.get(word, ()):
                hits[cell] = hits.get(cell, 0) + 1
        return [
            cell
            for cell, count in hits.items()
            if count == len(self._labels[cell]) and self._is_telling(cell)
        ]

    def _is_telling(self, cell: Cell) -> bool:
        words = self._labels[cell]
        bare = [word for word in words if _NUMBER.fullmatch(word)]
        if len(bare) == len(words):
            return any(len(word) >= _FEW_DIGITS for word in bare)
        names = cell.column == 0 or self._is_column_name(cell)
        return names or len(words) > 1 or any(map(str.isdigit, "".join(words)))

    def _is_column_name(self, cell: Cell) -> bool:
        return cell.row < 0 or (self.headed and cell.row == 0)

    def belongs_elsewhere(
        self, question: frozenset[str], row: int, column: int | None = None
    ) -> bool:
        """Whether a question names another row or column than the one its answer stands in.

        Args:
            question: Its words, as ``labels_of`` gives them.
            row: Of the answer.
            column: Of the answer; None where it is taken from several.
        """
        named = self.named(question)
        of_columns = [cell for cell in named if self._is_column_name(cell)]
        of_rows = [cell for cell in named if not self._is_column_name(cell)]
        if self.headed and row == 0:
            # The answer is a column's name: what is named stands below it or below another.
            below = [cell for cell in of_rows if cell.column]
            return bool(below) and column is not None and all(c.column != column for c in below)
        return self._other_row(question, of_rows, row, column) or self._other_column(
            question, of_columns, column
        )

    def _other_row(
        self, question: frozenset[str], named: list[Cell], row: int, column: int | None
    ) -> bool:
        mine = {cell.column: cell for cell in self._row_cells(row)}
        if any(cell.row == row and cell.column != column for cell in named):
            return False
        return any(
            cell.row != row
            and cell.column != column
            and cell.column in mine
            and self._excludes(question, cell, mine[cell.column])
            for cell in named
        )

    def _other_column(
        self, question: frozenset[str], named: list[Cell], column: int | None
    ) -> bool:
        if not column or column >= len(self.columns):
            return False
        if any(cell.column == column for cell in named):
            return False
        mine = labels_of(self.columns[column])
        return any(
            cell.column and not (mine - self._labels[cell]) & question and bool(mine)
            for cell in named
        )

    def _excludes(self, question: frozenset[str], other: Cell, mine: Cell) -> bool:
        """Whether a question that names one cell has nothing of another that the first lacks."""
        words = self._labels[mine]
        return (
            bool(words)
            and words != self._labels[other]
            and not ((words - self._labels[other]) & question)
        )

    def fits(self, question: frozenset[str], cell: Cell) -> bool:
        """Whether a question names a cell's row and, where there are several, its column.

        Args:
            question: Its words, as ``labels_of`` gives them.
            cell: The cell of an answer.
        """
        named = self.named(question)
        in_row = any(c.row == cell.row and c.column != cell.column for c in named)
        of_column = any(c.column == cell.column and self._is_column_name(c) for c in named)
        return in_row and (of_column or len(self._row_cells(cell.row)) == 2)


def labels_of(text: str) -> frozenset[str]:
    """The words by which a name is known: codes whole (qh-500b), numbers, Chinese bigrams.

    Args:
        text: A cell or a question.
    """
    words: set[str] = set()
    for found in _LABEL.finditer(_GROUPED.sub("", flatten(text))):
        word = found.group()
        if word[0] < HAN[0]:
            words.add(word.removesuffix("s") if len(word) > _FEW_DIGITS else word)
        else:
            words.update(map("".join, pairwise(word)) if word[1:] else (word,))
    return frozenset(words)


@lru_cache(maxsize=1 << 10)
def units_in(label: str) -> tuple[str, ...]:
    """The units that a label gives to the values under it: of 重量（kg）, of Sales ($ million).

    Args:
        label: A row's or column's name, or a caption.
    """
    found = [next(filter(None, unit.groups()), "") for unit in _UNIT.finditer(label)]
    return tuple(_SCALES.sub(r"\1", unit).strip() for unit in found if unit.strip())


def _with_unit(value: str, unit: str) -> str:
    """An amount as running text has it: $40.9 million, 7.5 kg."""
    if unit[0] in "$£€¥￥":
        return f"{unit[0]}{value} {unit[1:].strip()}".strip()
    return f"{value}{'' if unit[0] >= HAN[0] else ' '}{unit}"
