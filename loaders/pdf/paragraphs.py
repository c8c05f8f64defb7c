"""Joins lines of a page into paragraphs: Chinese without a blank, English with one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from ..characters import HAN, close_up
from ..sentences import closes_sentence
from .runs import Run

_LIST_MARK = re.compile(
    r"(?:[-–•●·▪◦○■□◆➢✓*]|\(?[0-9]{1,3}[.)、）]|[（(][0-9一二三四五六七八九十]{1,3}[)）]"
    rf"|[一二三四五六七八九十]{{1,3}}、|[a-zA-Z][.)])[\s{HAN}]"
)
_LEADER_END = re.compile(r"(?:[.·…]\s?){3,}\s*[0-9ivxlc]{1,6}$")
_LAST_WORD = re.compile(r"[A-Za-z]+$")
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
# First and second parts that a compound joins by a hyphen, whatever else a page writes.
_FIRST_PARTS = frozenset(
    "well self half ill all ex quasi twenty thirty forty fifty sixty seventy eighty ninety".split()
)
_SECOND_PARTS = frozenset(
    "based known term driven oriented specific aware year day time scale level free style".split()
)
# What these begin is one word: un-known at a line's end is unknown.
_PREFIXES = frozenset(
    "un in im re de dis non mis pre over under out inter co ir il be fore care some".split()
)
_ENDINGS = ("ish", "less", "ness", "hood", "fare", "come", "being", "ington")
_CODE = ("#", "$")  # prompts and comments begin lines of their own
_WIDE = "\u2e80"
_SEEN = 40  # characters on either side of a line's break
_NUMBER_END = re.compile(r"\d[.,]?$")
_NUMBER_START = re.compile(r"[.,]?\d")


@dataclass(slots=True)
class Line:
    """What stands on one line of a region."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool = False
    hyphen: bool = False
    table: bool = False
    cells: int = 1

    @property
    def height(self) -> float:
        """In points."""
        return self.y1 - self.y0


@dataclass(slots=True)
class Paragraph:
    """Lines that read on; ``gap`` says whether more than a line's lead parts it from the last."""

    text: str
    lines: list[Line]
    gap: bool = False


def to_line(row: list[Run]) -> Line:
    """The runs of one row as a line; wide gaps between them stay visible as two blanks."""
    text = ""
    for before, run in zip([None, *row], row, strict=False):
        if before is not None:
            apart = (run.x0 - before.x1) / max(min(run.height, before.height), 1.0)
            text += "" if apart < 0.15 else "  " if apart > 1 else " "
        text += run.text
    tallest = max(row, key=lambda run: run.height)
    return Line(
        close_up(text),
        row[0].x0,
        tallest.y0,
        max(run.x1 for run in row),
        tallest.y1,
        bold=row[0].bold,
        hyphen=row[-1].hyphen,
        table="\n" in row[0].text,
        cells=text.count("  ") + 1,
    )


def glue(
    left: str, right: str, *, hyphen: bool = False, words: AbstractSet[str] = frozenset()
) -> str:
    """Two lines of one paragraph as one.

    Args:
        left: The upper line.
        right: The lower.
        hyphen: Whether the upper line's last word is broken, its hyphen already left out.
        words: What the page writes elsewhere, in lower case, compounds included.
    """
    if not hyphen and len(left) > 1 and left[-1] == "-" and left[-2].isalpha():
        left, hyphen = left[:-1], right[:1].islower()
        if not hyphen:
            return f"{left}-{right}"
    if _is_range(left, right):
        return left + right
    if hyphen:
        return left + right if _is_one_word(left, right, words) else f"{left}-{right}"
    if left[-1:] >= _WIDE or right[:1] >= _WIDE or _breaks_number(left, right):
        return left + right
    return f"{left} {right}"


def _is_range(left: str, right: str) -> bool:
    """Whether a line ends between the two numbers of a range."""
    return left[-1:] == "-" and left[-2:-1].isdigit() and right[:1].isdigit()


def _breaks_number(left: str, right: str) -> bool:
    """Whether a Chinese line ends inside a number: such lines break at any character."""
    head, tail = left[-_SEEN:], right[:_SEEN]
    if not (_NUMBER_END.search(head) and _NUMBER_START.match(tail)):
        return False
    wide = sum(char >= _WIDE for char in head + tail)
    return wide > len(head + tail) / 3


def _is_one_word(left: str, right: str, words: AbstractSet[str]) -> bool:
    """Whether a hyphen at a line's end only marks the break."""
    head, tail = _LAST_WORD.search(left), _FIRST_WORD.match(right)
    if head is None or tail is None:
        return False
    if not (tail[0].islower() or (tail[0].isupper() and head[0].isupper())):
        return False
    first, second = head[0].lower(), tail[0].lower()
    if first + second in words:
        return True
    if left[: head.start()].endswith("-") or right[tail.end() :].startswith("-"):
        return False  # state-of-the-art: one of its hyphens is there, and so are the others.
    if first in _FIRST_PARTS and not second.startswith(_ENDINGS):
        return False
    if second in _SECOND_PARTS and len(first) > 2 and first not in _PREFIXES:
        return False
    both_known = len(first) > 2 and len(second) > 2 and first in words and second in words
    return not both_known and f"{first}-{second}" not in words


def vocabulary(lines: list[Line]) -> frozenset[str]:
    """The words within lines, in lower case; those at their ends may be halves and are left out."""
    found: set[str] = set()
    for line in lines:
        found.update(_WORD.findall(line.text.lower())[1:-1])
    return frozenset(found)


def paragraphs(regions: list[list[Line]], words: AbstractSet[str] = frozenset()) -> list[Paragraph]:
    """The paragraphs of a page, in order; one may run on from region to region.

    Args:
        regions: The lines of every region in reading order.
        words: What the page writes elsewhere, in lower case, compounds included.
    """
    out: list[Paragraph] = []
    for lines in regions:
        lead = _lead(lines)
        before: Line | None = None
        right = 0.0
        for line, edge in zip(lines, _right_edges(lines, lead), strict=True):
            last = out[-1] if out else None
            if before is None:
                on = last is not None and _crosses(last, line)
            else:
                on = last is not None and _continues(last.lines, before, line, right, lead)
            if on and last is not None:
                hyphen = last.lines[-1].hyphen
                last.text = glue(last.text, line.text, hyphen=hyphen, words=words)
                last.lines.append(line)
            else:
                if last is not None and last.lines[-1].hyphen:
                    last.text += "-"
                out.append(Paragraph(line.text, [line], gap=_gap(last, before, line, lead)))
            before, right = line, edge
    if out and out[-1].lines[-1].hyphen:
        out[-1].text += "-"
    return out


def _right_edge(lines: list[Line]) -> float:
    edges = sorted(line.x1 for line in lines if not line.table)
    # A few lines stand out: notes in the margin, a formula too long.
    return edges[-1 - len(edges) // 10] if edges else 0.0


def _right_edges(lines: list[Line], lead: float) -> list[float]:
    """Where each line would end if it were full: at its block's edge, or at the region's."""
    whole = _right_edge(lines)
    left = min((line.x0 for line in lines), default=0.0)
    edges: list[float] = []
    block: list[Line] = []
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        block.append(line)
        step = line.y0 - after.y0 if after else 0.0
        if after and _near(line, after) and 0 < step <= max(1.35 * lead, 1.5 * after.height):
            continue
        own = _right_edge(block)
        wide = own - min(one.x0 for one in block) > 0.5 * (whole - left)
        own = own if len(block) > 3 or (wide and len(block) > 1) else whole
        # Of two or three lines nobody knows how wide they might be: a full stop ends them.
        edges += [
            float("inf") if len(block) <= 3 and closes_sentence(one.text) else own for one in block
        ]
        block = []
    return edges


def _near(one: Line, other: Line) -> bool:
    """Whether two lines are set in about the same size."""
    return abs(one.height - other.height) <= 0.25 * max(one.height, other.height)


def _lead(lines: list[Line]) -> float:
    """The distance of base lines in which most of the text is set, in points; 0.0 if unknown."""
    weights: dict[int, int] = defaultdict(int)
    for above, below in pairwise(lines):
        step = above.y0 - below.y0
        if step > 0.7 * below.height and not (above.table or below.table):
            weights[round(step)] += len(below.text)
    return max(weights, key=lambda step: weights[step]) + 0.5 if len(lines) > 3 and weights else 0.0


def _continues(so_far: list[Line], before: Line, line: Line, right: float, lead: float) -> bool:
    """Whether a line goes on where the one above it ended."""
    if before.table or line.table or line.cells > 2 or before.cells > 2:
        return False
    if before.cells == line.cells == 2:
        return False  # A label and its value.
    if not _near(before, line):
        return False
    step = before.y0 - line.y0
    if step > max(1.3 * lead, 1.45 * line.height) or step > 3 * line.height:
        return False
    if _LIST_MARK.match(line.text) or line.text.startswith(_CODE):
        return False
    if _LEADER_END.search(before.text[-60:]):
        return False
    if before.hyphen or _is_range(before.text, line.text):
        return True
    indent = line.x0 - before.x0
    hanging = len(so_far) == 1 and _LIST_MARK.match(before.text)
    if (indent > line.height and not hanging) or (indent < -line.height and len(so_far) > 1):
        return False
    return _was_full(before, line, right)


def _was_full(before: Line, line: Line, right: float) -> bool:
    """Whether the first word of a line would not have fitted at the end of the one above."""
    if line.text[:1] >= _WIDE:
        word = 2.0 * line.height
    else:
        letters = len(line.text.split(None, 1)[0]) if line.text.split() else 1
        word = (letters + 1.5) / max(len(line.text), 1) * (line.x1 - line.x0)
    return right - before.x1 < word


def _crosses(last: Paragraph, line: Line) -> bool:
    """Whether a paragraph goes on at the top of the next column."""
    before = last.lines[-1]
    if before.table or line.table or abs(before.height - line.height) > 0.15 * line.height:
        return False
    if before.hyphen:
        return line.text[:1].islower()
    runs_on = line.text[:1].islower() or (line.text[:1] >= _WIDE and len(last.lines) > 1)
    return runs_on and not closes_sentence(before.text) and len(before.text) > 8


def _gap(last: Paragraph | None, before: Line | None, line: Line, lead: float) -> bool:
    if last is None or before is None or before.table or line.table:
        return True
    step = before.y0 - line.y0
    return step > max(1.35 * lead, 1.5 * line.height) or len(last.lines) > 1
