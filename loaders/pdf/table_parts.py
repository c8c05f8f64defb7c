"""Columns, cells and rows of a table that is being put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .paragraphs import glue
from .words import Piece


@dataclass(slots=True)
class Column:
    """Where the cells of a column stand, and in which lines it has one."""

    x0: float
    x1: float
    lines: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Cell:
    """Text over the columns from ``first`` to ``last``."""

    first: int
    last: int
    pieces: list[Piece]

    @property
    def value(self) -> bool:
        """Whether its last line is a number or a sign for one."""
        return self.pieces[-1].value


@dataclass(slots=True)
class Row:
    """One line of a table; several once wrapped cells are joined."""

    cells: list[Cell]
    y0: float
    y1: float
    ruled: bool = False  # a rule across the table parts it from the next

    def at(self, column: int) -> Cell | None:
        """The cell that stands in a column."""
        for cell in self.cells:
            if cell.first <= column <= cell.last:
                return cell
        return None

    @property
    def middle(self) -> float:
        """Its middle height in points."""
        return (self.y0 + self.y1) / 2


def cell_text(pieces: Sequence[Piece]) -> str:
    """The lines of a cell as one text."""
    text, hyphen = "", False
    for piece in pieces:
        text = glue(text, piece.text, hyphen=hyphen) if text else piece.text
        hyphen = piece.words[-1].hyphen
    return text


def add_cells(upper: Row, lower: Row) -> None:
    """Puts a line's cells below those of the row they go on from."""
    for cell in lower.cells:
        own = next((one for one in upper.cells if one.first <= cell.first <= one.last), None)
        if own is None:
            upper.cells.append(cell)
        else:
            own.pieces += cell.pieces
    upper.cells.sort(key=lambda cell: cell.first)
    upper.y0 = min(upper.y0, lower.y0)
    upper.ruled = lower.ruled
