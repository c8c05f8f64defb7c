"""Reads JSON and JSON lines: one page per text or record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .encoding import decode
from .errors import LoadError
from .pages import Page

_TEXT_KEYS = ("text", "content", "page_content", "body", "正文", "内容")
_TITLE_KEYS = ("title", "标题", "name")


def read_json(path: Path, file: str) -> Iterator[Page]:
    """The texts of a JSON file in order: strings, records with a text, or other records as lines.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text, or the text is no JSON.
    """
    decoded = decode(path.read_bytes(), file)
    warnings = decoded.warnings
    for record in _records(decoded.text, file):
        text = _text(record)
        if text.strip():
            notes = {"encoding": decoded.encoding}
            yield Page(text, headings=(), warnings=warnings, notes=notes)
            warnings = ()


def _records(text: str, file: str) -> Iterator[Any]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text, file)
        return
    yield from whole if isinstance(whole, list) else [whole]


def _lines(text: str, file: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise LoadError("load.json_broken", file=file, line=number) from error


def _text(record: Any) -> str:
    """A record as text: its text under its title, or all its fields as lines."""
    if isinstance(record, dict):
        body = next((record[key] for key in _TEXT_KEYS if isinstance(record.get(key), str)), None)
        if body is not None:
            title = next((record[k] for k in _TITLE_KEYS if isinstance(record.get(k), str)), "")
            return f"{title}\n\n{body}" if title.strip() else body
    return "\n".join(_fields(record, ""))


def _fields(value: Any, name: str) -> Iterator[str]:
    """The leaves of a value as ``name: leaf``, found without recursion."""
    stack: list[tuple[str, Any]] = [(name, value)]
    while stack:
        path, here = stack.pop()
        if isinstance(here, dict):
            stack += [(str(key), inner) for key, inner in reversed(here.items())]
        elif isinstance(here, list):
            stack += [(path, inner) for inner in reversed(here)]
        elif here is not None and here != "":
            yield f"{path}: {here}" if path else str(here)
