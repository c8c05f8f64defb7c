"""Reading order of a page: columns left to right, within them line by line."""

from __future__ import annotations

from collections import Counter
from statistics import median

from .runs import Run

_FEWEST_LINES = 5  # on each side of a gutter
_SNAP = 4.0  # points within which lines begin at the same place
_LONG = 14  # characters, Han counted twice: lines of a text column, not cells of a table
_TOUCH = 0.3  # line heights between runs that belong together
_MOST_RUNS = 3000  # a page of more is no page of columns
_DEEPEST = 3  # gutters within gutters: up to eight columns


def reading_order(runs: list[Run], depth: int = 0) -> list[list[list[Run]]]:
    """Regions to be read one after the other; each a list of rows, each row its runs in order.

    Args:
        runs: Of one turn; a table is one run.
        depth: Of the recursion.
    """
    gutter = _gutter(runs) if depth < _DEEPEST and len(runs) <= _MOST_RUNS else None
    if gutter is None:
        return [_rows(runs)] if runs else []
    low, high = gutter
    across: list[Run] = []
    rest: list[Run] = []
    for run in runs:
        (across if run.x0 < low and run.x1 > high else rest).append(run)
    regions: list[list[list[Run]]] = []
    for row in [*_rows(across), []]:
        floor = min((run.y0 + run.y1) / 2 for run in row) if row else float("-inf")
        band = [run for run in rest if (run.y0 + run.y1) / 2 > floor]
        rest = [run for run in rest if (run.y0 + run.y1) / 2 <= floor]
        left = [run for run in band if run.x1 <= high]
        right = [run for run in band if run.x1 > high]
        together = bool(regions) and not band
        regions += reading_order(left, depth + 1) + reading_order(right, depth + 1)
        if row:
            if together:
                regions[-1].append(row)
            else:
                regions.append([row])
    return regions


def touching(runs: list[Run]) -> list[Run]:
    """The runs, those that touch on one line put together, as superscripts and their words do."""
    out: list[Run] = []
    for row in _rows(runs):
        whole = row[0]
        for run in row[1:]:
            apart = run.x0 - whole.x1
            if "\n" in whole.text + run.text or apart > _TOUCH * max(whole.height, run.height):
                out.append(whole)
                whole = run
            else:
                tall = max(whole, run, key=lambda one: one.height)
                blank = "" if apart < 0.15 * min(whole.height, run.height) else " "
                whole = Run(
                    whole.text + blank + run.text,
                    whole.x0,
                    tall.y0,
                    max(whole.x1, run.x1),
                    tall.y1,
                    bold=whole.bold,
                    hyphen=run.hyphen,
                    turn=whole.turn,
                )
        out.append(whole)
    return out


def _gutter(runs: list[Run]) -> tuple[float, float] | None:
    """Where a left column ends and its neighbour begins, if runs stand in columns of text."""
    if len(runs) < _FEWEST_LINES + 1:
        return None
    left = min(run.x0 for run in runs)
    width = max(run.x1 for run in runs) - left
    starts: Counter[int] = Counter()
    for run in runs:
        if run.x0 > left + 0.2 * width:
            starts[round(run.x0 / _SNAP)] += run.text.count("\n") + 1
    for place, count in starts.most_common(4):
        if count + starts[place - 1] + starts[place + 1] < _FEWEST_LINES:
            return None
        near = [run.x0 for run in runs if abs(round(run.x0 / _SNAP) - place) <= 1]
        gutter = min(near) - 0.5
        if _parts_columns(runs, gutter, width):
            ends = sorted(run.x1 for run in runs if run.x1 <= gutter + _SNAP)
            low = ends[-1 - len(ends) // 10] - _SNAP
            return min(low, gutter - 1), gutter + _SNAP
    return None


def _parts_columns(runs: list[Run], gutter: float, width: float) -> bool:
    before = [run for run in runs if run.x1 <= gutter + _SNAP]
    behind = [run for run in runs if run.x0 >= gutter - 1]
    across = len(runs) - len(before) - len(behind)
    if across > 0.4 * len(runs):
        return False
    return all(_is_column(side, width) for side in (before, behind)) and _beside(before, behind)


def _is_column(side: list[Run], width: float) -> bool:
    """Whether runs look like lines of running text: many, long, and about as wide as each other."""
    if any(run.text.count("\n") >= _FEWEST_LINES for run in side):
        return True
    if len(side) < _FEWEST_LINES:
        return False
    extent = max(run.x1 for run in side) - min(run.x0 for run in side)
    long = [run for run in side if _length(run.text) >= _LONG]
    return (
        extent > 0.2 * width
        and len(long) >= max(_FEWEST_LINES, 0.4 * len(side))
        and median(run.width for run in long) > 0.5 * extent
    )


def _beside(before: list[Run], behind: list[Run]) -> bool:
    """Whether two columns stand side by side for a good part of the smaller one's height."""
    tops = [max(run.y1 for run in side) for side in (before, behind)]
    feet = [min(run.y0 for run in side) for side in (before, behind)]
    shared = min(tops) - max(feet)
    return shared > 0.3 * min(tops[0] - feet[0], tops[1] - feet[1])


def _length(text: str) -> int:
    return sum(2 if sign > "\u2e7f" else 1 for sign in text[:40])


def _rows(runs: list[Run]) -> list[list[Run]]:
    """Runs on one line together, lines from the top down, runs from left to right."""
    rows: list[list[Run]] = []
    tallest: list[Run] = []
    for run in sorted(runs, key=lambda run: (-run.y1 - run.y0, run.x0)):
        if rows and _on_line(tallest[-1], run):
            rows[-1].append(run)
            if run.height > tallest[-1].height:
                tallest[-1] = run
        else:
            rows.append([run])
            tallest.append(run)
    return [sorted(row, key=lambda run: run.x0) for row in rows]


def _on_line(one: Run, other: Run) -> bool:
    shared = min(one.y1, other.y1) - max(one.y0, other.y0)
    return shared > 0.5 * min(one.height, other.height) and "\n" not in one.text + other.text
