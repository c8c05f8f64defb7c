"""Reads JSON, JSON lines and JSON with comments: one page per text or record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .encoding import decode
from .errors import LoadError
from .grids import grid_text
from .pages import Heading, Page, left_out

_TEXT_KEYS = ("text", "content", "page_content", "body", "正文", "内容")
_TITLE_KEYS = ("title", "标题", "name")
_GAP = re.compile(r"[\s\x1e,]*")
_COMMENT = re.compile(
    r"\"(?:[^\"\\]|\\.?)*(?:\"|\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])", re.DOTALL
)
_LONG = 500  # characters of a field that is a section of its own
_MOST_PATHS = 100_000
_DEEPEST_PATH = 6


def read_json(path: Path, file: str) -> Iterator[Page]:
    """The texts of a JSON file in order: strings, or records with all their fields.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text, or the text is no JSON.
    """
    decoded = decode(path.read_bytes(), file)
    records, comments = _records(decoded.text.lstrip("\ufeff"), file)
    warnings = decoded.warnings
    if comments:
        warnings = (*warnings, left_out("comments", comments))
    ambiguous = _ambiguous(records)
    for record in records:
        text, headings = _text(record, ambiguous)
        if text.strip():
            notes = {"encoding": decoded.encoding}
            yield Page(text, headings=headings, warnings=warnings, notes=notes)
            warnings = ()


def record_text(records: list[Any]) -> str:
    """Records as one text: a table where they are flat, else lines of fields.

    Args:
        records: Strings, dicts and lists of them.
    """
    ambiguous = _ambiguous(records)
    whole = _table(records)
    return whole or "\n\n".join(_text(record, ambiguous)[0] for record in records)


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


_READER = json.JSONDecoder(
    parse_int=_Number, parse_float=_Number, parse_constant=_Number, strict=False
)


def _records(text: str, file: str) -> tuple[list[Any], int]:
    """The records of a text, and how many comments stand between them.

    Raises:
        LoadError: A line of it is no JSON.
    """
    try:
        return _values(text), 0
    except RecursionError as error:
        raise LoadError("load.json_broken", file=file, line=1) from error
    except json.JSONDecodeError as error:
        failed = error
    comments = 0

    def told_apart(match: re.Match[str]) -> str:
        nonlocal comments
        if match[0].startswith('"'):
            return match[0]
        comments += match[0] != ","
        return " "

    try:
        return _values(_COMMENT.sub(told_apart, text)), comments
    except (ValueError, RecursionError):
        line = text.rstrip().count("\n", 0, failed.pos) + 1
        raise LoadError("load.json_broken", file=file, line=line) from failed


def _values(text: str) -> list[Any]:
    """The values of a text that holds one or several behind each other; an array's are its own."""
    found: list[Any] = []
    at = _end(text, 0)
    while at < len(text):
        value, at = _READER.raw_decode(text, at)
        found.append(value)
        at = _end(text, at)
    if len(found) == 1 and isinstance(found[0], list):
        return found[0]
    return found


def _end(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return match.end() if match else at


def _ambiguous(records: list[Any]) -> frozenset[str]:
    """The field names that stand at several places of a record, so that they need those above."""
    paths: dict[str, set[tuple[str, ...]]] = {}
    left = _MOST_PATHS
    stack: list[tuple[tuple[str, ...], Any]] = [((), one) for one in records]
    while stack and left:
        path, here = stack.pop()
        left -= 1
        if isinstance(here, dict):
            stack += [((*path, str(key))[-_DEEPEST_PATH:], inner) for key, inner in here.items()]
        elif isinstance(here, list):
            stack += [(path, inner) for inner in here]
        elif path:
            paths.setdefault(path[-1], set()).add(path)
    return frozenset(name for name, places in paths.items() if len(places) > 1)


def _text(record: Any, ambiguous: frozenset[str]) -> tuple[str, tuple[Heading, ...]]:
    """A record as text: its text under its title, its other fields as lines.

    What is long is a section under its field's name, which so stands beside every slice of it.
    """
    if not isinstance(record, dict):
        return "\n".join(line for _, line in _fields(record, ambiguous)), ()
    title_key = next((k for k in _TITLE_KEYS if _is_text(record.get(k))), None)
    body_key = next((k for k in _TEXT_KEYS if _is_text(record.get(k))), None)
    title = str(record[title_key]).strip() if title_key and body_key else ""
    parts: list[str] = []
    headings: list[Heading] = []
    if title:
        parts.append(title)
        headings.append(Heading(0, 1, " ".join(title.split())))
    if body_key:
        parts.append(str(record[body_key]))
    own = {body_key, title_key} if body_key else set()
    rest = {key: value for key, value in record.items() if key not in own}
    lines: list[str] = []
    size = sum(len(part) + 2 for part in parts)
    for name, line in _fields(rest, ambiguous):
        if len(line) > _LONG and name:
            place = size + sum(len(one) + 1 for one in lines)
            headings.append(Heading(place, 2, name))
        lines.append(line)
    return "\n\n".join([*parts, "\n".join(lines)] if lines else parts), tuple(headings)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, _Number) and bool(value.strip())


def _fields(value: Any, ambiguous: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The leaves of a value as names and lines ``name: leaf``, found without recursion.

    A list of flat records is a table.
    """
    stack: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while stack:
        path, here = stack.pop()
        name = _name(path, ambiguous)
        if isinstance(here, dict):
            stack += [
                ((*path, str(key))[-_DEEPEST_PATH:], inner)
                for key, inner in reversed(list(here.items()))
            ]
        elif isinstance(here, list):
            if table := _table(here):
                yield name, f"\n{name}:\n\n{table}\n" if name else table
            else:
                stack += [(path, inner) for inner in reversed(here)]
        elif here is not None and here != "":
            leaf = {True: "true", False: "false"}[here] if isinstance(here, bool) else str(here)
            yield name, f"{name}: {leaf}" if name else leaf


def _name(path: tuple[str, ...], ambiguous: frozenset[str]) -> str:
    if not path:
        return ""
    return ".".join(path) if path[-1] in ambiguous else path[-1]


def _table(values: list[Any]) -> str:
    """Several flat records as a table with a column a field; empty where they are none."""
    if len(values) < 2 or not all(isinstance(value, dict) and value for value in values):
        return ""
    if any(isinstance(leaf, dict | list) for value in values for leaf in value.values()):
        return ""
    names = list(dict.fromkeys(str(key) for value in values for key in value))
    if len(names) < 2 or len(names) * len(values) > 4 * sum(map(len, values)):
        return ""
    rows = [
        ["" if (leaf := value.get(name)) is None else str(leaf) for name in names]
        for value in values
    ]
    return grid_text([names, *rows], header=1)
