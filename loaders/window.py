"""A sliding window over a file's text, with the pages and headings of its offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np
from langchain_core.documents import Document

from .cutting import SIGHT, Reach
from .heading_numbers import holds
from .headings import markdown_headings, plain_headings
from .pages import PAGE_SEPARATOR, Heading, descend, valid
from .sentences import SENTENCE_END, is_sentence_end
from .titles import document_title
from .tokens import cumulative

_NOT_BLANK = re.compile(r"\S")
_BEFORE = 200  # characters of the text before a chunk that are shown with it
_BEHIND = 600  # characters kept of what has been passed
_APART = 20  # characters of text between two headings
_WORD = re.compile(r"(?<=\s)(?=\S)")


class Window:
    """Text from where the next chunk begins to the end of what has been read.

    All places are counted in the whole file's text; ``base`` is that of ``text[0]``.
    """

    def __init__(self, document: Document) -> None:
        metadata = document.metadata
        self.source = str(metadata.get("source") or "")
        self.sha256 = str(metadata.get("sha256") or "")
        self.title = document_title(document, _headings(document))
        self.base = _own_start(metadata) or 0
        self.text = ""
        self._behind = ""  # the end of what has been passed and forgotten
        self.at = 0  # where the next chunk begins, in text
        self.fresh = 0  # where what no chunk holds yet begins, in text
        self.index = 0
        self.table_header = ""
        self.trail: list[Heading] = []
        self._headings: list[Heading] = []  # places of the file; those passed stand in the trail
        self._passed = 0
        self._starts: list[int] = []  # of the pages, in the file
        self._pages: list[int | None] = []
        self._enough = 0  # characters from which on another try is worth its while

    @property
    def end(self) -> int:
        """The offset after the last character read."""
        return self.base + len(self.text)

    def takes(self, document: Document) -> bool:
        """Whether a document continues the text of this window."""
        metadata = document.metadata
        same = self.source == str(metadata.get("source") or "")
        same = same and self.sha256 == str(metadata.get("sha256") or "")
        start = _own_start(metadata)
        return same and (start is None or start == self.end + len(PAGE_SEPARATOR))

    def add(self, document: Document) -> None:
        """Takes in a document's text behind what is there, and forgets what has been cut."""
        self._forget()
        if self._starts:
            self.text += PAGE_SEPARATOR
        start = self.end
        self.text += valid(document.page_content)
        self._starts.append(start)
        self._pages.append(_page(document.metadata))
        for heading in _headings(document):
            self._headings.append(Heading(start + heading.start, heading.level, heading.title))

    def _forget(self) -> None:
        self.base += self.at
        self._behind = (self._behind + self.text[: self.at])[-_BEHIND:]
        self.text = self.text[self.at :]
        self.fresh -= self.at
        self.at = 0
        keep = max(0, bisect_right(self._starts, self.base) - 1)
        del self._starts[:keep], self._pages[:keep]
        del self._headings[: self._passed]
        self._passed = 0

    def before(self) -> str:
        """Some 200 characters that end where the window stands, from a sentence or word on.

        Empty where a first heading of equals begins: what stands before it is of another matter.
        """
        if not self.title and len(self.trail) == 1 and self.trail[0].start == self.base + self.at:
            return ""
        text = (self._behind + self.text[max(0, self.at - _BEHIND) : self.at]).rstrip()[-_BEHIND:]
        if len(text) <= _BEFORE:
            return " ".join(text.split())
        least = len(text) - _BEFORE
        starts = [mark.end() for mark in SENTENCE_END.finditer(text) if is_sentence_end(text, mark)]
        starts += [mark.end() for mark in re.finditer("\n", text)]
        later = [at for at in starts if least <= at < len(text) - _BEFORE // 4]
        words = [mark.start() for mark in _WORD.finditer(text) if mark.start() >= least]
        begin = min(later, default=min(words, default=least))
        return " ".join(text[begin:].split())

    def page_at(self, place: int) -> int | None:
        """The page of an offset in the file's text."""
        return self._pages[max(0, bisect_right(self._starts, place) - 1)]

    def skip_blanks(self) -> bool:
        """Skips white space; False where the text ends."""
        found = _NOT_BLANK.search(self.text, self.fresh)
        if found is None:
            # What repeats earlier sentences needs something new behind it.
            self.at = self.fresh = len(self.text)
            return False
        if self.at >= self.fresh:
            self.at = found.start()
        self.fresh = found.start()
        return True

    def note_table(self, at: int, end: int) -> None:
        """Stores the header row of a table that a cut at ``end`` divides.

        Args:
            at: Where the chunk before the cut begins.
            end: The cut.
        """
        rows = self.text[at:end].rstrip("\n").split("\n")
        goes_on = (
            self.text[end - 1 : end + 1] == "\n|" or self.text[end - 1 : end + 1].count("\n") == 0
        )
        if not goes_on or not rows[-1].startswith("|"):
            within = goes_on and len(rows) == 1 and "|" in rows[0]
            self.table_header = self.table_header if within else ""
            return
        first = len(rows)
        while first and rows[first - 1].startswith("|"):
            first -= 1
        if first or not self.table_header:
            self.table_header = rows[first]

    def advance_trail(self, place: int) -> None:
        """Advances the heading trail to an offset, headings at it included."""
        while self._passed < len(self._headings):
            heading = self._headings[self._passed]
            if heading.start > place:
                break
            self.trail = descend(self.trail, heading)
            self._passed += 1

    def reach(self, limit: int, *, final: bool) -> Reach | None:
        """How far the next chunk may go; none where more text must be read to know.

        Args:
            limit: The chunk's size in the estimate's units.
            final: Whether no more text will come.
        """
        if not final and len(self.text) - self.at < self._enough:
            return None
        length = max(64, limit // 25)
        while True:
            sums = cumulative(self.text[self.at : self.at + length])
            if sums[-1] > limit or self.at + length >= len(self.text):
                break
            length *= 2
        end = self.at + int(np.searchsorted(sums, limit, side="right")) - 1
        if not final and end + SIGHT >= len(self.text):
            self._enough = (len(self.text) - self.at) * 5 // 4 + SIGHT
            return None
        self._enough = 0
        half = self.at + int(np.searchsorted(sums, limit // 2))
        quarter = self.at + int(np.searchsorted(sums, limit // 4))
        return Reach(self.text, self.at, end, half, quarter, self._between(self.at, end))

    def _between(self, first: int, last: int) -> tuple[tuple[int, int], ...]:
        found = []
        for at in range(self._passed, len(self._headings)):
            heading = self._headings[at]
            place = heading.start - self.base
            if place > last:
                break
            if place > first:
                found.append((place, heading.level))
        return tuple(found)


def page_start(document: Document) -> tuple[int, int] | None:
    """The first character and the number of the page that a document is; None if it is none.

    Args:
        document: Of our loaders, where it counts in the whole file's text.
    """
    start, page = _own_start(document.metadata), _page(document.metadata)
    return None if start is None or page is None else (start, page)


def _own_start(metadata: dict[str, Any]) -> int | None:
    """A document's place, if it came from our loader: others may use the name otherwise."""
    start = metadata.get("start")
    ours = isinstance(start, int) and not isinstance(start, bool) and start >= 0
    return start if ours and "sha256" in metadata else None


def _page(metadata: dict[str, Any]) -> int | None:
    page = metadata.get("page")
    if not isinstance(page, int) or isinstance(page, bool):
        return None
    # LangChain's own PDF loaders count from 0.
    number = page if "sha256" in metadata else page + 1
    return number if number >= 1 else None


def _headings(document: Document) -> tuple[Heading, ...]:
    outline = document.metadata.get("outline")
    ours = "sha256" in document.metadata
    if outline is not None:
        # Other loaders may use the name otherwise.
        with suppress(TypeError, ValueError, OverflowError):
            marked = tuple(Heading(int(at), int(level), str(title)) for at, level, title in outline)
            paged = _page(document.metadata) is not None
            return marked if paged else _with_counted(marked, document.page_content)
    return () if ours else markdown_headings(document.page_content)


def _with_counted(marked: tuple[Heading, ...], text: str) -> tuple[Heading, ...]:
    """Headings, and where no more than a title is marked as one, those that only count.

    A text that was converted has often lost what marked its chapters.
    """
    if len(marked) > 1:
        return marked
    places = {heading.start for heading in marked}
    counted = [one for one in plain_headings(text, alone=True) if one.start not in places]
    # Such as stand close together, and not in each other, are entries of a table or a list.
    listed = {
        heading
        for couple in pairwise(counted)
        if couple[1].start - couple[0].start - len(couple[0].title) < _APART
        and not holds(*((one.level, one.title) for one in couple))
        for heading in couple
    }
    counted = [one for one in counted if one not in listed]
    return tuple(sorted([*marked, *counted], key=lambda heading: heading.start))
