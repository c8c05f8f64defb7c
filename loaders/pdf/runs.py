"""Text runs of a PDF page: text on one line without a wide gap, with its box."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .glyphs import HYPHEN, OBLIQUE, Glyphs, turned, turned_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Glyphs", "Run", "read_runs", "turned"]

_BLANKS = re.compile(r" {2,}")
_WIDE_GAP = 1.0  # in line heights: what parts two columns or two cells
_FEW = 8  # characters drawn late that belong into a gap of their line


@dataclass(frozen=True, slots=True)
class Run:
    """Text on one line.

    Boxes are in points with x along the writing and y against the order of lines, whatever the
    page's rotation; ``turn`` says how that frame lies on the page.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    first: int = -1  # character's number on the page; -1 for what was put together
    last: int = -1
    bold: bool = False
    hyphen: bool = False  # the last word goes on in the next line
    turn: int = 0  # 0, 90, 180, 270 degrees, or 1 for vertical writing

    @property
    def height(self) -> float:
        """Line height in points."""
        return self.y1 - self.y0

    @property
    def width(self) -> float:
        """Width in points."""
        return self.x1 - self.x0


def read_runs(glyphs: Glyphs) -> list[Run]:
    """The runs of a page in the order the file draws them.

    Args:
        glyphs: The page's; those drawn late are put where they stand.
    """
    runs = _runs(glyphs)
    if _settle(glyphs, runs):
        runs = _runs(glyphs)
    return runs


def _runs(glyphs: Glyphs) -> list[Run]:
    import numpy as np

    codes = glyphs.codes
    breaks = (codes == 10) | (codes == 13) | (codes == ord(HYPHEN))
    ink = np.flatnonzero(glyphs.ink)
    if not len(ink):
        return []
    lines = np.cumsum(breaks)[ink]
    starts = np.flatnonzero(np.r_[True, lines[1:] != lines[:-1]])
    ends = np.r_[starts[1:], len(ink)]
    turns = _turns(glyphs, ink, starts, ends)
    of_line = np.repeat(turns, ends - starts)
    boxes = glyphs.boxes[ink]
    for turn in set(turns.tolist()) - {0}:
        own = of_line == turn
        boxes[own] = turned_all(boxes[own], turn)
    fresh = _parts(boxes, codes[ink])
    bridged = np.cumsum(glyphs.bridges)[ink]
    fresh[1:] &= (bridged[1:] == bridged[:-1]) & (of_line[1:] < OBLIQUE)
    fresh[starts] = True
    _turn_parts(glyphs, ink, boxes, of_line, fresh, set(starts.tolist()))
    first = np.flatnonzero(fresh)
    last = np.r_[first[1:], len(ink)] - 1
    left = np.minimum.reduceat(boxes[:, 0], first)
    right = np.maximum.reduceat(boxes[:, 2], first)
    tall = _tallest(boxes, first, last)
    text = glyphs.text
    runs: list[Run] = []
    places = zip(
        ink[first].tolist(),
        ink[last].tolist(),
        left.tolist(),
        boxes[tall, 1].tolist(),
        right.tolist(),
        boxes[tall, 3].tolist(),
        of_line[first].tolist(),
        strict=True,
    )
    for begin, end, x0, y0, x1, y1, turn in places:
        said = text[begin : end + 1]
        hyphen = text[end + 1 : end + 2] == HYPHEN
        if "  " in said:
            said = _BLANKS.sub(" ", said)
        bold = glyphs.bold(begin)
        runs.append(Run(said, x0, y0, x1, y1, begin, end, bold, hyphen=hyphen, turn=turn))
    return runs


def _turn_parts(
    glyphs: Glyphs,
    ink: NDArray[np.int64],
    boxes: NDArray[np.float32],
    turns: NDArray[np.int64],
    fresh: NDArray[np.bool_],
    starts: set[int],
) -> None:
    """Looks at the parts of each line for themselves: one may lie across the others."""
    import numpy as np

    first = np.flatnonzero(fresh).tolist()
    for begin, end in zip(first, [*first[1:], len(ink)], strict=True):
        if begin in starts or turns[begin] == 1:
            continue
        turn = glyphs.turn(int(ink[begin]))
        if turn == turns[begin]:
            continue
        turns[begin:end] = turn
        boxes[begin:end] = turned_all(glyphs.boxes[ink[begin:end]], turn)
        if turn >= OBLIQUE and turns[begin - 1] == turn:
            # Its characters climb: each seemed a line of its own.
            before, here = glyphs.boxes[ink[begin - 1 : begin + 1]]
            away = np.abs(here - before).max()
            fresh[begin] = away > 1.5 * (before[3] - before[1])


def _turns(
    glyphs: Glyphs, ink: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each line how it lies on the page."""
    import numpy as np

    turns = np.array([glyphs.turn(at) for at in ink[starts].tolist()], dtype=np.int64)
    head, tail = glyphs.boxes[ink[starts]], glyphs.boxes[ink[ends - 1]]
    width = head[:, 2] - head[:, 0]
    # A line is vertical where its last character is straight below its first.
    below = (np.abs(head[:, 0] - tail[:, 0]) < width / 2) & (tail[:, 3] < head[:, 1] + width / 2)
    turns[(turns == 0) & (width > 0) & below & (ends - starts > 1)] = 1
    if (turns == 1).any():
        turns[_stand_alone(turns, ends - starts)] = 1
    return turns


def _stand_alone(turns: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Lines of one character between vertical ones, which say nothing of their own direction."""
    import numpy as np

    before = np.r_[False, turns[:-1] == 1]
    behind = np.r_[turns[1:] == 1, False]
    alone: NDArray[np.bool_] = (turns == 0) & (lengths == 1) & (before | behind)
    return alone


def _parts(boxes: NDArray[np.float32], codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Where a wide gap, a new base line or a step back parts a character from the one before."""
    import numpy as np

    x0, y0, x1, y1 = boxes.T
    height = np.maximum(y1 - y0, 1.0)[:-1]
    apart = (x0[1:] - x1[:-1] > _WIDE_GAP * height) | (x0[1:] < x0[:-1] - height)
    # Hebrew and Arabic are written the other way.
    forth = (codes < 0x590) | (codes > 0x8FF)
    apart |= (x1[1:] <= x0[:-1] + 0.05 * height) & forth[1:] & forth[:-1]
    off = (y0[1:] > y1[:-1] - 0.2 * height) | (y1[1:] < y0[:-1] + 0.2 * height)
    fresh: NDArray[np.bool_] = np.r_[True, apart | off]
    return fresh


def _tallest(
    boxes: NDArray[np.float32], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each run the tallest of its first, middle and last character."""
    import numpy as np

    trio = np.stack([first, (first + last) // 2, last])
    heights = (boxes[:, 3] - boxes[:, 1])[trio]
    chosen: NDArray[np.int64] = trio[heights.argmax(axis=0), np.arange(len(first))]
    return chosen


def _settle(glyphs: Glyphs, runs: list[Run]) -> bool:
    """Puts characters that were drawn late into the gap they stand in; whether there were any."""
    import numpy as np

    order: list[int] | None = None
    small = [n for n, run in enumerate(runs) if run.last - run.first < _FEW]
    if not small or len(runs) < 2:
        return False
    lows = np.array([run.y0 for run in runs])
    highs = np.array([run.y1 for run in runs])
    lefts = np.array([run.x0 for run in runs])
    rights = np.array([run.x1 for run in runs])
    lengths = np.array([run.last - run.first for run in runs])
    for n in small:
        run = runs[n]
        slack = 0.2 * run.height
        around = np.flatnonzero(
            (lefts < run.x0 + slack)
            & (rights > run.x1 - slack)
            & (lengths > lengths[n])
            & (np.abs(lows - run.y0) < slack)
            & (np.abs(highs - run.y1) < slack)
        )
        for host in around.tolist():
            place = _gap_for(glyphs, runs[host], run)
            if host != n and place is not None:
                order = order if order is not None else list(range(len(glyphs.text)))
                moved = set(range(run.first, run.last + 1))
                order = [at for at in order if at not in moved]
                at = order.index(place)
                while order[at - 1] != runs[host].first and glyphs.text[order[at - 1]].isspace():
                    # The blank was made of the gap that the late characters fill.
                    del order[at - 1]
                    at -= 1
                order[at:at] = range(run.first, run.last + 1)
                break
    if order is None:
        return False
    glyphs.reorder(np.array(order, dtype=np.int64))
    return True


def _gap_for(glyphs: Glyphs, host: Run, late: Run) -> int | None:
    """The character before which a late run belongs: it stands where its line has no ink."""
    if host.turn != late.turn:
        return None
    middle = (late.x0 + late.x1) / 2
    slack = 0.25 * late.width
    previous = None
    for at in range(host.first, host.last + 1):
        if glyphs.text[at].isspace():
            continue
        x0, _, x1, _ = turned(glyphs.box(at), host.turn)
        if x0 > middle:
            fits = previous is not None and previous <= late.x0 + slack and x0 >= late.x1 - slack
            return at if fits else None
        previous = x1
    return None
