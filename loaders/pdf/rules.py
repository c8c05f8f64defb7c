"""Ruled lines of a PDF page, and the table grids they form."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_THIN = 3.0  # points; a filled box no thicker is a rule
_NEAR = 3.0  # points; rules no further apart meet
_OPEN = 8.0  # points that rules reach past the last one across them, where a side is open
_MOST_OBJECTS = 20_000  # a page of more paths is a drawing
_MOST_RULES = 3_000
_MOST_SEGMENTS = 400


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line: ``at`` across its direction, from ``low`` to ``high`` along it."""

    at: float
    low: float
    high: float


@dataclass(slots=True)
class Grid:
    """Lines that cross: the rows and columns of a table.

    ``xs`` and ``ys`` rise; ``level`` and ``upright`` are its rules.
    """

    xs: list[float]
    ys: list[float]
    level: list[Rule] = field(default_factory=list)
    upright: list[Rule] = field(default_factory=list)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) in points."""
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]


Box = tuple[float, float, float, float]


def read_boxes(page: PdfPage) -> tuple[list[Box], float]:
    """The boxes of a page's drawn lines, and the share of it that pictures cover.

    Each box of a line is thin in one direction; a frame gives its four edges. A filled area
    without an outline gives none: it shades a row, a cell or a line of text.

    Args:
        page: The open page.
    """
    import pypdfium2.raw as pdfium

    raw = page.raw
    count = min(pdfium.FPDFPage_CountObjects(raw), _MOST_OBJECTS)
    boxes: list[Box] = []
    whole = max(page.get_width() * page.get_height(), 1.0)
    picture = 0.0
    for number in range(count):
        thing = pdfium.FPDFPage_GetObject(raw, number)
        kind = pdfium.FPDFPageObj_GetType(thing)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            if len(boxes) < _MOST_RULES:
                boxes.extend(_edges(pdfium, thing))
        elif kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            x0, y0, x1, y1 = _bounds(pdfium, thing)
            picture += (x1 - x0) * (y1 - y0) / whole
    return boxes, picture


def _edges(pdfium: Any, thing: Any) -> list[Box]:
    x0, y0, x1, y1 = _bounds(pdfium, thing)
    if min(x1 - x0, y1 - y0) <= _THIN:
        return [(x0, y0, x1, y1)]
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(thing, fill, stroke)
    if not stroke.value:
        return []
    segments = pdfium.FPDFPath_CountSegments(thing)
    if segments <= 5:
        return _frame(x0, y0, x1, y1)
    return _segments(pdfium, thing, segments) if segments <= _MOST_SEGMENTS else []


def _bounds(pdfium: Any, thing: Any) -> Box:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(thing, left, bottom, right, top)
    return left.value, bottom.value, right.value, top.value


def _frame(x0: float, y0: float, x1: float, y1: float) -> list[Box]:
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def _segments(pdfium: Any, thing: Any, count: int) -> list[Box]:
    """The straight lines of a path that draws several at once."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(thing, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    boxes: list[Box] = []
    here: tuple[float, float] | None = None
    for number in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(thing, number)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        there = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_LINETO and here is not None:
            boxes.append(
                (
                    min(here[0], there[0]),
                    min(here[1], there[1]),
                    max(here[0], there[0]),
                    max(here[1], there[1]),
                )
            )
        here = there
    return boxes


def to_rules(boxes: list[Box]) -> tuple[list[Rule], list[Rule]]:
    """The level and the upright rules among drawn lines, the parts of one put together.

    Args:
        boxes: Of lines, in the frame of the text.
    """
    level = [Rule((b + t) / 2, x0, x1) for x0, b, x1, t in boxes if _is_level(x0, b, x1, t)]
    upright = [Rule((x0 + x1) / 2, b, t) for x0, b, x1, t in boxes if _is_level(b, x0, t, x1)]
    return _merged(level), _merged(upright)


def find_grids(level: Sequence[Rule], upright: Sequence[Rule]) -> list[Grid]:
    """The grids among a page's rules: at least two rows and two columns each.

    Args:
        level: Along the lines of text.
        upright: Across them.
    """
    if len(level) < 2 or len(upright) < 2 or len(level) * len(upright) > 200_000:
        return []
    grids = []
    for some_level, some_upright in _crossing(level, upright):
        if not some_upright or len(some_level) < 2:
            continue
        xs = _places(some_upright, some_level)
        ys = _places(some_level, some_upright)
        if len(xs) >= 3 and len(ys) >= 3:
            grids.append(Grid(xs, ys, some_level, some_upright))
    return grids


def _places(rules: list[Rule], crossed: list[Rule]) -> list[float]:
    """Where rules stand, and where those that cross them end: a table may be open at its sides."""
    places = sorted({rule.at for rule in rules})
    low = sorted(rule.low for rule in crossed)[len(crossed) // 3]
    high = sorted((rule.high for rule in crossed), reverse=True)[len(crossed) // 3]
    if low < places[0] - _OPEN:
        places.insert(0, low)
    if high > places[-1] + _OPEN:
        places.append(high)
    return places


def _is_level(x0: float, y0: float, x1: float, y1: float) -> bool:
    return y1 - y0 <= _THIN and x1 - x0 > 2 * _THIN


def _merged(rules: list[Rule]) -> list[Rule]:
    """Rules on one line as one, where they touch; nearly equal lines get one place."""
    rules.sort(key=lambda rule: rule.at)
    lines: list[list[Rule]] = []
    for rule in rules:
        if lines and rule.at - lines[-1][0].at <= _NEAR:
            lines[-1].append(rule)
        else:
            lines.append([rule])
    merged = []
    for line in lines:
        at = sum(rule.at for rule in line) / len(line)
        low: float | None = None
        high = 0.0
        for rule in sorted(line, key=lambda rule: rule.low):
            if low is None:
                low, high = rule.low, rule.high
            elif rule.low <= high + _NEAR:
                high = max(high, rule.high)
            else:
                merged.append(Rule(at, low, high))
                low, high = rule.low, rule.high
        if low is not None:
            merged.append(Rule(at, low, high))
    return merged


def _crossing(
    level: Sequence[Rule], upright: Sequence[Rule]
) -> list[tuple[list[Rule], list[Rule]]]:
    """The rules grouped into connected components of crossing rules."""
    parent = list(range(len(level) + len(upright)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for i, flat in enumerate(level):
        for j, tall in enumerate(upright, len(level)):
            meets = flat.low - _NEAR <= tall.at <= flat.high + _NEAR
            if meets and tall.low - _NEAR <= flat.at <= tall.high + _NEAR:
                parent[root(i)] = root(j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for node in range(len(parent)):
        flats, talls = groups.setdefault(root(node), ([], []))
        if node < len(level):
            flats.append(level[node])
        else:
            talls.append(upright[node - len(level)])
    return list(groups.values())
