"""Detects running headers and footers: lines at a page's edge that repeat."""

from __future__ import annotations

import re
from collections import defaultdict
from statistics import median

from .headings import usual_height
from .paragraphs import Line

LOOK_AHEAD = 4
"""Pages read beyond the one at hand before its running lines are judged."""

_EDGE = 0.14  # share of the page's height at its top and foot
_ENOUGH = 3  # pages that a line repeats on at least
_MOST_LINES = 3  # at each edge
_LARGEST = 1.3  # of the running text's height: larger lines are titles
_CELL = 4  # characters; shorter parts of a line prove nothing
_NUMBER = re.compile(r"[0-9]{1,6}")
_PAGE_NUMBER = re.compile(r"[-–—\s第]{0,4}[0-9]{1,5}[-–—\s页]{0,4}$")
_ROMAN = re.compile(r"[-–—\s]{0,3}([ivxlc]{1,7})[-–—\s]{0,3}$", re.IGNORECASE)


class RunningLines:
    """What stood at the edges of the pages seen so far."""

    def __init__(self) -> None:
        self._seen: dict[str, set[int]] = defaultdict(set)
        self._heights: list[float] = []

    def note(self, page: int, keys: list[str], height: float | None) -> None:
        """Takes in a page's edge lines.

        Args:
            page: Its number.
            keys: What ``edge_keys`` makes of them.
            height: Of its running text, in points; None where it has none.
        """
        if height is not None:
            self._heights.append(height)
        for key in keys:
            self._seen[key].add(page)

    def drop(
        self, page: int, lines: list[Line], bottom: float, top: float
    ) -> tuple[list[Line], list[str]]:
        """The lines without those that repeat, and the texts of those.

        Args:
            page: Its number.
            lines: All its lines.
            bottom: The page's lower edge, in points.
            top: Its upper edge.
        """
        # A page of tables or small print says little about what a title is.
        usual = max(usual_height(lines), median(self._heights or [0.0]))
        running = [
            line
            for line in _edge_lines(lines, bottom, top)
            if (line.height <= _LARGEST * usual or _counts_pages(line.text))
            and self._repeats(line, page)
        ]
        kept = [line for line in lines if not any(line is other for other in running)]
        return kept, [line.text for line in running]

    def _repeats(self, line: Line, page: int) -> bool:
        """Whether a line is on pages enough, and not for the first time where it says something."""
        pages = [seen for key in _keys(line, page) if len(seen := self._seen[key]) >= _ENOUGH]
        return bool(pages) and (_counts_pages(line.text) or page > min(map(min, pages)))


def edge_keys(page: int, lines: list[Line], bottom: float, top: float) -> list[str]:
    """What a page's edge lines would read on every page: all that its neighbours need of it.

    Args:
        page: Its number.
        lines: All its lines.
        bottom: The page's lower edge, in points.
        top: Its upper edge.
    """
    return [key for line in _edge_lines(lines, bottom, top) for key in _keys(line, page)]


def _edge_lines(lines: list[Line], bottom: float, top: float) -> list[Line]:
    """The outermost lines within the page's edges."""
    reach = _EDGE * (top - bottom)
    ordered = sorted((line for line in lines if not line.table), key=lambda line: -line.y1)
    head = [line for line in ordered[:_MOST_LINES] if line.y0 > top - reach]
    foot = [line for line in ordered[-_MOST_LINES:] if line.y1 < bottom + reach]
    return head + [line for line in foot if not any(line is other for other in head)]


def _keys(line: Line, page: int) -> list[str]:
    """What a line would read on every page: as it is, and with its page number counted off."""
    place = round(line.y0 / 6)
    plain = "".join(line.text.split())
    keys = [f"{place + shift}:{plain}" for shift in (0, 1)]
    keys += [
        f"{place + shift}:cell:{cell}"
        for cell in {"".join(cell.split()) for cell in line.text.split("  ")} - {plain}
        for shift in (0, 1)
        if len(cell) >= _CELL
    ]
    numbers = _NUMBER.findall(plain)
    if numbers:
        for number in {numbers[0], numbers[-1]}:
            offset = int(number) - page
            counted = plain.replace(number, f"<{offset}>", 1)
            keys += [f"{place + shift}:{counted}" for shift in (0, 1)]
    elif _ROMAN.match(plain):
        keys.append(f"{place}:roman")
    return keys


def _counts_pages(text: str) -> bool:
    return bool(_PAGE_NUMBER.match(text)) or bool(_ROMAN.match(text))
