"""Raised figures of a PDF page: powers and note marks stay apart from the number before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .glyphs import Glyphs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RAISED = dict(zip("0123456789+-−–=()ni,", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ,", strict=True))
_SMALLER = 0.88  # of the size before it
_RISE = 0.15  # of the size before it, from base line to base line
_NEAR = 0.5  # line heights between a character and what is raised behind it
_LONGEST = 8  # characters


def raise_figures(glyphs: Glyphs) -> None:
    """Writes figures that are set small and high as the raised figures of Unicode.

    Args:
        glyphs: The page's; their number and places stay.
    """
    import numpy as np

    signs = glyphs.text
    ink = np.flatnonzero(glyphs.ink)
    if len(ink) < 2:
        return
    boxes = glyphs.boxes[ink]
    changed: list[str] | None = None
    for start in _candidates(boxes).tolist():
        end = _end(boxes, start)
        figures = [signs[at] for at in ink[start:end].tolist()]
        if any(one not in _RAISED for one in figures) or not any(map(str.isdigit, figures)):
            continue
        if not _is_raised(glyphs, int(ink[start - 1]), int(ink[start])):
            continue
        changed = changed if changed is not None else list(signs)
        for at, figure in zip(ink[start:end].tolist(), figures, strict=True):
            changed[at] = _RAISED[figure]
    if changed is not None:
        glyphs.text = "".join(changed)


def _candidates(boxes: NDArray[np.float32]) -> NDArray[np.int64]:
    """Characters that stand smaller, higher and close behind the one before."""
    import numpy as np

    x0, y0, x1, y1 = boxes.T
    height = y1 - y0
    before = height[:-1]
    apart = x0[1:] - x1[:-1]
    small = (height[1:] < _SMALLER * before) & (apart > -0.2 * before) & (apart < _NEAR * before)
    high = (y0[1:] > y0[:-1] + _RISE * before) & (y0[1:] < y1[:-1])
    found: NDArray[np.int64] = np.flatnonzero(small & high) + 1
    return found


def _end(boxes: NDArray[np.float32], start: int) -> int:
    """One past the last character of the same size and height behind a raised one."""
    end = start + 1
    low, height = float(boxes[start, 1]), float(boxes[start, 3] - boxes[start, 1])
    while end < len(boxes) and end - start <= _LONGEST:
        x0, y0, _, y1 = map(float, boxes[end])
        apart = x0 - float(boxes[end - 1, 2])
        same = abs(y0 - low) < 0.15 * height and abs(y1 - y0 - height) < 0.15 * height
        if not same or not -0.2 * height < apart < _NEAR * height:
            break
        end += 1
    return end


def _is_raised(glyphs: Glyphs, plain: int, small: int) -> bool:
    """Whether a character is really smaller and higher, by its size and its base line."""
    size = glyphs.size(plain)
    rise = glyphs.origin(small)[1] - glyphs.origin(plain)[1]
    return abs(glyphs.size(small)) < _SMALLER * abs(size) and rise > _RISE * abs(size)
