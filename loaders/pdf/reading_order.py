"""Reading order of a page: a recursive cut into columns and bands, else the order of the file.

Lines that follow each other in the file and on the page make blocks; white stripes between blocks
cut the page, upright ones first (the recursive XY cut of Nagy and Seth, 1984). Where no stripe
parts them the blocks stay in the order in which the file draws them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from .runs import Run

_TOUCH = 0.3  # line heights between runs that belong together
_NEAR = 0.9  # line heights between runs of one line of text
_LONG = 14  # characters, Han counted twice: lines of a text column, not cells of a table
_MOST_OPEN = 40  # blocks that a line may go on, counted from the last
_MOST_BLOCKS = 2000  # a page of more is no page of columns
_DEEPEST = 12
_SHRINK = 0.15  # of a line's height at its head and foot, where boxes of close lines overlap
_GUTTER = 0.45  # line heights that a gutter is wide at least

Row = list[Run]


@dataclass(slots=True)
class _Block:
    """Lines below each other that the file draws as one text."""

    rows: list[Row]
    x0: float
    y0: float
    x1: float
    y1: float
    order: int  # its first run's number in the file
    end: int  # its last run's
    members: list[tuple[int, Run]]
    lines: list[tuple[float, float, float, float]] = field(default_factory=list)

    @property
    def height(self) -> float:
        """Of its last line, in points."""
        return self.lines[-1][3] - self.lines[-1][1]

    def add(self, run: Run, number: int, *, row: bool) -> None:
        """Takes a run in, on its last row or below it."""
        self.end = number
        self.members.append((number, run))
        if row:
            line = self.lines[-1]
            runs = [*self.rows[-1], run]
            self.rows[-1] = sorted(runs, key=lambda one: one.x0)
            tall = max(runs, key=lambda one: one.height)
            self.lines[-1] = (min(line[0], run.x0), tall.y0, max(line[2], run.x1), tall.y1)
        else:
            self.rows.append([run])
            self.lines.append((run.x0, run.y0, run.x1, run.y1))
        self.x0, self.x1 = min(self.x0, run.x0), max(self.x1, run.x1)
        self.y0, self.y1 = min(self.y0, run.y0), max(self.y1, run.y1)


def reading_order(runs: list[Run]) -> list[list[Row]]:
    """Regions to be read one after the other; each a list of rows, each row its runs in order.

    Args:
        runs: Of one turn, in the order of the file; a table is one run.
    """
    if not runs:
        return []
    blocks = _blocks(runs)
    groups = _cut(blocks, 0) if len(blocks) <= _MOST_BLOCKS else [[b.rows] for b in blocks]
    regions: list[list[Row]] = []
    for rows in (rows for group in groups for rows in group):
        if regions and _goes_on(regions[-1], rows):
            regions[-1].extend(rows)
        else:
            regions.append(list(rows))
    return regions


def touching(runs: list[Run]) -> list[Run]:
    """The runs, those that touch on one line put together, as superscripts and their words do.

    Args:
        runs: In the order of the file.
    """
    out: list[Run] = []
    for run in runs:
        whole = out[-1] if out else None
        if whole is not None and _on_line(whole, run) and whole.turn == run.turn:
            apart = run.x0 - whole.x1
            tallest = max(whole.height, run.height)
            if -_TOUCH * tallest < apart < _TOUCH * tallest:
                out[-1] = _joined(whole, run, apart)
                continue
        out.append(run)
    return out


def _joined(left: Run, right: Run, apart: float) -> Run:
    tall = max(left, right, key=lambda one: one.height)
    blank = "" if apart < 0.15 * min(left.height, right.height) else " "
    # Characters between the two are blanks and breaks: the numbers of both still make one stretch.
    one = 0 <= left.first <= left.last < right.first
    return Run(
        left.text + blank + right.text,
        min(left.x0, right.x0),
        tall.y0,
        max(left.x1, right.x1),
        tall.y1,
        left.first if one else -1,
        right.last if one else -1,
        bold=left.bold,
        hyphen=right.hyphen,
        turn=left.turn,
    )


def _blocks(runs: list[Run]) -> list[_Block]:
    """Runs put together as the file draws them, line below line."""
    blocks: list[_Block] = []
    for number, run in enumerate(runs):
        home = None
        if "\n" not in run.text:
            for age, block in enumerate(reversed(blocks[-_MOST_OPEN:])):
                if "\n" in block.rows[0][0].text:
                    continue
                if _beside(block, run):
                    home = (block, True)
                elif _below(block, run, last=age == 0):
                    home = (block, False)
                if home:
                    break
        if home:
            home[0].add(run, number, row=home[1])
        else:
            box = (run.x0, run.y0, run.x1, run.y1)
            blocks.append(_Block([[run]], *box, number, number, [(number, run)], [box]))
    return blocks


def _beside(block: _Block, run: Run) -> bool:
    """Whether a run goes on the last line of a block."""
    x0, y0, x1, y1 = block.lines[-1]
    small, large = sorted((y1 - y0, run.height))
    if min(y1, run.y1) - max(y0, run.y0) <= 0.5 * small:
        return False
    apart = max(run.x0 - x1, x0 - run.x1)
    # A heading in the next column is no nearer for being large.
    return -_TOUCH * large < apart < _NEAR * small


def _below(block: _Block, run: Run, *, last: bool) -> bool:
    """Whether a run is the next line of a block."""
    x0, y0, x1, y1 = block.lines[-1]
    height = y1 - y0
    if abs(height - run.height) > 0.25 * max(height, run.height):
        return False
    step = y0 - run.y0
    if not 0.5 * run.height < step < 1.8 * max(height, run.height):
        return False
    shared = min(x1, run.x1) - max(x0, run.x0)
    if shared < 0.3 * min(x1 - x0, run.width):
        return False
    if last:
        return True
    # A line drawn after others goes back to its column only if both are lines of a text.
    long = _length(run.text) >= _LONG and sum(_length(one.text) for one in block.rows[-1]) >= _LONG
    return long and abs(block.x0 - run.x0) < 2.5 * run.height


def _cut(blocks: list[_Block], depth: int) -> list[list[list[Row]]]:
    """Blocks in the order they are read: white stripes cut them, upright ones before level ones."""
    if len(blocks) == 1 or depth > _DEEPEST:
        return [_as_drawn(blocks)]
    columns = _split(blocks, _across)
    if len(columns) > 1:
        if _is_grid(columns):
            return [_grid(blocks)]
        return [part for column in columns for part in _cut(column, depth + 1)]
    bands = _split(blocks, _down)
    if len(bands) > 1:
        groups = _with_columns(bands)
        if len(groups) > 1 or len(_split(groups[0], _across)) > 1:
            return [part for group in groups for part in _cut(group, depth + 1)]
    return [_as_drawn(blocks)]


def _as_drawn(blocks: list[_Block]) -> list[list[Row]]:
    """Blocks in the order of the file; where it goes to and fro between them, line by line."""
    blocks = sorted(blocks, key=lambda one: one.order)
    out: list[list[Row]] = []
    group: list[_Block] = []
    for block in blocks:
        if group and block.order > max(one.end for one in group):
            out += _line_by_line(group)
            group = []
        group.append(block)
    return out + _line_by_line(group)


def _line_by_line(group: list[_Block]) -> list[list[Row]]:
    if len(group) == 1 or all(_is_text([block]) and _is_full([block]) for block in group):
        return [block.rows for block in group]
    rows: list[Row] = []
    for _, run in sorted(
        (pair for block in group for pair in block.members), key=lambda one: one[0]
    ):
        if rows and _on_line(rows[-1][-1], run):
            rows[-1] = sorted([*rows[-1], run], key=lambda one: one.x0)
        else:
            rows.append([run])
    return [rows]


def _across(block: _Block) -> tuple[float, float, float]:
    """A block's extent along the lines, and how wide a stripe beside it must be."""
    return block.x0, block.x1, _GUTTER * block.height


def _down(block: _Block) -> tuple[float, float, float]:
    """A block's extent against the order of lines, from the top down."""
    slack = _SHRINK * block.height
    return -block.y1 + slack, -block.y0 - slack, 0.0


def _split(
    blocks: list[_Block], extent: Callable[[_Block], tuple[float, float, float]]
) -> list[list[_Block]]:
    """Blocks in groups that a white stripe parts."""
    groups: list[list[_Block]] = []
    reach = float("-inf")
    for low, high, wide, block in sorted(
        ((*extent(block), block) for block in blocks), key=lambda one: one[:2]
    ):
        if not groups or low - reach >= wide:
            groups.append([])
        groups[-1].append(block)
        reach = max(reach, high)
    return groups


def _with_columns(bands: list[list[_Block]]) -> list[list[_Block]]:
    """Bands from the top down, those put together that the same gutter cuts."""
    groups: list[list[_Block]] = []
    parted = False
    for band in bands:
        if groups and parted and len(_split(groups[-1] + band, _across)) > 1:
            groups[-1] = groups[-1] + band
            continue
        groups.append(band)
        parted = len(_split(band, _across)) > 1
    return groups


def _is_grid(columns: list[list[_Block]]) -> bool:
    """Whether what stands side by side belongs together line by line: labels and their values."""
    if _drawn_apart(columns):
        if any(map(_is_text, columns)):
            return False
    elif all(_is_text(column) and _is_full(column) for column in columns):
        return False
    lines = [sorted(line for block in column for line in block.lines) for column in columns]
    aligned = 0
    for one, other in pairwise(lines):
        small, large = sorted((one, other), key=len)
        feet = [line[1] for line in large]
        found = sum(
            any(abs(foot - line[1]) < 0.3 * (line[3] - line[1]) for foot in feet) for line in small
        )
        aligned += found >= 0.75 * len(small)
    return aligned == len(columns) - 1


def _drawn_apart(columns: list[list[_Block]]) -> bool:
    """Whether the file draws each column as a whole."""
    spans = sorted(
        (min(one.order for one in column), max(one.end for one in column)) for column in columns
    )
    return all(before[1] < behind[0] for before, behind in pairwise(spans))


def _is_text(column: list[_Block]) -> bool:
    """Whether blocks below each other are running text: most of it in long lines."""
    lengths = [sum(_length(run.text) for run in row) for block in column for row in block.rows]
    long = [length for length in lengths if length >= _LONG]
    return len(long) >= 3 and sum(long) >= 0.6 * sum(lengths)


def _is_full(column: list[_Block]) -> bool:
    """Whether most lines reach across their column, as set text does and listings do not."""
    width = max(block.x1 for block in column) - min(block.x0 for block in column)
    lines = [line[2] - line[0] for block in column for line in block.lines]
    return sum(line > 0.7 * width for line in lines) >= 0.5 * len(lines)


def _grid(blocks: list[_Block]) -> list[list[Row]]:
    """One region whose rows reach across the blocks."""
    return [_rows([run for block in blocks for row in block.rows for run in row])]


def _goes_on(region: list[Row], rows: list[Row]) -> bool:
    """Whether rows stand below a region in the same column."""
    above, below = region[-1], rows[0]
    if "\n" in above[0].text or "\n" in below[0].text:
        return False
    height = max(run.height for run in below)
    step = min(run.y0 for run in above) - min(run.y0 for run in below)
    shared = min(above[-1].x1, below[-1].x1) - max(above[0].x0, below[0].x0)
    return 0.3 * height < step < 4 * height and shared > 0


def _length(text: str) -> int:
    return sum(2 if sign > "\u2e7f" else 1 for sign in text[:40])


def _rows(runs: list[Run]) -> list[Row]:
    """Runs on one line together, lines from the top down, runs from left to right."""
    rows: list[Row] = []
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
