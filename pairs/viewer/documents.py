"""Documents for the page, each with the evidence of its kept pairs and its coverage."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loaders.records import Span

from ..evidence.coverage import Coverage, coverage
from ..evidence.source_text import SourceText
from ..records import QAPair
from .records import ViewedText

__all__ = ["Shown", "names", "shown"]


@dataclass(frozen=True)
class Shown:
    """A document as the page shows it.

    Attributes:
        name: Short display name, unique on the page.
        text: The whole text.
        proofs: Evidence spans of its kept pairs.
        sentences: Start offsets of the sentences that contain evidence.
        covered: Its coverage by kept pairs.
    """

    name: str
    text: str
    proofs: tuple[Span, ...]
    sentences: tuple[int, ...]
    covered: Coverage


def shown(texts: Sequence[ViewedText], kept: Iterable[QAPair]) -> list[Shown]:
    """The documents, in the order given.

    Args:
        texts: Of the documents.
        kept: The kept pairs of all of them.
    """
    of_source: dict[str, list[QAPair]] = {text.source: [] for text in texts}
    sizes = {text.source: len(text.text) for text in texts}
    for pair in kept:
        span = pair.evidence.span
        # A list whose texts have changed since must not take the page down.
        if pair.source in of_source and span and span.end <= sizes[pair.source]:
            of_source[pair.source].append(pair)
    return [
        _shown(name, text, of_source[text.source])
        for name, text in zip(names([text.source for text in texts]), texts, strict=True)
    ]


def _shown(name: str, text: ViewedText, kept: list[QAPair]) -> Shown:
    source = SourceText(text.text)
    proofs = tuple(span for pair in kept if (span := pair.evidence.span))
    begins = [first for first, _ in source.sentences]
    drawn: set[int] = set()
    for span in proofs:
        first = max(0, bisect_right(begins, span.start) - 1)
        drawn.update(begins[first : max(first + 1, bisect_left(begins, span.end))])
    return Shown(
        name=name,
        text=text.text,
        proofs=proofs,
        sentences=tuple(sorted(drawn)),
        covered=coverage(source, kept, text.chunks),
    )


def names(sources: Sequence[str]) -> list[str]:
    """The files' names; where two are alike, with the folders that tell them apart."""
    short = [Path(source).name for source in sources]
    return [
        source if short.count(name) > 1 else name
        for name, source in zip(short, sources, strict=True)
    ]
