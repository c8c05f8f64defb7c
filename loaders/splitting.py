"""Splits Documents into chunks: slices of the file's text, cut at natural boundaries.

A window slides over the file's text. From where the last chunk ended, the estimate says how far
the next may reach; within that reach the best place to stop is taken. What is decided depends on
the text alone, never on how it came in pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from langchain_core.documents import Document

from .boilerplate import is_boilerplate
from .cutting import best_cut, overlap_start
from .errors import LoadError
from .records import Chunk, Span
from .tokens import UNITS
from .window import Window

DEFAULT_CHUNK_SIZE = 1000
"""Estimated tokens."""

SMALLEST_CHUNK = 8
"""Estimated tokens: room for the dearest single character."""

_LONGEST_CONTEXT = 300  # characters


def split(
    documents: Iterable[Document], *, chunk_size: int = DEFAULT_CHUNK_SIZE, overlap: int = 0
) -> Iterator[Chunk]:
    """Chunks of the documents' texts, one at a time, in order.

    Args:
        documents: Of one file or of several, one file after the other; those of any LangChain
            loader will do.
        chunk_size: The most estimated tokens in a chunk.
        overlap: Whole sentences of a chunk's end that its follower repeats, where they fit.

    Raises:
        LoadError: ``chunk_size`` or ``overlap`` out of range.

    Example:
        >>> chunks = list(split(load("examples/documents/hzmb.md"), chunk_size=200))
        >>> chunks[0].span.start, chunks[-1].headings[-1]
        (0, '八、怎样过桥')
    """
    if chunk_size < SMALLEST_CHUNK:
        raise LoadError("load.chunk_size", size=chunk_size, least=SMALLEST_CHUNK)
    if overlap < 0:
        raise LoadError("load.overlap", overlap=overlap)
    return _chunks(documents, chunk_size * UNITS, overlap)


def _chunks(documents: Iterable[Document], limit: int, overlap: int) -> Iterator[Chunk]:
    window: Window | None = None
    for document in documents:
        if window is not None and not window.takes(document):
            yield from _cut(window, limit, overlap, final=True)
            window = None
        if window is None:
            window = Window(document)
        window.add(document)
        yield from _cut(window, limit, overlap, final=False)
    if window is not None:
        yield from _cut(window, limit, overlap, final=True)


def _cut(window: Window, limit: int, overlap: int, *, final: bool) -> Iterator[Chunk]:
    """The chunks whose end is certain; all of them where no more text follows."""
    while window.skip_blanks():
        reach = window.reach(limit, final=final)
        if reach is None:
            return
        end = reach.end if reach.end == len(window.text) else best_cut(reach)
        if end <= window.fresh:
            # The repeated sentences leave no room for anything new.
            window.at = window.fresh
            continue
        yield _chunk(window, end)
        begin, window.at, window.fresh = window.at, end, end
        if overlap and window.skip_blanks():
            back = overlap_start(window.text, begin, end, overlap)
            window.at = back if back < end else window.at


def _chunk(window: Window, end: int) -> Chunk:
    """The chunk from where the window stands to a place in its text, blanks at its end left out."""
    text = window.text[window.at : end].rstrip()
    span = Span(start=window.base + window.at, end=window.base + window.at + len(text))
    window.advance_trail(span.start)
    above = tuple(heading.title for heading in window.trail if heading.start < span.start)
    trail = tuple(heading.title for heading in window.trail)
    header = window.table_header
    context = _context("" if window.title in trail else window.title, above, header)
    before = window.before()
    window.note_table(window.at, end)
    window.index += 1
    return Chunk(
        id=Chunk.make_id(window.sha256 or window.source, span, text),
        index=window.index - 1,
        text=text,
        span=span,
        source=window.source,
        first_page=window.page_at(span.start),
        last_page=window.page_at(span.end - 1),
        headings=trail,
        title=window.title,
        before=before,
        table_header=header[:_LONGEST_CONTEXT],
        context=context,
        boilerplate=is_boilerplate(text),
    )


def _context(title: str, above: tuple[str, ...], table_header: str) -> str:
    """What the model needs beside a slice: title, heading trail, a cut table's header row."""
    names = above if not title or title in above else (title, *above)
    lines = [" > ".join(names)[:_LONGEST_CONTEXT], table_header[:_LONGEST_CONTEXT]]
    return "\n".join(line for line in lines if line)
