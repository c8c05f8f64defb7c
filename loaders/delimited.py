"""Reads CSV and TSV, with the delimiter detected."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from .encoding import decode
from .errors import LoadError
from .grids import grid_text
from .pages import Page

_DELIMITERS = ",\t;|"
_SAMPLE = 50  # rows


def read_csv(path: Path, file: str) -> Iterator[Page]:
    """A table of delimited values as one page.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text, or a quotation in it never ends.
    """
    decoded = decode(path.read_bytes(), file)
    try:
        rows = list(csv.reader(io.StringIO(decoded.text), delimiter=_delimiter(decoded.text)))
    except csv.Error as error:
        raise LoadError("load.csv_broken", file=file) from error
    notes = {"encoding": decoded.encoding}
    yield Page(grid_text(rows), headings=(), warnings=decoded.warnings, notes=notes)


def _delimiter(text: str) -> str:
    """The delimiter that gives the first rows the most even, then the most, cells."""
    best, score = ",", (0.0, 0)
    for sign in _DELIMITERS:
        widths = []
        try:
            for row in csv.reader(io.StringIO(text[:200_000]), delimiter=sign):
                widths.append(len(row))
                if len(widths) == _SAMPLE:
                    break
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count) if widths else 0
        if usual > 1:
            even = widths.count(usual) / len(widths)
            if (even, usual) > score:
                best, score = sign, (even, usual)
    return best
