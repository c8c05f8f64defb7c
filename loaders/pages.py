"""The page record that every reader yields, and its conversion to Documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .characters import whole
from .heading_numbers import holds

if TYPE_CHECKING:
    from langchain_core.documents import Document

_SURROGATE = re.compile("[\ud800-\udfff]")

PAGE_SEPARATOR = "\n\n"
"""Separator between the Documents of one file in its whole text."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that stands on a page: where it begins there, how deep, and its words."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """One stretch of a file as its reader understood it.

    Attributes:
        text: What becomes ``page_content``.
        number: From 1; none where the format has no pages.
        headings: Those that begin here, in order; none where nobody looked for them.
        warnings: Message codes with their fields.
        notes: Further metadata, such as the encoding or the title.
    """

    text: str
    number: int | None = None
    headings: tuple[Heading, ...] | None = None
    warnings: tuple[dict[str, Any], ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)


def warning(code: str, /, **fields: object) -> dict[str, Any]:
    """A warning as it stands in the metadata: its message code and the sentence's fields."""
    return {"code": code, "fields": fields}


def left_out(what: str, count: int) -> dict[str, Any]:
    """The warning that a document holds something that was not read.

    Args:
        what: The end of a message code ``load.left_out.*``, such as ``pictures`` or ``comments``.
        count: How many of them, in the whole document.
    """
    return warning(f"load.left_out.{what}", count=count)


def valid(text: str) -> str:
    """The text with lone surrogates, which no file or request can carry, as U+FFFD each."""
    return _SURROGATE.sub("\ufffd", text)


def descend(trail: list[Heading], heading: Heading) -> list[Heading]:
    """The heading trail at a heading: its ancestors, then the heading itself."""
    below = (heading.level, heading.title)
    depth = len(trail)
    while depth and not holds((trail[depth - 1].level, trail[depth - 1].title), below):
        depth -= 1
    return [*trail[:depth], heading]


def to_documents(pages: Iterable[Page], source: str, sha256: str) -> Iterator[Document]:
    """Documents with their places: each ``start`` counts in the pages joined by the separator.

    Args:
        pages: In the file's order; taken one at a time.
        source: The file's path as the user gave it.
        sha256: Of the file's bytes, in hex digits.
    """
    from langchain_core.documents import Document

    start = 0
    trail: list[Heading] = []
    for page in pages:
        metadata: dict[str, Any] = {"source": source, "sha256": sha256, "start": start}
        if page.number is not None:
            metadata["page"] = page.number
        if page.headings is not None:
            # A heading on the first line belongs to the trail at the page's start.
            first = len(page.text) - len(page.text.lstrip())
            ahead = [heading for heading in page.headings if heading.start <= first]
            at_start = trail
            for heading in ahead:
                at_start = descend(at_start, heading)
            metadata["headings"] = [h.title for h in at_start]
            metadata["outline"] = [[h.start, h.level, h.title] for h in page.headings]
            for heading in page.headings:
                trail = descend(trail, heading)
        if page.warnings:
            metadata["warnings"] = list(page.warnings)
        yield Document(page_content=valid(page.text), metadata=whole(metadata | page.notes))
        start += len(page.text) + len(PAGE_SEPARATOR)


def whole_text(documents: Iterable[Document]) -> str:
    """The text that spans count in: the page contents of one file, joined.

    Args:
        documents: All Documents of one file, in order.
    """
    return PAGE_SEPARATOR.join(document.page_content for document in documents)
