"""Finds text that is drawn more than once at one place: boldness, shadows, layers of programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .glyphs import Glyphs
from .runs import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NEAR = 0.2  # of a character's shorter side: two of a word never stand as near
_BAND = 4.0  # points; characters of one line stand in one band or two
_LAYERS = 3  # a character is compared with as many others of its band
_MOST_RUNS = 500  # whose boxes are compared each with each


def overprinted(runs: list[Run], glyphs: Glyphs) -> list[int]:
    """The characters that stand over their like; of each place the one in the longest run stays.

    PDFium gives the second drawing with holes, or the first: the longer one is the whole one.

    Args:
        runs: Of the page.
        glyphs: Its characters.
    """
    import numpy as np

    ink = glyphs.ink
    if len(runs) <= _MOST_RUNS:
        over = np.zeros(len(ink), dtype=bool)
        for number in _overlapping(runs):
            over[runs[number].first : runs[number].last + 1] = True
        ink &= over
    chosen = np.flatnonzero(ink)
    if not len(chosen):
        return []
    one, other = _pairs(glyphs.boxes[chosen], glyphs.codes[chosen].astype(np.int64))
    if not len(one):
        return []
    # The longest run first, of two as long the one drawn first.
    rank = np.full(len(glyphs.text), len(runs))
    for place, run in enumerate(sorted(runs, key=lambda run: run.first - run.last)):
        rank[run.first : run.last + 1] = place
    one, other = chosen[one], chosen[other]
    # Letters of a ligature share a place, and a run.
    again = np.r_[one[rank[one] > rank[other]], other[rank[other] > rank[one]]]
    found: list[int] = np.unique(again).tolist()
    return found


def _overlapping(runs: list[Run]) -> list[int]:
    """The numbers of the runs whose boxes lie over another's."""
    import numpy as np

    if not runs:
        return []
    x0, y0, x1, y1, turn = np.array(
        [(run.x0, run.y0, run.x1, run.y1, run.turn) for run in runs], dtype=np.float32
    ).T
    height = y1 - y0
    shared = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    over = shared > 0.5 * np.minimum(height[:, None], height)
    over &= (x1[:, None] > x0) & (x0[:, None] < x1) & (turn[:, None] == turn)
    np.fill_diagonal(over, val=False)
    found: list[int] = np.flatnonzero(over.any(axis=1)).tolist()
    return found


def _pairs(
    boxes: NDArray[np.float32], codes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which like characters stand at one place."""
    import numpy as np

    x, y = boxes[:, 0], boxes[:, 1]
    near = _NEAR * np.minimum(boxes[:, 2] - x, boxes[:, 3] - y)
    ones, others = [], []
    for shift in (0.0, 0.5):
        band = np.floor(np.clip(y, -1e5, 1e5) / _BAND + shift).astype(np.int64) & 0xFFFF
        order = np.lexsort((x, codes << 16 | band))
        for step in range(1, _LAYERS + 1):
            one, other = order[:-step], order[step:]
            same = (codes[one] == codes[other]) & (near[one] > 0)
            same &= np.abs(x[one] - x[other]) < near[one]
            same &= np.abs(y[one] - y[other]) < near[one]
            ones.append(one[same])
            others.append(other[same])
    return np.concatenate(ones), np.concatenate(others)
