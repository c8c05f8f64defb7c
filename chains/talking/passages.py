"""The passages of documents, small enough to be found and shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from langchain_core.documents import Document

from loaders import split
from loaders.records import Chunk

from ..records import SourceFile

PASSAGE_TOKENS = 150
"""A few sentences: what answers a question without much else around it."""


class Passage(NamedTuple):
    """A stretch of a document.

    Attributes:
        text: The document's own.
        source: The document.
        page: Where it begins; None without pages.
        context: Title and headings above it.
    """

    text: str
    source: str
    page: int | None
    context: str

    @property
    def searched(self) -> str:
        """What it is found by."""
        return f"{self.context}\n{self.text}" if self.context else self.text


def passages_of(files: Iterable[SourceFile]) -> Iterator[Passage]:
    """The passages of files, as a journal keeps them, without tables of contents and the like."""
    for file in files:
        metadata = {"source": file.source, "sha256": file.sha256, "start": 0}
        document = Document(page_content=file.text, metadata=metadata)
        for chunk in split([document], chunk_size=PASSAGE_TOKENS):
            if not chunk.boilerplate:
                yield _passage(chunk, file.pages)


def _passage(chunk: Chunk, pages: Sequence[tuple[int, int]]) -> Passage:
    at = bisect_right(pages, chunk.span.start, key=lambda page: page[0])
    page = pages[at - 1][1] if at else None
    return Passage(chunk.text, chunk.source, page, chunk.context)
