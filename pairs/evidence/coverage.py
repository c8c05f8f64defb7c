"""What of a document no kept pair draws on."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from loaders.records import Chunk, Span

from ..records import QAPair
from ..text.terms import is_slight, pieces, terms
from .source_text import SourceText

__all__ = ["Coverage", "coverage", "worth_asking"]

_FEWEST_WORDS = 4
"""Telling words of a sentence below which there is nothing to ask: a heading, a caption, a list."""

_SURELY = 12
"""Words that say something even where some of them turn out to belong to numbers."""


class Coverage(BaseModel):
    """How much of a document the kept pairs draw on, counted in sentences worth asking about."""

    model_config = ConfigDict(frozen=True)

    sentences: int = Field(ge=0, description="worth asking about; headings and captions are not")
    covered: int = Field(ge=0, description="of these, with evidence of a kept pair")
    uncovered: tuple[Span, ...] = Field(default=(), description="the others, in order")

    @property
    def share(self) -> float:
        """The covered share, 0..1; 1 for a document without anything to ask about."""
        return self.covered / self.sentences if self.sentences else 1.0


def coverage(
    text: str | SourceText, pairs: Iterable[QAPair], chunks: Iterable[Chunk] = ()
) -> Coverage:
    """Which sentences of a document some kept pair draws on.

    Args:
        text: The whole file's text, to which the spans refer.
        pairs: The kept pairs of this file.
        chunks: The file's chunks: what lies in those marked as boilerplate is not counted.
    """
    source = text if isinstance(text, SourceText) else SourceText(text)
    drawn = _marked(len(source.text), (pair.evidence.span for pair in pairs))
    skipped = _marked(len(source.text), (chunk.span for chunk in chunks if chunk.boilerplate))
    covered, uncovered = 0, []
    for first, last in source.sentences:
        if skipped[first:last].all() or not _says_something(source.flat[first:last]):
            continue
        if drawn[first:last].any():
            covered += 1
        else:
            uncovered.append(Span(start=first, end=last))
    return Coverage(sentences=covered + len(uncovered), covered=covered, uncovered=tuple(uncovered))


def _marked(length: int, spans: Iterable[Span | None]) -> npt.NDArray[np.bool_]:
    marked = np.zeros(length, dtype=bool)
    for span in spans:
        if span is not None:
            marked[span.start : span.end] = True
    return marked


def _says_something(flat: str) -> bool:
    """Whether a sentence holds enough words to be asked about."""
    # Reading numbers is what takes time, and what they leave of this many words is enough.
    words = (word for word, _, _ in terms(flat) if not is_slight(word))
    if len(list(islice(words, _SURELY))) == _SURELY:
        return True
    return len(list(islice(pieces(flat), _FEWEST_WORDS))) == _FEWEST_WORDS


def worth_asking(covered: Coverage, chunk: Chunk, least: int = 2) -> bool:
    """Whether a chunk is worth a second question: enough of its sentences are not drawn on.

    Args:
        covered: Of the chunk's document.
        chunk: The chunk.
        least: Uncovered sentences that make it worth a call.
    """
    if chunk.boilerplate:
        return False
    inside = sum(chunk.span.start <= span.start < chunk.span.end for span in covered.uncovered)
    return inside >= least
