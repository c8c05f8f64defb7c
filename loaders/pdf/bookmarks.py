"""Headings from a PDF's bookmarks (outline)."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from ..characters import fold
from ..pages import Heading

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

Bookmarks = dict[int, list[tuple[int, str]]]

_MOST = 20_000
_FEWEST = 3  # fewer say nothing about how the text is divided
_LONGEST = 120  # characters
_NUMBERING = 24  # characters that a heading on the page may have beyond its bookmark


def read_bookmarks(document: PdfDocument) -> Bookmarks:
    """For every page that bookmarks point to, from 1, their levels, from 1, and titles.

    Args:
        document: The open file.
    """
    import pypdfium2 as pdfium

    found: Bookmarks = defaultdict(list)
    try:
        for bookmark in islice(document.get_toc(max_depth=6), _MOST):
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = " ".join(fold(bookmark.get_title()).split())
            if index is not None and 0 < len(title) <= _LONGEST:
                found[index + 1].append((bookmark.level + 1, title))
    except pdfium.PdfiumError:
        return {}
    return dict(found) if sum(map(len, found.values())) >= _FEWEST else {}


def place_bookmarks(
    marks: list[tuple[int, str]], blocks: list[tuple[int, str]]
) -> tuple[Heading, ...]:
    """The bookmarks of a page as headings where their titles stand, or at its start.

    Args:
        marks: Levels and titles, in order.
        blocks: Where the page's paragraphs begin, and their texts.
    """
    headings: list[Heading] = []
    begin = 0
    for level, title in marks:
        wanted = _bare(title)
        place = headings[-1].start if headings else 0
        for number in range(begin, len(blocks)):
            at, text = blocks[number]
            short = len(text) <= len(title) + _NUMBERING
            if short and _bare(text).endswith(wanted):
                place, begin = at, number + 1
                break
        headings.append(Heading(place, level, title))
    return tuple(headings)


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()
