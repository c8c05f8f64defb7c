"""Reads the cells of a workbook, whoever wrote it: each is its text, or no text.

Nothing in it is evaluated, and of its styles nothing is read.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from loaders import recognise
from loaders.errors import LoadError
from loaders.loading import check_file
from loaders.ooxml import RELATION, Package

from ..errors import ExportError
from .formats import unguarded
from .review_rows import LONGEST, plain, text_sum

__all__ = ["Cell", "Row", "read_cells"]

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MOST_UNPACKED = 512 << 20  # bytes
_MOST_CELLS = 5_000_000
_MOST_TEXT = 300_000_000  # characters
_MOST_TAGS = 500_000  # of one row or text; a row of the format has at most 16,384 cells
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how the format writes a character that XML has not
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError)
_PLACE = re.compile(r"([A-Za-z]{1,3})\d*")

Kind = Literal["text", "formula", "other"]


class Cell(NamedTuple):
    """A cell: its text, and whether it is a text, a formula, or a number or the like."""

    text: str
    kind: Kind = "text"

    def changed(self, written: str) -> bool:
        """Whether it no longer holds what was written.

        Args:
            written: The sum of that.
        """
        return text_sum(self.text) != written and text_sum(self.words) != written

    @property
    def words(self) -> str:
        """Its text without the quote that some programs put before what looks like a formula."""
        return plain(unguarded(self.text))

    @property
    def full(self) -> bool:
        """Whether it holds as much as a cell can, so that the rest may be lost."""
        return len(self.text) >= LONGEST


Row = tuple[int, dict[int, Cell]]
"""Its number, from 1, and its cells by column, from 0."""


def read_cells(path: Path, file: str) -> Iterator[tuple[str, Iterator[Row]]]:
    """Each sheet's name with its rows, in order; a sheet is read before the next one.

    Args:
        path: The workbook.
        file: Its name as the user gave it, for errors.

    Raises:
        ExportError: It is no workbook.
        LoadError: It is broken, locked, a bomb, or too large.
    """
    check_file(path, file)
    if recognise(path, file).name != "xlsx":
        raise ExportError("review.no_workbook", file=file)
    _check_size(path, file)
    with closing(Package(path, file)) as package:
        yield from _sheets(package)


def _check_size(path: Path, file: str) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > _MOST_UNPACKED:
        raise LoadError("load.zip_bomb", file=file, megabytes=unpacked >> 20)


def _sheets(package: Package) -> Iterator[tuple[str, Iterator[tuple[int, dict[int, Cell]]]]]:
    """Each sheet's name with its rows: number, and cells by column from 0."""
    main = package.main("xl/workbook.xml")
    root = package.xml(main)
    if root is None:
        raise LoadError("load.zip_broken", file=package.file)
    relations = package.relations(main)
    bounds = _Bounds(package.file)
    shared: list[str] = []
    for one in relations.values():
        if one.kind == "sharedStrings" and one.target in package:
            shared = [bounds.taken(_text(node)) for node in _elements(package, one.target, "si")]
    for node in root.iter(f"{_S}sheet"):
        relation = relations.get(node.get(f"{RELATION}id") or "")
        if relation and relation.kind == "worksheet" and relation.target in package:
            rows = _elements(package, relation.target, "row")
            yield node.get("name") or "", _numbered(rows, shared, bounds)


class _Bounds:
    """Counts the cells and characters of a workbook, which a bomb has too many of."""

    def __init__(self, file: str) -> None:
        self._file, self._cells, self._text = file, 0, 0

    def taken(self, text: str) -> str:
        self._cells, self._text = self._cells + 1, self._text + len(text)
        if self._cells > _MOST_CELLS:
            raise LoadError("load.too_many_cells", file=self._file, most=f"{_MOST_CELLS:,}")
        if self._text > _MOST_TEXT:
            raise LoadError("load.too_much_text", file=self._file, most=f"{_MOST_TEXT:,}")
        return text


def _numbered(
    rows: Iterator[Any], shared: list[str], bounds: _Bounds
) -> Iterator[tuple[int, dict[int, Cell]]]:
    number = 0
    for node in rows:
        given = node.get("r") or ""
        number = int(given) if given.isdecimal() and len(given) < 9 else number + 1
        cells: dict[int, Cell] = {}
        at = -1
        for one in node.iter(f"{_S}c"):
            at = _column(one.get("r"), at + 1)
            cells[at] = _cell(one, shared)
            bounds.taken(cells[at].text)
        yield number, cells


def _column(place: str | None, following: int) -> int:
    """A column from 0 by its letters; the following one where none are given."""
    found = _PLACE.fullmatch(place or "")
    if found is None:
        return following
    column = 0
    for letter in found[1].upper():
        column = 26 * column + ord(letter) - ord("A") + 1
    return column - 1


def _cell(node: Any, shared: list[str]) -> Cell:
    kind, value = node.get("t"), node.findtext(f"{_S}v") or ""
    if node.find(f"{_S}f") is not None:
        return Cell(value, "formula")
    if kind == "s":
        at = int(value) if value.isdecimal() and len(value) < 9 else -1
        return Cell(shared[at] if 0 <= at < len(shared) else "")
    if kind == "inlineStr":
        inline = node.find(f"{_S}is")
        return Cell("" if inline is None else _text(inline))
    if kind == "str":
        return Cell(_decoded(value))
    return Cell(value, "other" if value else "text")


def _text(node: Any) -> str:
    """The text of a shared or inline string, without what tells how its signs are read aloud."""
    runs = (one for one in node if one.tag in (f"{_S}t", f"{_S}r"))
    texts = (run.text if run.tag == f"{_S}t" else run.findtext(f"{_S}t") for run in runs)
    return _decoded("".join(text or "" for text in texts))


def _decoded(text: str) -> str:
    return _CODE.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


class _Counted:
    """A part that is refused where one of its elements holds more than a row or a text can.

    Args:
        stream: The part.
        tag: Name of the elements, each of which is held whole.
        file: Its name as the user gave it, for errors.
    """

    def __init__(self, stream: IO[bytes], tag: str, file: str) -> None:
        self._stream, self._end, self._file = stream, f"{tag}>".encode(), file
        self._tags = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            LoadError: There are too many tags in one element.
        """
        block = self._stream.read(size)
        last = block.rfind(self._end)
        self._tags = block.count(b"<", max(last, 0)) + (0 if last >= 0 else self._tags)
        if self._tags > _MOST_TAGS:
            raise LoadError("load.too_many_tags", file=self._file, most=f"{_MOST_TAGS:,}")
        return block


def _elements(package: Package, name: str, tag: str) -> Iterator[Any]:
    """Elements of a part one after the other, each forgotten once it has been looked at."""
    from lxml import etree

    with package.open(name) as stream:
        counted = _Counted(stream, tag, package.file)
        try:
            for _, node in etree.iterparse(
                counted, tag=f"{{*}}{tag}", resolve_entities=False, no_network=True
            ):
                yield _usual(node)
                node.clear()
                while node.getprevious() is not None:
                    del node.getparent()[0]
        except LoadError:
            raise
        except (etree.XMLSyntaxError, *_BROKEN) as error:
            raise LoadError("load.zip_broken", file=package.file) from error


def _usual(node: Any) -> Any:
    """An element of Strict Open XML with the usual names."""
    if not node.tag.startswith(_S):
        for one in node.iter():
            if isinstance(one.tag, str):
                one.tag = _S + one.tag.rpartition("}")[2]
    return node
