"""Converts text inside a ruled grid to a Markdown table."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict

from ..grids import markdown_table, tidy
from .paragraphs import join_lines
from .rules import Grid, Rule
from .runs import Glyphs, Run, turned

_COVERED = 0.6  # share of a cell's side that a rule must cover to part it from its neighbour
_MOST_CELLS = 20_000
_FEWEST_FILLED = 0.2  # share of the cells; a grid of emptier ones is a drawing


def take_table(grid: Grid, runs: list[Run], glyphs: Glyphs) -> tuple[Run, list[Run]] | None:
    """The grid's table as one run, and the runs that lie outside; none where it is no table.

    Args:
        grid: In the frame of the runs.
        runs: All of one turn.
        glyphs: The page's characters, to cut runs at cell borders.
    """
    columns, rows = len(grid.xs) - 1, len(grid.ys) - 1
    if columns * rows > _MOST_CELLS:
        return None
    x0, y0, x1, y1 = grid.box
    inside: list[Run] = []
    outside: list[Run] = []
    for run in runs:
        within = y0 < (run.y0 + run.y1) / 2 < y1 and run.x0 < x1 and run.x1 > x0
        (inside if within else outside).append(run)
    cells = _cells(grid)
    texts: dict[int, list[Run]] = defaultdict(list)
    for run in inside:
        for slot, part in _by_slot(run, grid, glyphs):
            if slot is None:
                outside.append(part)
            else:
                texts[cells[slot]].append(part)
    if len(texts) < max(2, _FEWEST_FILLED * len(set(cells))):
        return None
    table = [
        [
            _cell_text(texts.get(slot, [])) if cells[slot] == slot else ""
            for slot in range(row * columns, (row + 1) * columns)
        ]
        for row in range(rows)
    ]
    table = tidy(table)
    if len(table) < 2 or len(table[0]) < 2:
        return None
    turn = inside[0].turn
    return Run(markdown_table(table), x0, y0, x1, y1, turn=turn), outside


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


def _by_slot(run: Run, grid: Grid, glyphs: Glyphs) -> list[tuple[int | None, Run]]:
    """A run cut where it passes from one slot to the next."""
    y = (run.y0 + run.y1) / 2
    first = _slot(grid, run.x0 + 0.5, y)
    if run.first < 0 or (first is not None and first == _slot(grid, run.x1 - 0.5, y)):
        return [(first, run)]
    parts: list[tuple[int | None, Run]] = []
    begin, slot = run.first, first
    edge, right = run.x0, run.x0
    for index in range(run.first, run.last + 1):
        if glyphs.text[index].isspace():
            continue
        left, _, here_right, _ = turned(glyphs.box(index), run.turn)
        here = _slot(grid, (left + here_right) / 2, y)
        if here != slot and index > begin:
            parts.append((slot, _part(run, glyphs, begin, index - 1, (edge, right))))
            begin, edge = index, left
        slot, right = here, here_right
    parts.append((slot, _part(run, glyphs, begin, run.last, (edge, right))))
    return parts


def _part(run: Run, glyphs: Glyphs, first: int, last: int, xs: tuple[float, float]) -> Run:
    text = glyphs.text[first : last + 1].strip()
    hyphen = run.hyphen and last == run.last
    return Run(
        text, xs[0], run.y0, xs[1], run.y1, first, last, run.bold, hyphen=hyphen, turn=run.turn
    )


def _cell_text(runs: list[Run]) -> str:
    ordered = sorted(runs, key=lambda run: (-round((run.y0 + run.y1) / 2 / 4), run.x0))
    return join_lines(ordered)
