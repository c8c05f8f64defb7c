"""Numbers of lists and headings of OpenDocument, counted as the program that shows them does."""

from __future__ import annotations

from typing import Any

from .numerals import counted
from .odfstyles import attribute, named, whole_number

# How a format writes one, and what the same way of counting is called elsewhere.
_WAYS = {
    "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
    "一": "chineseCounting", "壹": "chineseLegalSimplified", "甲": "ideographTraditional",
    "子": "ideographZodiac", "①": "decimalEnclosedCircle", "１": "decimalFullWidth",
}  # fmt: skip
_MOST = 1 << 20
_DEEPEST = 10  # levels of a list's style


class Numbering:
    """Counts a document's lists and headings.

    Args:
        outline: The styles of the headings' numbers by their level, from 1.
    """

    def __init__(self, outline: dict[int, Any]) -> None:
        self._outline = outline
        self._numbers: dict[str, list[int]] = {}

    def counts_of(self, node: Any, level: int, style: str) -> list[int]:
        """How far the list has counted at each level; a list begins anew unless it goes on."""
        counts = self._numbers.setdefault(style, [])
        goes_on = attribute(node, "continue-numbering") == "true" or attribute(
            node, "continue-list"
        )
        if level == 1 and not goes_on:
            counts.clear()
        del counts[level:]
        return counts

    def label(self, levels: dict[int, Any], counts: list[int], level: int, item: Any) -> str:
        """What stands before a list's item; ``-`` where it has no number."""
        shape = levels.get(min(level, _DEEPEST))
        start = attribute(shape, "start-value") if shape is not None else ""
        while len(counts) < level:
            counts.append(0)
        del counts[level:]
        first = whole_number(start, 1, _MOST) if counts[-1] == 0 else counts[-1] + 1
        counts[-1] = whole_number(attribute(item, "start-value"), first, _MOST)
        if shape is None or named(shape) != "list-level-style-number":
            return "-"
        return _number(levels, counts, level)

    def outline_number(self, node: Any, level: int) -> str:
        """The number that stands before a heading."""
        shape = self._outline.get(level)
        if shape is None or not attribute(shape, "num-format"):
            return ""
        if attribute(node, "is-list-header") == "true":
            return ""
        counts = self._numbers.setdefault("\0outline", [])
        while len(counts) < level:
            above = self._outline.get(len(counts) + 1)
            start = attribute(above, "start-value") if above is not None else ""
            counts.append(whole_number(start, 1, _MOST) - (len(counts) + 1 == level))
        del counts[level:]
        counts[-1] += 1
        if attribute(node, "restart-numbering") == "true":
            counts[-1] = whole_number(attribute(node, "start-value"), 1, _MOST)
        return _number(self._outline, counts, level)


def _number(levels: dict[int, Any], counts: list[int], level: int) -> str:
    shape = levels[min(level, _DEEPEST)]
    shown = whole_number(attribute(shape, "display-levels"), 1, 10)
    words = []
    for at in range(max(level - shown, 0), level):
        above = levels.get(at + 1)
        form = attribute(above, "num-format") if above is not None else "1"
        if form:
            words.append(counted(counts[at] or 1, _WAYS.get(form[:1], "decimal")))
    body = ".".join(words)
    if not body:
        return ""
    return attribute(shape, "num-prefix") + body + attribute(shape, "num-suffix")
