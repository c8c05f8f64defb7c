"""Reads CSV and TSV, with the delimiter detected and what stands around the table told apart."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from .encoding import decode
from .errors import LoadError
from .grids import grid_text
from .pages import Page

_DELIMITERS = ",\t;|"
_SAMPLE = 200  # rows
_SAMPLE_SIZE = 200_000  # characters
_LARGEST = 50_000_000  # characters of one cell
_BACKSLASHED = re.compile(r"\\\"(?=[^,;\t|\r\n])")
_DOUBLED = re.compile(r"(?<=[^\\,;\t|\r\n])\"\"(?=[^,;\t|\r\n])")
_SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?\s*(?:\n|$)", re.IGNORECASE)


def read_csv(path: Path, file: str) -> Iterator[Page]:
    """A table of delimited values as one page.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text, or a quotation in it never ends.
    """
    decoded = decode(path.read_bytes(), file)
    text = decoded.text.lstrip("\ufeff")
    # Excel's own line for itself: it says the delimiter, and shows no row for it.
    said = _SEPARATOR_LINE.match(text)
    if said:
        text = text[said.end() :]
    delimiter = said[1] if said else _delimiter(text)
    csv.field_size_limit(_LARGEST)
    try:
        rows = list(_reader(text, delimiter))
    except csv.Error as error:
        raise LoadError("load.csv_broken", file=file) from error
    notes = {"encoding": decoded.encoding}
    yield Page(grid_text(rows), headings=(), warnings=decoded.warnings, notes=notes)


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows, with quotation marks read as the file means them."""
    backslashes = bool(_BACKSLASHED.search(text)) and not _DOUBLED.search(text)
    if text.count('"') % 2 and not backslashes:
        # A quotation that never ends would swallow all behind it: they are inches, not quotes.
        return csv.reader(io.StringIO(text), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    if backslashes:
        return csv.reader(
            io.StringIO(text), delimiter=delimiter, escapechar="\\", doublequote=False
        )
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)


def _delimiter(text: str) -> str:
    """The delimiter that gives the rows the most even, then the most, cells.

    Lines above the table have few of them; so what counts is how many rows are as wide as most
    of the wide ones.
    """
    best, score = ",", (0.0, 0)
    sample = text[:_SAMPLE_SIZE]
    if len(text) > _SAMPLE_SIZE:
        sample = sample[: sample.rfind("\n") + 1] or sample
    for sign in _DELIMITERS:
        widths = []
        try:
            for row in _reader(sample, sign):
                if any(cell.strip() for cell in row):
                    widths.append(len(row))
                if len(widths) == _SAMPLE:
                    break
        except csv.Error:
            continue
        wide = [width for width in widths if width > 1]
        usual = max(set(wide), key=lambda one: (wide.count(one), one)) if wide else 0
        if usual > 1:
            even = wide.count(usual) / len(widths)
            if (round(even, 1), usual) > score:
                best, score = sign, (round(even, 1), usual)
    return best
