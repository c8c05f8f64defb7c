"""Coverage: which sentences of a document no kept pair uses as evidence."""

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
"""Content words of a sentence worth asking about; headings and captions have fewer."""

_ENOUGH_WORDS = 12
"""Non-stop words that are enough even if some of them turn out to be parts of numbers."""


class Coverage(BaseModel):
    """Share of a document's sentences that are evidence of kept pairs."""

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
    """How many sentences of a document are evidence of a kept pair, and which are not.

    Args:
        text: The whole file's text, to which the spans refer.
        pairs: The kept pairs of this file.
        chunks: The file's chunks; sentences in boilerplate ones are not counted.
    """
    source = text if isinstance(text, SourceText) else SourceText(text)
    used = _mask(len(source.text), (pair.evidence.span for pair in pairs))
    skipped = _mask(len(source.text), (chunk.span for chunk in chunks if chunk.boilerplate))
    covered, uncovered = 0, []
    for first, last in source.sentences:
        if skipped[first:last].all() or not _has_content(source.flat[first:last]):
            continue
        if used[first:last].any():
            covered += 1
        else:
            uncovered.append(Span(start=first, end=last))
    return Coverage(sentences=covered + len(uncovered), covered=covered, uncovered=tuple(uncovered))


def _mask(length: int, spans: Iterable[Span | None]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(length, dtype=bool)
    for span in spans:
        if span is not None:
            mask[span.start : span.end] = True
    return mask


def _has_content(flat: str) -> bool:
    """Whether a sentence has enough content words to be asked about."""
    # Recognising numbers is slow; with this many words there is no need to.
    words = (word for word, _, _ in terms(flat) if not is_slight(word))
    if len(list(islice(words, _ENOUGH_WORDS))) == _ENOUGH_WORDS:
        return True
    return len(list(islice(pieces(flat), _FEWEST_WORDS))) == _FEWEST_WORDS


def worth_asking(covered: Coverage, chunk: Chunk, least: int = 2) -> bool:
    """Whether a chunk has enough uncovered sentences for a second request.

    Args:
        covered: The coverage of the chunk's document.
        chunk: Any chunk of it.
        least: Uncovered sentences that justify a request.
    """
    if chunk.boilerplate:
        return False
    inside = sum(chunk.span.start <= span.start < chunk.span.end for span in covered.uncovered)
    return inside >= least
