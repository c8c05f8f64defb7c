"""Grounding: finds the evidence of an answer in its document.

Tried in this order: verbatim in the chunk; after normalisation; fuzzily; by shared words; then,
where the whole file is given, verbatim elsewhere in it; last by fewer shared words and vectors.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from loaders.records import Chunk, Span

from ..records import Evidence, Match
from .contradiction import turned_round
from .fuzzy import similar_place
from .numbers import is_cut_off, unproven_numbers
from .source_text import Place, SourceText, trimmed
from .support import LEAST_NEAR, share_said, supporting_place

__all__ = ["Passage", "SourceText", "ground", "page_at"]

NONE = Evidence(match="none")
_MAX_MATCHES_ELSEWHERE = 50
_QUESTION_WORDS_ELSEWHERE = 0.4
"""Share of a question's words required in the sentence of an answer found outside its chunk."""
_ELLIPSIS = re.compile(r"…+|\.{3,}|\[…\]")
_NO_COINCIDENCE = 16
"""Characters from which a verbatim match is no coincidence."""


class Passage:
    """Grounds answers in one chunk, whose text is indexed once for all of them.

    Args:
        chunk: The chunk the pairs were made from.
        pages: ``(first character, page)`` of the whole file, in order; empty without pages.
        document: The whole file's text, indexed once for all its chunks; None to search the chunk
            only.
        near: Tells whether two texts are similar by their vectors, for paraphrased answers; None
            to go by words alone.
    """

    def __init__(
        self,
        chunk: Chunk,
        pages: Sequence[tuple[int, int]] = (),
        document: SourceText | None = None,
        near: Callable[[str, str], bool] | None = None,
    ) -> None:
        self._chunk = chunk
        self._source = SourceText(chunk.text)
        self._document = document
        self._pages = pages
        self._near = near

    def ground(self, question: str, answer: str) -> Evidence:
        """The evidence for an answer; its ``match`` is ``none`` where there is none.

        Args:
            question: Its words decide between several matches: the nearest to them is taken.
            answer: The model's wording.
        """
        if not trimmed(answer):
            return NONE
        places, match = self._source.places(answer)
        if places:
            place = self._source.nearest(places, question)
            return self._evidence(self._source, place, match, 1.0, question, answer)
        if similar := similar_place(self._source, answer):
            return self._evidence(self._source, similar[0], "fuzzy", similar[1], question, answer)
        if supported := supporting_place(self._source, question, answer):
            return self._evidence(
                self._source, supported[0], "supported", supported[1], question, answer
            )
        found = self._elsewhere(question, answer)
        return self._in_other_words(question, answer) if found.match == "none" else found

    def finds(self, quote: str) -> bool:
        """Whether words that are said to stand in the document stand there."""
        return self._quoted(quote) is not None

    def judged(self, quote: str, question: str, answer: str) -> Evidence:
        """The evidence that a model names for an answer; ``none`` if its words are not there.

        Args:
            quote: Words of the document as the model copied them.
            question: The pair's question.
            answer: The pair's answer, whose numbers and denials the sentence of the quote must
                bear out for ``numbers_ok``.
        """
        found = self._quoted(quote)
        return NONE if found is None else self._evidence(*found, "judged", 1.0, question, answer)

    def _quoted(self, quote: str) -> tuple[SourceText, Place] | None:
        """Where a quote stands: in the chunk or else in the document, verbatim or nearly so."""
        part = max(_ELLIPSIS.split(quote), key=len).strip()
        if not trimmed(part):
            return None
        for source in (self._source, self._document):
            if source is None:
                continue
            places, _ = source.places(part)
            if places:
                return source, places[0]
            if source is self._source and (similar := similar_place(source, part)):
                return source, similar[0]
        return None

    def _in_other_words(self, question: str, answer: str) -> Evidence:
        """The evidence for a paraphrased answer: fewer shared words, but similar vectors.

        Vectors alone prove nothing: another answer to the same question is near as well.
        """
        supported = supporting_place(self._source, question, answer, LEAST_NEAR)
        if self._near is None or supported is None:
            return NONE
        (start, end), share = supported
        if not self._near(answer, self._source.text[start:end]):
            return NONE
        return self._evidence(self._source, (start, end), "supported", share, question, answer)

    def _elsewhere(self, question: str, answer: str) -> Evidence:
        """The evidence outside the chunk, such as a heading above it.

        In a whole file many a short answer stands somewhere: what is asked must stand beside it.
        """
        if self._document is None:
            return NONE
        places, match = self._document.places(answer)
        if not places:
            return NONE
        place = self._document.nearest(places[:_MAX_MATCHES_ELSEWHERE], question)
        first, last = self._document.sentence_around(*place)
        context = self._document.text[first:last]
        if (
            share_said(question, context) < _QUESTION_WORDS_ELSEWHERE
            and place[1] - place[0] < _NO_COINCIDENCE
        ):
            return NONE
        return self._evidence(self._document, place, match, 1.0, question, answer)

    def _evidence(
        self,
        source: SourceText,
        place: Place,
        match: Match,
        score: float,
        question: str,
        answer: str,
    ) -> Evidence:
        start, end = place
        first, last = source.sentence_around(start, end)
        offset = self._chunk.span.start if source is self._source else 0
        sentence = source.text[first:last]
        around = f"{self._chunk.context}\n{self._chunk.text}"
        quote = source.text[start:end]
        free = match in ("supported", "judged")
        literal = not free and not is_cut_off(source.text, end)
        # A verbatim match proves its own numbers: the 90 of a text's 90% may be the answer.
        context = sentence if free or match == "fuzzy" else f"{quote}\n{sentence}"
        unproven = unproven_numbers(
            answer, context if literal else sentence, question, around, quote if literal else ""
        )
        repeated = quote if match == "fuzzy" else ""
        contradicts = (free or match == "fuzzy") and turned_round(answer, sentence, repeated)
        return Evidence(
            match=match,
            span=Span(start=start + offset, end=end + offset),
            page=page_at(self._pages, start + offset),
            quote=quote,
            sentence=sentence,
            score=score,
            numbers_ok=not unproven and not contradicts,
        )


def ground(
    question: str, answer: str, chunk: Chunk, pages: Sequence[tuple[int, int]] = ()
) -> Evidence:
    """The evidence for one answer in one chunk; use ``Passage`` for many answers.

    Args:
        question: Its words decide between several matches.
        answer: The model's wording.
        chunk: The chunk the pair was made from.
        pages: ``(first character, page)`` of the whole file, in order; empty without pages.
    """
    return Passage(chunk, pages).ground(question, answer)


def page_at(pages: Sequence[tuple[int, int]], place: int) -> int | None:
    """The page of a character, by its offset in the whole text; None without pages."""
    at = bisect_right(pages, place, key=lambda page: page[0]) - 1
    return pages[at][1] if at >= 0 else None
