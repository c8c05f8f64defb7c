"""Evidence: where in the document an answer stands, and the sentence it stands in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from loaders.records import Chunk, Span
from loaders.sentences import SENTENCE_END, is_sentence_end

from .normalise import Folded, fold
from .records import Evidence, Match

NONE = Evidence(match="none")
_EDGES = " \t\r\n。．.，,、；;：:！!？?"  # what an answer may end with and the text not
_MOST_PLACES = 200  # an answer such as "是" stands everywhere


class Passage:
    """One chunk's text, prepared once for all the answers to be found in it.

    Args:
        chunk: The chunk the pairs were made from.
        pages: ``(first character, page)`` of the whole file, in order; empty without pages.
    """

    def __init__(self, chunk: Chunk, pages: Sequence[tuple[int, int]] = ()) -> None:
        self._text = chunk.text
        self._offset = chunk.span.start
        self._pages = pages

    @cached_property
    def _folded(self) -> Folded:
        return fold(self._text)

    @cached_property
    def _cuts(self) -> list[int]:
        """Where sentences and lines end, from 0 to the text's end."""
        ends = {
            mark.end()
            for mark in SENTENCE_END.finditer(self._text)
            if is_sentence_end(self._text, mark)
        }
        ends |= {at + 1 for at, char in enumerate(self._text) if char == "\n"}
        return sorted(ends | {0, len(self._text)})

    def sentence_around(self, start: int, end: int) -> tuple[int, int]:
        """The whole sentences or lines over a stretch of the text, without outer blanks."""
        first = self._cuts[bisect_right(self._cuts, start) - 1]
        last = self._cuts[bisect_left(self._cuts, end)]
        text = self._text[first:last]
        return first + len(text) - len(text.lstrip()), last - len(text) + len(text.rstrip())

    def ground(self, question: str, answer: str) -> Evidence:
        """The evidence for an answer; ``match`` is none where it stands nowhere in the passage.

        Args:
            question: Decides between several places: the nearest to what it speaks of is meant.
            answer: As the model put it.
        """
        wanted = answer.strip(_EDGES)
        if not wanted:
            return NONE
        exact = self._alone(_places(self._text, wanted))
        if exact:
            return self._evidence(self._nearest(exact, question), "exact")
        folded = _places(self._folded.text, fold(wanted).text)
        normalised = self._alone(self._folded.original(start, end) for start, end in folded)
        if normalised:
            return self._evidence(self._nearest(normalised, question), "normalised")
        return NONE

    def _alone(self, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those that stand on their own: 5 does not stand in 15, nor art in start."""
        return [
            (start, end)
            for start, end in places
            if not (_runs_on(self._text, start) or _runs_on(self._text, end))
        ]

    def _nearest(self, places: list[tuple[int, int]], question: str) -> tuple[int, int]:
        """The place whose sentence shares most with the question; the first among equals."""
        if len(places) == 1:
            return places[0]
        asked = _bigrams(fold(question).text)

        def shared(place: tuple[int, int]) -> int:
            start, end = self.sentence_around(*place)
            return len(asked & _bigrams(fold(self._text[start:end]).text))

        return max(places, key=shared)

    def _evidence(self, place: tuple[int, int], match: Match) -> Evidence:
        start, end = place
        first, last = self.sentence_around(start, end)
        at = start + self._offset
        return Evidence(
            match=match,
            span=Span(start=at, end=end + self._offset),
            page=page_at(self._pages, at),
            quote=self._text[start:end],
            sentence=self._text[first:last],
            score=1.0,
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


def _places(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    found, at = 0, text.find(wanted) if wanted else -1
    while at >= 0 and found < _MOST_PLACES:
        found += 1
        yield at, at + len(wanted)
        at = text.find(wanted, at + 1)


def _runs_on(text: str, cut: int) -> bool:
    """Whether a cut would go through a Latin word or a number."""
    if cut <= 0 or cut >= len(text):
        return False
    before, after = text[cut - 1], text[cut]
    if before in ".,:" and after.isdigit() and cut >= 2:
        return text[cut - 2].isdigit()
    if after in ".,:" and before.isdigit() and cut + 1 < len(text):
        return text[cut + 1].isdigit()
    return _is_latin(before) and _is_latin(after)


def _is_latin(char: str) -> bool:
    return char.isalnum() and not "\u2e80" <= char <= "\u9fff"


def _bigrams(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}
