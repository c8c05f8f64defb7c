"""Reads Markdown unchanged, with its headings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .encoding import decode, read_plain
from .headings import markdown_headings
from .pages import Page


def read_markdown(path: Path, file: str) -> Iterator[Page]:
    """A Markdown file as one page with its ``#`` headings.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text.
    """
    decoded = decode(read_plain(path), file)
    headings = markdown_headings(decoded.text)
    notes = {"encoding": decoded.encoding}
    if headings and headings[0].level == 1:
        notes["title"] = headings[0].title
    yield Page(decoded.text, headings=headings, warnings=decoded.warnings, notes=notes)
