"""Writes lists to files, atomically: JSONL, spreadsheets and training formats."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import ExportError
from ..records import QAPair
from .formats import FORMATS

__all__ = [
    "check_writable",
    "describe_files",
    "format_of",
    "read_pairs",
    "replace_file",
    "replace_files",
    "split_by_document",
    "write_pairs",
    "written_files",
]

INFO = "dataset_info.json"
_EXACT = 200
"""Documents among which the choice nearest to a share is looked for exactly."""
Before = Callable[[Path, Path], None]
"""Called with a file and the temporary file of its content, before the one replaces the other."""


def format_of(path: Path, asked: str | None = None) -> str:
    """The format to write a file in: the one asked for, else the one its suffix stands for.

    Raises:
        ExportError: There is no such format, the suffix stands for none, or it is a folder.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        raise ExportError("export.is_folder", file=str(path))
    if not (asked or suffix):
        raise ExportError("export.no_suffix", file=str(path))
    name = asked or next((one.name for one in FORMATS.values() if suffix in one.suffixes), None)
    if name not in FORMATS:
        raise ExportError(
            "export.format", file=str(path), format=asked or path.suffix, known=", ".join(FORMATS)
        )
    return name


def write_pairs(
    pairs: Iterable[QAPair],
    path: str | Path,
    format: str | None = None,  # noqa: A002 - the word users know
    *,
    system: str = "",
    validation: float = 0.0,
    describe: bool = False,
    bare: bool = False,
    before: Before | None = None,
) -> Path:
    """Writes pairs to a file, atomically; returns its path.

    Args:
        pairs: Usually ``PairList.kept``.
        path: Replaced if it is there; its folder must exist.
        format: One of ``FORMATS``; None: as the suffix says (.jsonl, .csv, .xlsx, .md; .json is
            Alpaca).
        system: A system or instruction text, for the formats of trainers.
        validation: Share of the pairs, 0..0.9, that go to a second file, by whole documents;
            0 for none. ``written_files`` names both.
        describe: Whether Alpaca and ShareGPT files are entered in their folder's
            ``dataset_info.json``, by which LLaMA-Factory finds them.
        bare: Whether only questions and answers are written, without where they come from.
        before: Called with each file and its temporary file, before that replaces it.

    Raises:
        ExportError: Unknown format, or a file cannot be written.
        ValueError: The share is outside its bounds.

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> write_pairs(pairs, "train.json", "sharegpt", describe=True).name
        'train.json'
    """
    target = Path(path)
    form = FORMATS[format_of(target, format)]
    files = written_files(target, validation)
    parts: Sequence[Iterable[QAPair]] = [pairs]
    if validation:
        parts = split_by_document(pairs, validation)
    replace_files(
        [(file, form.write(part, system, bare)) for file, part in zip(files, parts, strict=True)],
        before,
    )
    if describe:
        describe_files(files, form.name, with_system=bool(system))
    return target


def written_files(path: Path, validation: float = 0.0) -> list[Path]:
    """The files of a list; the one for validation, if any, is last.

    Args:
        path: The list's file.
        validation: As for ``write_pairs``.
    """
    if not validation:
        return [path]
    return [path, path.with_name(f"{path.stem}.validation{path.suffix}")]


def split_by_document(pairs: Iterable[QAPair], share: float) -> tuple[list[QAPair], list[QAPair]]:
    """Splits pairs into training and validation pairs by whole documents.

    Which documents are tried first depends on their names alone, so that the same documents are
    split alike. One document cannot be split: all of it trains.

    Args:
        pairs: In order, which both parts keep.
        share: Of the pairs to validate with, 0..0.9; the nearest that whole documents allow.

    Raises:
        ValueError: The share is outside its bounds.
    """
    if not 0 <= share <= 0.9:
        raise ValueError(f"a share of pairs must lie between 0 and 0.9, not {share}")
    everything = list(pairs)
    sizes: dict[str, int] = {}
    for pair in everything:
        sizes[pair.source] = sizes.get(pair.source, 0) + 1
    order = sorted(sizes, key=lambda name: sha256(name.encode("utf-8", "surrogatepass")).digest())
    chosen = _nearest({name: sizes[name] for name in order}, share * len(everything))
    return (
        [pair for pair in everything if pair.source not in chosen],
        [pair for pair in everything if pair.source in chosen],
    )


def _nearest(sizes: Mapping[str, int], wanted: float) -> set[str]:
    """The documents, but for one at least, whose pairs are as near to a number as can be.

    Exact for the last ``_EXACT`` documents; before them each is taken that still fits.

    Args:
        sizes: How many pairs each document has, in the order in which they are tried.
        wanted: Pairs to choose.
    """
    names, chosen, taken = list(sizes), set[str](), 0
    for name in names[:-_EXACT]:
        if taken + sizes[name] <= wanted:
            chosen.add(name)
            taken += sizes[name]
    rest, whole = names[-_EXACT:], sum(sizes.values())
    reached = [1 << taken]  # bit n: n pairs can be chosen from the documents so far
    for name in rest:
        reached.append(reached[-1] | reached[-1] << sizes[name])
    sums = (n for n in range(taken, whole) if reached[-1] >> n & 1)
    left = min(sums, key=lambda n: abs(n - wanted), default=taken)
    for name, before in zip(reversed(rest), reversed(reached[:-1]), strict=True):
        if not before >> left & 1:
            chosen.add(name)
            left -= sizes[name]
    return chosen


def describe_files(files: Sequence[Path], name: str, *, with_system: bool) -> Path | None:
    """The ``dataset_info.json`` the files were added to, other entries in it left as they are.

    Args:
        files: Of one folder, written.
        name: Their format; of one that is none of LLaMA-Factory's nothing is said.
        with_system: Whether their rows hold a system text.

    Raises:
        ExportError: The file is there and no list of data sets, or cannot be written.
    """
    form = FORMATS[name]
    if form.columns is None:
        return None
    info = files[0].with_name(INFO)
    known: dict[str, Any] = {}
    try:
        if info.exists():
            known = json.loads(info.read_text(encoding="utf-8"))
        if not isinstance(known, dict):
            raise ExportError("export.info", file=str(info))
    except (OSError, ValueError) as error:
        raise ExportError("export.info", file=str(info)) from error
    columns = {**form.columns, **({"system": "system"} if with_system else {})}
    for file in files:
        entry = {"file_name": file.name, "formatting": name, "columns": columns}
        known[file.name.removesuffix(file.suffix)] = entry
    # In ASCII: LLaMA-Factory opens it in the encoding of the machine, which need not be UTF-8.
    replace_file(info, [json.dumps(known, indent=2).encode() + b"\n"])
    return info


def check_writable(path: Path) -> None:
    """Checks that a file can be written, to fail before hours of requests.

    Raises:
        ExportError: The folder is missing or cannot be written, or a folder bears the name.
    """
    if path.is_dir():
        raise ExportError("export.is_folder", file=str(path))
    if path.exists() and not path.is_file():
        raise ExportError("export.no_file", file=str(path))
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

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> read_pairs(write_pairs(pairs, "pairs.jsonl")) == list(pairs)
        True
    """
    file = Path(path)
    try:
        with file.open(encoding="utf-8-sig", newline="\n") as lines:
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


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def replace_file(target: Path, content: Iterable[bytes], before: Before | None = None) -> None:
    """Replaces a file atomically, by way of a temporary file beside it.

    Args:
        target: Replaced if it is there; its folder must exist.
        content: The file's pieces, in order.
        before: As for ``replace_files``.

    Raises:
        ExportError: The file cannot be written; what was there before still is.
    """
    replace_files([(target, content)], before)


def replace_files(
    contents: Iterable[tuple[Path, Iterable[bytes]]], before: Before | None = None
) -> None:
    """Replaces files once all temporary files beside them are written.

    Args:
        contents: Each file with its pieces, in order; a file is replaced if it is there, and its
            folder must exist.
        before: Called with each file and its temporary file, before that replaces it.

    Raises:
        ExportError: A file cannot be written; unless the disk fails while files are put in their
            places, all that was there before still is.
    """
    parts: dict[Path, Path] = {}
    try:
        for target, content in contents:
            parts[target] = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
            _write_beside(target, parts[target], content)
        for target, part in parts.items():
            if before is not None:
                before(target, part)
            part.replace(target)
    except OSError as error:
        raise ExportError("export.write", file=str(target), reason=error.strerror) from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _write_beside(target: Path, part: Path, content: Iterable[bytes]) -> None:
    # A new file gets the rights that its user gives new files.
    handle = os.open(part, _NEW, 0o600 if target.exists() else 0o666)
    with os.fdopen(handle, "wb") as file:
        file.writelines(content)
    if target.exists():
        part.chmod(target.stat().st_mode & 0o777)
