"""Numbered lines: the items of a list, and the question that stands above an answer."""

from __future__ import annotations

import re

from .labels import NUMERAL, number_of

_ITEM = re.compile(
    rf"^ *[>#*_\- ]{{0,8}}[(]?(?P<number>{NUMERAL})[.)、:](?!\d)[*_ ]{{0,4}}", re.MULTILINE
)
_ASKING = re.compile(r"^ *(?P<lead>[>#*_\-+•·●▪◆■○ ]{0,8})(?P<text>\S[^\n]*)$", re.MULTILINE)
_OPTION = re.compile(r"^ *[\-* ]{0,4}[(]?[a-h][.)、:]", re.IGNORECASE)


def numbered_items(text: str, shadow: str, begin: int, end: int) -> dict[int, str]:
    """The texts of a list by their numbers, where the stretch begins with item 1; else nothing.

    Args:
        text: A cleaned reply.
        shadow: The same, made plain.
        begin: Where the stretch begins.
        end: Where it ends, exclusive.
    """
    found = [
        (mark.start(), mark.end(), number_of(mark["number"]))
        for mark in _ITEM.finditer(shadow, begin, end)
    ]
    if not found or found[0][2] != 1 or shadow[begin : found[0][0]].strip(" \n*_#:"):
        return {}
    items: dict[int, str] = {}
    starts = [start for start, _, _ in found[1:]] + [end]
    for (_, after, number), stop in zip(found, starts, strict=True):
        if number == len(items) + 1:
            items[number] = text[after:stop]
        else:
            items[len(items)] += text[after:stop]
    return items


def list_before(shadow: str, begin: int, end: int) -> tuple[int, int, int] | None:
    """Where the last numbered list in a stretch begins, twice, and ends; None where it is none.

    Args:
        shadow: A cleaned reply, made plain.
        begin: Where the stretch begins.
        end: Where it ends, exclusive.
    """
    starts = [
        mark.start()
        for mark in _ITEM.finditer(shadow, begin, end)
        if number_of(mark["number"]) == 1
    ]
    return (starts[-1], starts[-1], end) if starts else None


def question_before(shadow: str, begin: int, end: int) -> tuple[int, int, int] | None:
    """Where the unlabelled question above an answer stands: its line, its text, its end.

    It is the last line that carries a number or ends as a question, with nothing but options
    below it.

    Args:
        shadow: A cleaned reply, made plain.
        begin: Where the stretch above the answer begins.
        end: Where the answer's label begins.
    """
    position = end
    for _ in range(12):
        position = _line_start(shadow, begin, position)
        if position < 0:
            return None
        line_end = shadow.find("\n", position, end)
        line_end = end if line_end < 0 else line_end
        line = shadow[position:line_end]
        if not line.strip() or _OPTION.match(line):
            continue
        item = _ITEM.match(line)
        if item and number_of(item["number"]):
            return position, position + item.end(), line_end
        asking = _ASKING.match(line)
        if asking and asking["text"].rstrip(" *_").endswith("?"):
            return position, position + asking.start("text"), line_end
        return None
    return None


def _line_start(shadow: str, begin: int, end: int) -> int:
    """Where the line before a place begins; -1 where there is none."""
    if end <= begin:
        return -1
    return max(shadow.rfind("\n", begin, max(end - 1, begin)) + 1, begin)
