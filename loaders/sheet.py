"""The cells of one sheet of a workbook, row by row, without those that are hidden."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import LoadError
from .grids import Span
from .ooxml import Package
from .sheetcells import Cells, column

_MOST_MERGED = 100_000  # of a sheet
_WIDEST = 16_384  # columns
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})$")
_TAGS = ("row", "col", "mergeCell", *(f"{a}{b}" for a in ("odd", "even", "first")
         for b in ("Header", "Footer")))  # fmt: skip
_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|\d+|[A-Z+-])')


@dataclass
class Sheet:
    """What a reader sees of a sheet.

    Attributes:
        rows: The texts of its rows that are not blank.
        gaps: Places in ``rows`` before which rows are blank.
        spans: The merged cells by places in ``rows``, in their order.
        headers: The words of its page headers and footers.
    """

    rows: list[list[str]] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)


class _Rows:
    """The rows of a sheet as they come, without those and the columns that are hidden."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.numbers: list[int] = []  # of the rows kept
        self.hidden: set[int] = set()  # columns
        self.left_out: set[int] = set()  # hidden columns that hold something
        self._last = 0

    def number(self, node: Any) -> int:
        return _whole(node.get("r"), self._last + 1)

    def skip(self, number: int) -> None:
        """Passes over a hidden row, which is no gap."""
        self._last = number if number == self._last + 1 else self._last

    def take(self, number: int, texts: list[str]) -> None:
        for at in self.hidden:
            if at < len(texts) and texts[at]:
                self.left_out.add(at)
                texts[at] = ""
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            return
        if self.sheet.rows and number > self._last + 1:
            self.sheet.gaps.append(len(self.sheet.rows))
        self.sheet.rows.append(texts)
        self.numbers.append(number)
        self._last = number


def read_sheet(
    package: Package, name: str, cells: Cells, include: frozenset[str], counts: Counter[str]
) -> Sheet:
    """A sheet as it is shown.

    Args:
        package: Where it is.
        name: Of its part.
        cells: What its cells refer to.
        include: What is read beside what is shown.
        counts: Takes what is left out.

    Raises:
        LoadError: It is damaged, or the workbook has too many cells or too much text.
    """
    sheet = Sheet()
    rows = _Rows(sheet)
    merged: list[tuple[int, int, int, int]] = []
    for tag, node in _elements(package, name):
        unseen = "hidden" not in include and node.get("hidden") in ("1", "true")
        if tag == "row":
            number, texts = rows.number(node), cells.row(node)
            if unseen and any(texts):
                counts["rows"] += 1
                rows.skip(number)
            else:
                rows.take(number, texts)
        elif tag == "col":
            first = _whole(node.get("min"), 1)
            if unseen:
                rows.hidden.update(range(first - 1, min(_whole(node.get("max"), first), _WIDEST)))
        elif tag != "mergeCell":
            words = " ".join(_CODE.sub(" ", node.text or "").split())
            sheet.headers += [words] if any(map(str.isalpha, words)) else []
        elif len(merged) < _MOST_MERGED:
            merged += _range(node.get("ref") or "")
    counts["rows"] += len(rows.left_out)
    sheet.spans = sorted(_spans(merged, rows.numbers, rows.hidden))
    return sheet


def _spans(
    merged: list[tuple[int, int, int, int]], numbers: list[int], hidden: set[int]
) -> Iterator[Span]:
    for top, left, bottom, right in merged:
        first = bisect_left(numbers, top)
        high = bisect_right(numbers, bottom) - first
        if high > 0 and numbers[first] == top and left not in hidden:
            yield Span(first, left, high, right - left + 1)


def _range(ref: str) -> list[tuple[int, int, int, int]]:
    first, _, last = ref.partition(":")
    begin, end = _PLACE.match(first), _PLACE.match(last)
    if begin is None or end is None:
        return []
    return [(int(begin[2]), column(begin[1]), int(end[2]), column(end[1]))]


def _elements(package: Package, name: str) -> Iterator[tuple[str, Any]]:
    """The elements that matter, each forgotten once it has been looked at."""
    from lxml import etree

    with package.open(name) as stream:
        tags = [f"{{*}}{tag}" for tag in _TAGS]
        try:
            for _, node in etree.iterparse(
                stream, tag=tags, resolve_entities=False, no_network=True,
                remove_comments=True, remove_pis=True,
            ):  # fmt: skip
                yield node.tag.rpartition("}")[2], node
                node.clear()
                parent = node.getparent()
                while parent is not None and node.getprevious() is not None:
                    del parent[0]
        except LoadError:
            raise
        except Exception as error:
            raise LoadError("load.zip_broken", file=package.file) from error


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
