"""Text runs of a PDF page: text on one line without a wide gap, with its box."""

from __future__ import annotations

import ctypes
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_LINE = re.compile("[^\r\n\ufffe]+")
_WIDE = re.compile("[\u2e80-\uffff\U00020000-\U0003ffff]")
_INNER_BLANK = re.compile(r"(?<=\S)\s+(?=\S)")
_HYPHEN = "\ufffe"  # PDFium's sign for a hyphen at a line's end whose word goes on
_WIDE_GAP = 1.0  # in line heights: what parts two columns or two cells
_SAMPLE = 5  # lines looked at closely on every page


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


def turned(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """A page box (x0, y0, x1, y1) in the coordinates of rotated text."""
    x0, y0, x1, y1 = box
    if turn == 270:
        return y0, -x1, y1, -x0
    if turn in (90, 1):
        return -y1, x0, -y0, x1
    if turn == 180:
        return -x1, -y1, -x0, -y0
    return box


class Glyphs:
    """A text page's characters and their boxes, asked for one by one: each costs a call."""

    def __init__(self, textpage: PdfTextPage) -> None:
        import pypdfium2.raw as pdfium

        self._raw = textpage.raw
        self._pdfium = pdfium
        self._rect = pdfium.FS_RECTF()
        self._pointer = ctypes.byref(self._rect)
        count = textpage.count_chars()
        buffer = (ctypes.c_ushort * (count + 1))()
        pdfium.FPDFText_GetText(self._raw, 0, count, buffer)
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        self.text = text
        # Beyond the basic plane PDFium counts two characters where Python counts one.
        self._shift = None if len(text) == count else _shifts(text)

    def box(self, index: int) -> tuple[float, float, float, float]:
        """The box of a character with the height of its line, in points on the page."""
        number = index if self._shift is None else self._shift[index]
        self._pdfium.FPDFText_GetLooseCharBox(self._raw, number, self._pointer)
        rect = self._rect
        return rect.left, rect.bottom, rect.right, rect.top

    def turn(self, index: int) -> int:
        """How a character lies on the page: 0, 90, 180 or 270 degrees."""
        number = index if self._shift is None else self._shift[index]
        angle = math.degrees(self._pdfium.FPDFText_GetCharAngle(self._raw, number))
        return round(angle / 90) * 90 % 360

    def bold(self, index: int) -> bool:
        """Whether a character is set in a heavy weight."""
        number = index if self._shift is None else self._shift[index]
        return bool(self._pdfium.FPDFText_GetFontWeight(self._raw, number) >= 600)


def _shifts(text: str) -> list[int]:
    shifts, at = [], 0
    for sign in text:
        shifts.append(at)
        at += 2 if sign > "\uffff" else 1
    return shifts


def read_runs(glyphs: Glyphs) -> list[Run]:
    """The runs of a page in the order the file draws them."""
    text = glyphs.text
    lines = []
    for match in _LINE.finditer(text):
        body = match[0].rstrip()
        first = match.end() - len(match[0].lstrip())
        if body.strip():
            last = match.start() + len(body) - 1
            lines.append((first, last, text[match.end() : match.end() + 1] == _HYPHEN))
    closely = _has_columns(glyphs, lines)
    runs: list[Run] = []
    for first, last, hyphen in lines:
        run = _run(glyphs, first, last, hyphen=hyphen)
        if run.turn == 1 or _is_plain(run, closely=closely):
            runs.append(run)
        else:
            runs.extend(_parted(glyphs, run))
    return runs


def _run(glyphs: Glyphs, first: int, last: int, *, hyphen: bool = False) -> Run:
    turn = glyphs.turn(first)
    head = glyphs.box(first)
    tail = glyphs.box(last) if last > first else head
    if turn == 0 and _is_vertical(head, tail):
        turn = 1
    head, tail = turned(head, turn), turned(tail, turn)
    tall = head if head[3] - head[1] >= tail[3] - tail[1] else tail
    return Run(
        glyphs.text[first : last + 1],
        min(head[0], tail[0]),
        tall[1],
        max(head[2], tail[2]),
        tall[3],
        first,
        last,
        bold=glyphs.bold(first),
        hyphen=hyphen,
        turn=turn,
    )


def _is_vertical(
    head: tuple[float, float, float, float], tail: tuple[float, float, float, float]
) -> bool:
    """Whether a line is vertical: its last character is straight below its first."""
    width = head[2] - head[0]
    return width > 0 and abs(head[0] - tail[0]) < width / 2 and tail[3] < head[1] + width / 2


def _is_plain(run: Run, *, closely: bool) -> bool:
    """Whether a line can be taken as one run without looking at its characters."""
    if closely or "  " in run.text or "\t" in run.text:
        return False
    wide = 0 if run.text.isascii() else len(_WIDE.findall(run.text))
    usual = run.height * (wide * 0.95 + (len(run.text) - wide) * 0.42)
    return usual * 0.45 < run.width < usual * 1.3 + run.height / 2


def _has_columns(glyphs: Glyphs, lines: list[tuple[int, int, bool]]) -> bool:
    """Whether lines of this page reach across a gutter, judged by a sample."""
    long = [line for line in lines if line[1] - line[0] > 20]
    sample = long[:: max(1, len(long) // _SAMPLE)][:_SAMPLE]
    wide = 0
    for first, last, _ in sample:
        text = glyphs.text[first : last + 1]
        for match in _INNER_BLANK.finditer(text):
            before, after = glyphs.box(first + match.start() - 1), glyphs.box(first + match.end())
            if after[0] - before[2] > _WIDE_GAP * (before[3] - before[1]):
                wide += 1
                break
    return wide >= 2


def _parted(glyphs: Glyphs, run: Run) -> list[Run]:
    """A line cut where a wide gap, a new base line or a step back parts its characters."""
    parts: list[Run] = []
    begin = previous = run.first
    before = turned(glyphs.box(run.first), run.turn)
    for index in range(run.first + 1, run.last + 1):
        if glyphs.text[index].isspace():
            continue
        box = turned(glyphs.box(index), run.turn)
        height = max(before[3] - before[1], 1.0)
        apart = box[0] - before[2] > _WIDE_GAP * height or box[0] < before[0] - height
        if apart or (box[1] > before[3] - height * 0.2 or box[3] < before[1] + height * 0.2):
            parts.append(_run(glyphs, begin, previous))
            begin = index
        previous, before = index, box
    parts.append(_run(glyphs, begin, run.last, hyphen=run.hyphen))
    return parts
