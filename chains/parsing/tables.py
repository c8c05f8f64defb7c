"""Reads pairs from tables: Markdown rows, or lines of tab-separated cells."""

from __future__ import annotations

import re
from typing import NamedTuple

from .findings import NOTHING_FOUND, Findings, Tail
from .json_walk import role_of

_RULE = re.compile(r"[|\s:\-—=+]+\Z")
_PIPED = re.compile(r"^[^\n|｜]*[|｜][^\n]*$", re.MULTILINE)
_TABBED = re.compile(r"^[^\n\t]*\t[^\n]*$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)[|｜]")
_WIDEST = 12
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)


class _Columns(NamedTuple):
    question: int
    answer: int
    width: int


def read_tables(text: str) -> Findings:
    """Pairs from the rows below a header with a question and an answer column.

    Args:
        text: A cleaned reply.
    """
    pairs: list[tuple[str, str]] = []
    columns: _Columns | None = None
    start, after, unanswered = -1, 0, 0
    closed, dropped = True, False
    separator = "|" if "|" in text or "｜" in text else "\t"
    if separator not in text and "｜" not in text:
        return NOTHING_FOUND
    for begin, end, line in _lines(text, separator):
        named = _columns(_cells(line, separator))
        if named:
            columns = named
            start = begin if start < 0 else start
        elif columns and not _RULE.match(line) and begin == after + 1:
            cells = _cells(line, separator)
            dropped = len(cells) < columns.width
            if dropped:
                unanswered += 1
            elif cells[columns.question] and cells[columns.answer]:
                pairs.append((cells[columns.question], cells[columns.answer]))
                closed = end < len(text) or line.rstrip().endswith(("|", "｜"))
        elif begin != after + 1:
            columns = None
        after = end
    tail: Tail = "dropped" if dropped else "closed" if closed else "open"
    return Findings(pairs, max(start, 0), tail, unanswered)


def _lines(text: str, separator: str) -> list[tuple[int, int, str]]:
    pattern = _PIPED if separator == "|" else _TABBED
    return [(mark.start(), mark.end(), mark[0]) for mark in pattern.finditer(text)]


def _cells(line: str, separator: str) -> list[str]:
    line = line.strip()
    if separator == "\t":
        return [cell.strip() for cell in line.split("\t")]
    if line[:1] in ("|", "｜"):
        line = line[1:]
    if line[-1:] in ("|", "｜") and line[-2:-1] != "\\":
        line = line[:-1]
    cells = _CELL.split(line)
    return [_BREAK.sub("\n", cell.replace("\\|", "|")).strip() for cell in cells]


def _columns(cells: list[str]) -> _Columns | None:
    if len(cells) > _WIDEST:
        return None
    roles = [role_of(cell) for cell in cells]
    if "question" not in roles or "answer" not in roles:
        return None
    return _Columns(roles.index("question"), roles.index("answer"), len(cells))
