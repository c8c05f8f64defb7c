"""Detects headings of a PDF page by size, weight and numbering."""

from __future__ import annotations

import re
from collections import defaultdict

from ..headings import plain_level
from .paragraphs import Line, Paragraph

_LONGEST = 80  # characters, Han counted twice
_NUMBERED = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,2}){0,4})[.、\s]\s?\S")
_CHINESE = re.compile(r"[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）]")
_NO_TITLE = "□☐☑√●■○◆•·-–—*"
_SENTENCE_SIGNS = "。！？；，,;:：.!?…"


def usual_height(lines: list[Line]) -> float:
    """The height of most of a page's text, in points; 0.0 for a page without any."""
    weights: dict[float, int] = defaultdict(int)
    for line in lines:
        if not line.table:
            weights[round(line.height, 1)] += len(line.text)
    return max(weights, key=lambda height: weights[height]) if weights else 0.0


def heading_level(block: Paragraph, usual: float) -> int:
    """The level of a heading, from 1; 0 for a block that is none.

    Args:
        block: A paragraph of the page.
        usual: The height of its running text, in points.
    """
    text = block.text.strip()
    if len(block.lines) > 2 or block.lines[0].table or not _is_title(text):
        return 0
    line = block.lines[0]
    ratio = line.height / usual if usual else 1.0
    if level := plain_level(text):
        return level
    if ratio >= 1.12:
        return 1 if ratio >= 1.6 else 2 if ratio >= 1.3 else 3
    if line.bold and line.cells == 1 and ratio >= 0.95:
        if mark := _NUMBERED.match(text):
            return min(2 + mark[1].count("."), 6)
        return 4 if _CHINESE.match(text) or len(text) <= 40 else 0
    return 0


def _is_title(text: str) -> bool:
    """Whether a text could be a title: short, mostly letters, not closed like a sentence."""
    length = sum(2 if sign > "\u2e7f" else 1 for sign in text[: _LONGEST + 1])
    if not 3 <= length <= _LONGEST or text[-1] in _SENTENCE_SIGNS or text[0] in _NO_TITLE:
        return False
    if "@" in text:  # the address of an author
        return False
    return sum(sign.isalpha() for sign in text) >= 0.5 * len("".join(text.split()))
