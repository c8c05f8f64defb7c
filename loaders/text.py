"""Reads plain text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .encoding import decode, read_plain
from .headings import plain_headings
from .pages import PAGE_SEPARATOR, Page

_PIECE = 1 << 20  # characters; a large text comes as several Documents, cut at blank lines


def read_text(path: Path, file: str) -> Iterator[Page]:
    """A text file's pages: one, or for a large file several of about a million characters.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text.
    """
    decoded = decode(read_plain(path), file)
    warnings = decoded.warnings
    for piece in pieces(decoded.text):
        yield Page(
            piece,
            headings=plain_headings(piece),
            warnings=warnings,
            notes={"encoding": decoded.encoding},
        )
        warnings = ()


def pieces(text: str) -> Iterator[str]:
    """A long text in pieces that, joined by the page separator, give it back exactly."""
    at = 0
    while len(text) - at > 2 * _PIECE:
        cut = text.find(PAGE_SEPARATOR, at + _PIECE)
        if cut < 0:
            break
        yield text[at:cut]
        at = cut + len(PAGE_SEPARATOR)
    yield text[at:]
