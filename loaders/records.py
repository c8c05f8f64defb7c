"""Records of a split document: spans of its text, and chunks that are slices of it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .characters import whole


class Span(BaseModel):
    """A stretch of a whole file's text, counted in characters, the end exclusive."""

    model_config = ConfigDict(frozen=True)

    start: int = Field(ge=0, description="first character")
    end: int = Field(description="one past the last character")

    @model_validator(mode="after")
    def _not_empty(self) -> Span:
        if self.end <= self.start:
            raise ValueError(f"a span must not be empty: {self.start}..{self.end}")
        return self


class Chunk(BaseModel):
    """A slice of one file's text that is asked about in one call.

    ``text`` is exactly the file's text over ``span``; what the model needs beside it to
    understand the slice (title, heading trail, a cut table's header row) stands in ``context``.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="from content and place; equal input gives equal ids")
    index: int = Field(ge=0, description="place in the document's order, from 0")
    text: str = Field(min_length=1)
    span: Span
    source: str = Field(description="the file's path as given")
    first_page: int | None = Field(default=None, ge=1, description="from 1; none without pages")
    last_page: int | None = Field(default=None, ge=1)
    headings: tuple[str, ...] = Field(default=(), description="heading trail, outermost first")
    title: str = Field(default="", description="of the document; empty where it says none")
    before: str = Field(default="", description="the end of the text before it, on one line")
    table_header: str = Field(default="", description="of the table that its text begins in")
    context: str = Field(
        default="", description="title, headings and table header that stand above the text"
    )
    boilerplate: bool = Field(
        default=False, description="a table of contents, an index, a bare list of links"
    )

    @model_validator(mode="before")
    @classmethod
    def _whole_characters(cls, given: Any) -> Any:
        return whole(given)

    @staticmethod
    def make_id(source_sha256: str, span: Span, text: str) -> str:
        """The 16 hex digits that name a slice: same file, place and text, same id."""
        place = f"{source_sha256}:{span.start}:{span.end}:"
        return sha256((place + text).encode("utf-8", "surrogatepass")).hexdigest()[:16]
