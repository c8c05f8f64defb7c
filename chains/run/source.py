"""Where a chunk comes from, as all requests about it say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from loaders.heading_numbers import is_bare
from loaders.records import Chunk
from loaders.titles import clean_title
from pairs.text.language import language_of
from prompts.source import Source

from ..settings import Settings

__all__ = ["asked_language", "notes_of", "source_note", "source_of"]

_FIRST_VERSION = 1


def source_of(chunk: Chunk) -> Source:
    """What is known of a chunk's place: document, headings, pages, the text before.

    The file's name is given only where neither the document nor a heading says what it is.

    Args:
        chunk: The chunk; one of an earlier version has its title and headings in its context.
    """
    if not chunk.title and not chunk.headings and chunk.context:
        title, _, header = chunk.context.partition("\n")
        known = not title.startswith("|")
        return Source(title=title if known else "", name=_stem(chunk), table_header=header)
    headings = tuple(filter(None, map(clean_title, chunk.headings)))
    unnamed = not chunk.title and all(map(is_bare, headings))
    pages = (chunk.first_page, chunk.last_page or chunk.first_page) if chunk.first_page else None
    return Source(
        title=_stem(chunk) if unnamed else chunk.title,
        headings=headings,
        name=_stem(chunk),
        pages=pages,
        before=chunk.before,
        table_header=chunk.table_header,
    )


def source_note(
    chunk: Chunk, language: Literal["zh", "en"] | None, settings: Settings, *, before: bool = True
) -> str:
    """What a request about a chunk says of its place, in one to three lines.

    Args:
        chunk: The chunk.
        language: Of the request; None for that of the settings, else of the chunk's text.
        settings: Their version of prompts decides its form: jobs of the first one, whose replies
            are in the journal, had the title and headings alone.
        before: Whether the end of the text before the chunk is part of it.
    """
    if settings.prompt_version == _FIRST_VERSION:
        return chunk.context or _stem(chunk) or "-"
    source = source_of(chunk)
    language = language or asked_language(chunk, settings)
    return (source if before else source.model_copy(update={"before": ""})).note(language)


def asked_language(chunk: Chunk, settings: Settings) -> Literal["zh", "en"]:
    """The language that a chunk is asked about in.

    Args:
        chunk: The chunk.
        settings: Their language, if it is not the text's.
    """
    return language_of(chunk.text) if settings.language == "auto" else settings.language


def notes_of(chunks: Iterable[Chunk], settings: Settings) -> dict[str, str]:
    """The notes of chunks by id, for requests that are answered from one sentence alone.

    Args:
        chunks: The chunks.
        settings: The language, if it is not the text's.
    """
    return {chunk.id: source_note(chunk, None, settings, before=False) for chunk in chunks}


def _stem(chunk: Chunk) -> str:
    return Path(chunk.source).stem
