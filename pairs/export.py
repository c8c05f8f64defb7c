"""A list as a file: JSONL (ours, read back as it was written), CSV, and Alpaca for trainers."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .errors import ExportError
from .records import QAPair

# A spreadsheet runs a cell that begins with one of these; a quote before it makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("question", "answer", "source", "page", "start", "end", "evidence", "match")


def _jsonl(pairs: Iterable[QAPair]) -> Iterator[str]:
    for pair in pairs:
        yield pair.model_dump_json() + "\n"


def _csv(pairs: Iterable[QAPair]) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"  # without it Excel takes UTF-8 for the local code page
    writer.writerow(_COLUMNS)
    for pair in pairs:
        span = pair.evidence.span
        writer.writerow(
            [
                _as_text(pair.question),
                _as_text(pair.answer),
                _as_text(pair.source),
                pair.page,
                span.start if span else None,
                span.end if span else None,
                _as_text(pair.evidence.sentence),
                pair.evidence.match,
            ]
        )
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _as_text(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell


def _alpaca(pairs: Iterable[QAPair]) -> Iterator[str]:
    rows: list[dict[str, Any]] = [
        {
            "instruction": pair.question,
            "input": "",
            "output": pair.answer,
            "source": pair.source,
            "page": pair.page,
            "evidence": pair.evidence.sentence,
        }
        for pair in pairs
    ]
    yield json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


FORMATS: dict[str, Callable[[Iterable[QAPair]], Iterator[str]]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "alpaca": _alpaca,
}
_SUFFIXES = {".jsonl": "jsonl", ".csv": "csv", ".json": "alpaca"}


def format_of(path: Path, asked: str | None = None) -> str:
    """The format to write a file in: the one asked for, else the one its suffix stands for.

    Raises:
        ExportError: There is no such format, or the suffix stands for none.
    """
    name = asked or _SUFFIXES.get(path.suffix.lower())
    if name not in FORMATS:
        raise ExportError(
            "export.format", file=str(path), format=asked or path.suffix, known=", ".join(FORMATS)
        )
    return name


def write_pairs(pairs: Iterable[QAPair], path: str | Path, format: str | None = None) -> Path:  # noqa: A002 - the word users know
    """The file written, whole or not at all.

    Args:
        pairs: Usually ``PairList.kept``.
        path: Replaced if it is there; its folder must exist.
        format: ``jsonl``, ``csv`` or ``alpaca``; None: as the suffix says (.jsonl, .csv, .json).

    Raises:
        ExportError: Unknown format, or the file cannot be written.
    """
    target = Path(path)
    lines = FORMATS[format_of(target, format)](pairs)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise ExportError("export.write", file=str(target), reason=error.strerror) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        part.replace(target)
    except OSError as error:
        raise ExportError("export.write", file=str(target), reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)
    return target


def check_writable(path: Path) -> None:
    """Fails now rather than after hours of asking.

    Raises:
        ExportError: The folder is missing or cannot be written, or a folder bears the name.
    """
    if path.is_dir():
        raise ExportError("export.is_folder", file=str(path))
    if not path.parent.is_dir():
        raise ExportError("export.no_folder", file=str(path), folder=str(path.parent))
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise ExportError("export.write", file=str(path), reason=error.strerror) from error


def read_pairs(path: str | Path) -> list[QAPair]:
    """The pairs of a JSONL file of ours.

    Raises:
        ExportError: The file cannot be read, or a line of it is no pair.
    """
    file = Path(path)
    try:
        with file.open(encoding="utf-8-sig") as lines:
            return [
                _pair(line, file, number) for number, line in enumerate(lines, 1) if line.strip()
            ]
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError("export.read", file=str(file), reason=str(error)) from error


def _pair(line: str, file: Path, number: int) -> QAPair:
    try:
        return QAPair.model_validate_json(line)
    except ValidationError as error:
        raise ExportError("export.line", file=str(file), line=number) from error
