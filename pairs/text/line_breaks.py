"""Line breaks of hard-wrapped text: those that end a printed line but no sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from loaders.characters import HAN

__all__ = ["soft_breaks"]

_HAN = re.compile(f"[{HAN}\u3000-\u303f\uff00-\uffef]")
# A list item, heading, quotation, table row, fence or clause number begins a unit of its own.
_BEGINS = re.compile(
    r"\s*(?:[-*+•·▪◦●○■□➢>|#=~`]|\(?[0-9a-zA-Z]{1,3}[.)、．）](?!\d)|\d+(?:\.\d+)+\s"
    r"|[（(][0-9一二三四五六七八九十]+[)）]|[一二三四五六七八九十]{1,3}[、.．]|[①-⑳]"
    r"|第[0-9一二三四五六七八九十百零〇]+[条章节款回编部篇])"
)
_GOES_ON = re.compile(r"[,，、]\s*$")
# A list follows, a table's row, Markdown's own hard break, a line of a table of contents.
_ENDS = re.compile(r"[:：|]\s*$|(?: {2}|\\)$|(?:\.{4}|…|·{3})[\s.…·]*\d*\s*$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_LEAST_WIDTH = 30
"""Columns, a Chinese character counting two, of the widest line of a wrapped paragraph."""
_SLACK = 0.08
"""Share of the widest line by which a full one may fall short beside the word that did not fit."""
_LONGEST = 40
"""Lines that may make one sentence: a text without any marks is no sentence."""
_WORD = re.compile(r"\S+")

_Line = tuple[int, int]


def soft_breaks(text: str) -> Iterator[int]:
    """Offsets of the line breaks that the line's width made, in order.

    A line is full where the next line's first word would not have fitted into it; the widest line
    of the same paragraph says what fits.

    Args:
        text: As read by the loader.
    """
    for paragraph in _paragraphs(text):
        widths = [_width(text[start:end]) for start, end in paragraph]
        # The widest line may be one that was never wrapped; most are as wide as the page.
        widest = max(widths)
        if widest < _LEAST_WIDTH:
            continue
        joined = 0
        for at, ((start, end), (after, after_end)) in enumerate(pairwise(paragraph)):
            line, rest = text[start:end], text[after:after_end]
            soft = (
                joined < _LONGEST
                and not _BEGINS.match(rest)
                and not _ENDS.search(line)
                and (
                    _GOES_ON.search(line) is not None
                    or widths[at] + _first_word(rest) >= widest * (1 - _SLACK)
                )
            )
            joined = joined + 1 if soft else 0
            if soft:
                yield end


def _paragraphs(text: str) -> Iterator[list[_Line]]:
    """Runs of at least two lines of running text between blank lines, headings and tables."""
    lines: list[_Line] = []
    start, fenced = 0, False
    for end in [*(found.start() for found in re.finditer("\n", text)), len(text)]:
        line = text[start:end]
        fence = _FENCE.match(line) is not None
        fenced ^= fence
        if fence or fenced or not line.strip() or line.lstrip()[0] in "#|":
            if len(lines) > 1:
                yield lines
            lines = []
        else:
            lines.append((start, end))
        start = end + 1
    if len(lines) > 1:
        yield lines


def _width(line: str) -> int:
    plain = line.rstrip()
    return len(plain) + len(_HAN.findall(plain))


def _first_word(line: str) -> int:
    """The width of what would have had to fit: a word and its blank, or a Chinese character."""
    word = _WORD.search(line)
    if word is None:
        return 0
    first = word.group()
    # A mark may not begin a line, so that up to two characters went over with it.
    return 4 if _HAN.match(first) else len(first) + 1
