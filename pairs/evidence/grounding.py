"""Evidence: where in the document an answer stands, and the sentence it stands in.

Looked for in this order: word for word in the chunk, without what print varies, nearly word for
word, in other words; then, where a whole file is given, word for word elsewhere in it.
"""

from __future__ import annotations

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
_MOST_ELSEWHERE = 50
_ASKED_ELSEWHERE = 0.4
"""Share of a question's words that must stand beside an answer found outside its chunk."""
_TELLING = 16
"""Characters from which an answer stands nowhere by chance."""


class Passage:
    """One chunk's text, prepared once for all the answers to be found in it.

    Args:
        chunk: The chunk the pairs were made from.
        pages: ``(first character, page)`` of the whole file, in order; empty without pages.
        document: The whole file's text, prepared once for all its chunks; None to look no further
            than the chunk.
        near: Whether two texts have vectors that say the same, for answers in words of their own;
            None to go by words alone.
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
        """The evidence for an answer; ``match`` is none where nothing in the text carries it.

        Args:
            question: Decides between several places: the nearest to what it speaks of is meant.
            answer: As the model put it.
        """
        if not trimmed(answer):
            return NONE
        places, match = self._source.places(answer)
        if places:
            place = self._source.nearest(places, question)
            return self._evidence(self._source, place, match, 1.0, question, answer)
        if similar := similar_place(self._source, answer):
            return self._evidence(self._source, similar[0], "fuzzy", similar[1], question, answer)
        if carried := supporting_place(self._source, question, answer):
            return self._evidence(
                self._source, carried[0], "supported", carried[1], question, answer
            )
        found = self._elsewhere(question, answer)
        return self._in_other_words(question, answer) if found.match == "none" else found

    def _in_other_words(self, question: str, answer: str) -> Evidence:
        """The evidence for an answer that shares but some words with it, and its meaning.

        Vectors alone prove nothing: they are near for another answer to the same question.
        """
        carried = supporting_place(self._source, question, answer, LEAST_NEAR)
        if self._near is None or carried is None:
            return NONE
        (start, end), share = carried
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
        place = self._document.nearest(places[:_MOST_ELSEWHERE], question)
        first, last = self._document.sentence_around(*place)
        told = self._document.text[first:last]
        if share_said(question, told) < _ASKED_ELSEWHERE and place[1] - place[0] < _TELLING:
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
        literal = match != "supported" and not is_cut_off(source.text, end)
        # What stands word for word is its own proof: the 90 of a text's 90% may be the answer.
        told = sentence if match in ("fuzzy", "supported") else f"{quote}\n{sentence}"
        unproven = unproven_numbers(
            answer, told if literal else sentence, question, around, quote if literal else ""
        )
        repeated = quote if match == "fuzzy" else ""
        turned = match in ("fuzzy", "supported") and turned_round(answer, sentence, repeated)
        return Evidence(
            match=match,
            span=Span(start=start + offset, end=end + offset),
            page=page_at(self._pages, start + offset),
            quote=quote,
            sentence=sentence,
            score=score,
            numbers_ok=not unproven and not turned,
        )


def ground(
    question: str, answer: str, chunk: Chunk, pages: Sequence[tuple[int, int]] = ()
) -> Evidence:
    """The evidence for one answer in one chunk; see ``Passage`` for many."""
    return Passage(chunk, pages).ground(question, answer)


def page_at(pages: Sequence[tuple[int, int]], place: int) -> int | None:
    """The page on which a character of the whole text stands; None without pages."""
    at = bisect_right(pages, place, key=lambda page: page[0]) - 1
    return pages[at][1] if at >= 0 else None
