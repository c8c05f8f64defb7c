"""Finds the tables of a text: Markdown's, and lines whose fields white space sets apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from .tables import Cell, Place, Table

__all__ = ["tables"]

_FIELD = re.compile(r"(?:\\.|[^|\\])+")
_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*(?:\||$))+\s*")
_GAP = re.compile(r"\t+| {2,}")
_VALUE = r"[-+(（]?[$€£¥]?\d[\d,]*(?:\.\d+)?%?[)）]?|[-—–]+|N/?A|不适用"
_OF_NUMBERS = re.compile(rf"\s*(\S.{{0,60}}?)((?:\s(?:{_VALUE})(?=\s|$)){{2,20}})\s*")
"""Matches a row whose fields single spaces set apart, as print has it: a name and its numbers."""
_LEAST_FIELDS = 3
"""Fields from which white space alone makes a line the row of a table."""
_LONGEST_CAPTION = 120
_CAPTION_LINES = 2
_NO_CAPTION = re.compile(r"[.。!！?？;；]$|^[-*+•] ")


def tables(text: str, context: str = "") -> list[Table]:
    """The tables of a text, in order.

    Args:
        text: With Markdown tables, or lines whose fields white space sets apart.
        context: What stands above the text; where the text begins inside a table, its last row
            names the columns.
    """
    found: list[Table] = []
    above: list[str] = [line for line in context.split("\n") if line.strip()][-_CAPTION_LINES:]
    run: list[tuple[Place, list[Place]]] = []
    for start, end in [*_lines(text), (len(text), len(text))]:
        line = text[start:end]
        fields = _fields(text, start, end)
        if fields and (not run or _alike(fields, run, text)):
            run.append(((start, end), fields))
            continue
        if table := _table(text, run, above):
            found.append(table)
            above = []
        run = [((start, end), fields)] if fields else []
        if not fields and line.strip():
            above = [*above, line.strip()][-_CAPTION_LINES:]
    return found


def _lines(text: str) -> Iterator[Place]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _fields(text: str, start: int, end: int) -> list[Place]:
    """The cells of a line that may be a table's row; empty where it is none."""
    line = text[start:end]
    if line.lstrip().startswith("|") or " | " in line:
        return [_unpadded(text, start + f.start(), start + f.end()) for f in _bars(line)]
    gaps = [found.span() for found in _GAP.finditer(line.strip())]
    if len(gaps) + 1 < _LEAST_FIELDS:
        return _numbers(text, start, end)
    first = start + len(line) - len(line.lstrip())
    cuts = [(0, 0), *gaps, (len(line.strip()), 0)]
    return [(first + left[1], first + right[0]) for left, right in pairwise(cuts)]


def _numbers(text: str, start: int, end: int) -> list[Place]:
    """The cells of a line that is a name and its numbers; empty where it is none."""
    row = _OF_NUMBERS.fullmatch(text, start, end)
    if row is None or not any(map(str.isalpha, row[1])):
        return []
    values = re.compile(r"\S+").finditer(text, row.start(2), row.end(2))
    return [row.span(1), *(value.span() for value in values)]


def _bars(line: str) -> Iterator[re.Match[str]]:
    inner = line.strip()
    first = line.find(inner[:1]) if inner else 0
    begin = first + inner.startswith("|")
    yield from _FIELD.finditer(line, begin, first + len(inner))


def _unpadded(text: str, start: int, end: int) -> Place:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), max(
        start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
    )


def _is_barred(text: str, place: Place) -> bool:
    return "|" in text[place[0] : place[1]]


def _alike(fields: list[Place], run: list[tuple[Place, list[Place]]], text: str) -> bool:
    """Whether a line goes on with the table that the lines before it began."""
    barred = _is_barred(text, run[-1][0])
    mine = bool(fields) and text[fields[0][1] : fields[-1][0]].count("|") > 0
    if len(fields) == 1:
        return barred
    return barred == mine


def _table(text: str, run: list[tuple[Place, list[Place]]], above: list[str]) -> Table | None:
    if not run:
        return None
    rule = next((at for at, (place, _) in enumerate(run[:3]) if _is_rule(text, place)), -1)
    body = [row for row in run if not _is_rule(text, row[0])]
    outside = _FIELD.findall(above[-1].strip().strip("|")) if above and "|" in above[-1] else []
    if len(body) < (1 if outside or rule > 0 else 2):
        return None
    cells = [
        Cell(start, end, row, column)
        for row, (_, fields) in enumerate(body)
        for column, (start, end) in enumerate(fields)
    ]
    if not cells:
        return None
    barred = _is_barred(text, body[0][0])
    headed = rule > 0 or (not barred and not any(map(str.isdigit, text[slice(*body[0][0])])))
    names = () if headed else tuple(part.strip() for part in outside)
    if not (barred or headed or names) and above:
        names = _printed_names(above[-1], max(cell.column for cell in cells) + 1)
    places = [place for place, _ in body]
    return Table(text, places, cells, headed=headed, names=names, caption=_caption(above))


def _printed_names(line: str, columns: int) -> tuple[str, ...]:
    """The column names that a line of print holds; empty where it has not as many words."""
    words = line.split()
    if len(words) == columns - 1:
        words.insert(0, "")  # none stands over the names of the rows
    return tuple(words) if len(words) == columns else ()


def _caption(above: list[str]) -> str:
    """The lines above a table that name it, which is none that ends a sentence or is an item."""
    lines: list[str] = []
    for line in reversed(above):
        if "|" in line or len(line) > _LONGEST_CAPTION or _NO_CAPTION.search(line):
            break
        lines.insert(0, line.lstrip("# "))
    return " ".join(lines)


def _is_rule(text: str, place: Place) -> bool:
    line = text[slice(*place)]
    return "-" in line and _RULE.fullmatch(line) is not None
