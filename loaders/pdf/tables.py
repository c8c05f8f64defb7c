"""Finds the tables of a PDF page: inside grids, and where words stand in columns."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..grids import markdown_table, tidy
from .rules import Box, Grid, Rule, find_grids
from .table_areas import find_areas, table_lines
from .table_evidence import is_table
from .table_parts import cell_text
from .table_structure import lay_out_table
from .words import Piece, Word, pieces_of, rows_of, to_piece

_COVERED = 0.6  # share of a cell's side that a rule must cover to part it from its neighbour
_MOST_CELLS = 20_000
_FEWEST_FILLED = 0.2  # share of the cells; a grid of emptier ones is a drawing
_DRAWN = 0.15  # share of the slots of a large grid; fewer words are those of a chart
_NAME = 40  # characters of a row's name at most
_MOST_WORDS = 60_000  # of a page; one of more is no page of tables


@dataclass(slots=True)
class Table:
    """Rows of cell texts, all equally long.

    Attributes:
        box: (x0, y0, x1, y1) in points, in the frame of its words.
        header: How many rows at the top name the columns.
        taken: Places of its words in the list it was found in.
    """

    rows: list[list[str]]
    box: Box
    header: int = 1
    taken: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The table in Markdown."""
        return markdown_table(self.rows)


def find_tables(
    words: Sequence[Word], level: Sequence[Rule], upright: Sequence[Rule]
) -> list[Table]:
    """The tables of a page; no word is in two.

    Args:
        words: All of one turn.
        level: Rules along the lines of text.
        upright: Rules across them.
    """
    if len(words) > _MOST_WORDS:
        return []
    tables: list[Table] = []
    places = {id(word): place for place, word in enumerate(words)}
    ordered = sorted(words, key=_middle)
    heights = [_middle(word) for word in ordered]
    taken: set[int] = set()
    for grid in find_grids(level, upright):
        x0, y0, x1, y1 = grid.box
        inside = [
            word
            for word in ordered[bisect_right(heights, y0) : bisect_right(heights, y1)]
            if x0 < (word.x0 + word.x1) / 2 < x1 and places[id(word)] not in taken
        ]
        table = _ruled(grid, inside)
        if table is not None:
            table.taken = {places[id(word)] for word in inside}
            taken |= table.taken
            tables.append(table)
    free = [word for place, word in enumerate(words) if place not in taken]
    for area in find_areas(free):
        for lines in table_lines(area, level):
            inside = [word for line in lines for piece in line for word in piece.words]
            box = _box(inside)
            near = _near(level, box)
            layout = lay_out_table(inside, near, _near(upright, (box[1], box[0], box[3], box[2])))
            if layout is not None and is_table(layout, near, box):
                own = {places[id(word)] for word in inside}
                tables.append(Table(layout.texts(), box, layout.header, own))
    return tables


def _middle(word: Word) -> float:
    return (word.y0 + word.y1) / 2


def _box(words: Sequence[Word]) -> Box:
    return (
        min(word.x0 for word in words),
        min(word.y0 for word in words),
        max(word.x1 for word in words),
        max(word.y1 for word in words),
    )


def _near(rules: Sequence[Rule], box: Box) -> list[Rule]:
    """The rules that pass through a box or along its edges."""
    x0, y0, x1, y1 = box
    margin = 8.0
    return [
        rule
        for rule in rules
        if y0 - margin < rule.at < y1 + margin and rule.low < x1 and rule.high > x0
    ]


def _ruled(grid: Grid, words: Sequence[Word]) -> Table | None:
    """The table of a grid; none where it is a drawing or a box around text."""
    columns, rows = len(grid.xs) - 1, len(grid.ys) - 1
    if columns * rows > _MOST_CELLS or not words:
        return None
    cells = _cells(grid)
    slots: dict[int, list[Word]] = defaultdict(list)
    for word in words:
        slot = _slot(grid, (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2)
        if slot is not None:
            slots[slot].append(word)
    _part_cells(cells, slots, grid)
    texts: dict[int, list[Word]] = defaultdict(list)
    for slot, own in slots.items():
        texts[cells[slot]] += own
    if not _is_filled(texts, cells, columns):
        return None
    lines = {slot: [to_piece(row) for row in rows_of(own)] for slot, own in texts.items()}
    if _has_inner_rows(lines, columns, rows):
        layout = lay_out_table(words, grid.level, grid.upright)
        if layout is not None:
            return Table(layout.texts(), grid.box, layout.header)
    table = tidy(_filled(cells, {slot: cell_text(own) for slot, own in lines.items()}, columns))
    if len(table) < 2 or len(table[0]) < 2:
        return None
    return Table(table, grid.box, _head_rows(cells, columns) + 1)


def _is_filled(texts: dict[int, list[Word]], cells: list[int], columns: int) -> bool:
    """Whether enough of a grid's cells hold text, side by side: else it is a drawing."""
    if len(texts) < max(2, _FEWEST_FILLED * len(set(cells))):
        return False
    if len(cells) > 100 and len(texts) < _DRAWN * len(cells):
        return False
    beside = Counter(cell // columns for cell in texts)
    return sum(count > 1 for count in beside.values()) > 1


def _filled(cells: list[int], texts: dict[int, str], columns: int) -> list[list[str]]:
    """The cells' texts; headers bear theirs over what they span, names of rows down it."""
    head = _head_rows(cells, columns)
    table = [[""] * columns for _ in range(len(cells) // columns)]
    for slot, cell in enumerate(cells):
        row, column = divmod(slot, columns)
        text = texts.get(cell, "")
        name = column == 0 and cell % columns == 0 and len(text) <= _NAME
        if slot == cell or row < head or name:
            table[row][column] = text
    return table


def _part_cells(cells: list[int], slots: dict[int, list[Word]], grid: Grid) -> None:
    """Parts cells that no rule parts, where their words keep to columns that rules part elsewhere.

    Args:
        cells: As ``_cells`` gives them; changed.
        slots: The words in each slot.
        grid: The table's.
    """
    columns = len(grid.xs) - 1
    wide: dict[int, set[int]] = defaultdict(set)
    for slot, cell in enumerate(cells):
        if cell // columns == slot // columns:
            wide[cell].add(slot)
    for own in wide.values():
        words = [word for slot in own for word in slots.get(slot, [])]
        if sum(slot in slots for slot in own) < 2:
            continue
        edges = [grid.xs[slot % columns] for slot in sorted(own)[1:]]
        pieces = [piece for row in rows_of(words) for piece in pieces_of(row)]
        if not any(piece.x0 < edge - 1 < piece.x1 - 2 for piece in pieces for edge in edges):
            for slot in own:
                cells[slot] = slot


def _head_rows(cells: list[int], columns: int) -> int:
    """How many rows at the top hold headers that span columns, and what they span."""
    rows = len(cells) // columns
    for row in range(min(rows - 1, 5)):
        own = cells[row * columns : (row + 1) * columns]
        if len(set(own)) == columns and all(cell >= row * columns for cell in own):
            return row
        if len(set(own)) == 1:
            return row
    return 0


def _has_inner_rows(lines: dict[int, list[Piece]], columns: int, rows: int) -> bool:
    """Whether rows of values stand between two level rules: a column's cell holds several."""
    for row in range(rows):
        several = 0
        for slot in range(row * columns, (row + 1) * columns):
            pieces = lines.get(slot, [])
            several += sum(piece.value for piece in pieces) > 1
        if several > 1 or (several == 1 and columns == 2):
            return True
    return False


def _cells(grid: Grid) -> list[int]:
    """For every slot, from the top left, the first slot of the cell it belongs to."""
    columns, rows = len(grid.xs) - 1, len(grid.ys) - 1
    cells = list(range(columns * rows))
    upright, level = _by_place(grid.upright), _by_place(grid.level)
    for row in range(rows):
        bottom, top = grid.ys[rows - row - 1], grid.ys[rows - row]
        for column in range(columns):
            slot = row * columns + column
            left, right = grid.xs[column], grid.xs[column + 1]
            if column and not _covers(upright[left], bottom, top):
                cells[slot] = cells[slot - 1]
            elif row and not _covers(level[top], left, right):
                cells[slot] = cells[slot - columns]
    return cells


def _by_place(rules: list[Rule]) -> dict[float, list[Rule]]:
    places: dict[float, list[Rule]] = defaultdict(list)
    for rule in rules:
        places[rule.at].append(rule)
    return places


def _covers(rules: list[Rule], low: float, high: float) -> bool:
    covered = sum(max(0.0, min(rule.high, high) - max(rule.low, low)) for rule in rules)
    return covered >= _COVERED * (high - low)


def _slot(grid: Grid, x: float, y: float) -> int | None:
    column = bisect_right(grid.xs, x) - 1
    row = len(grid.ys) - 1 - bisect_right(grid.ys, y)
    if not (0 <= column < len(grid.xs) - 1 and 0 <= row < len(grid.ys) - 1):
        return None
    return row * (len(grid.xs) - 1) + column
