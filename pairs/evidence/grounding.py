"""Grounding: finds the evidence of an answer in its document.

Tried in this order: verbatim in the chunk; after normalisation; fuzzily; by shared words; then,
where the whole file is given, verbatim elsewhere in it; last by fewer shared words and vectors.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from loaders.records import Chunk, Span

from ..records import Evidence, Match
from ..text.list_markers import without_markers
from ..text.polarity import Polarity, asks_yes_or_no, asserted, polarity
from .asked_place import asked_place
from .computed import computed
from .contradiction import is_denied, polarity_holds, turned_round
from .enumerations import takes_another
from .fuzzy import similar_places
from .items import has_foreign_item, items
from .names import is_about_another, names_another
from .numbers import is_cut_off, unproven_numbers
from .source_text import Place, SourceText, trimmed
from .support import (
    LEAST,
    Support,
    is_asked_elsewhere,
    is_told,
    question_place,
    share_said,
    supporting_place,
)
from .tables import labels_of

__all__ = ["Passage", "SourceText", "ground", "page_at"]

NONE = Evidence(match="none")
_MOST_PLACES = 3
_QUESTION_WORDS_ELSEWHERE = 0.4
"""Share of a question's words required in the sentence of an answer found outside its chunk."""
_ELLIPSIS = re.compile(r"…+|\.{3,}|\[…\]")
_QUESTION_WORDS_REPEATED = 0.6
"""Share of the words of a yes-or-no question from which an answer repeats it."""
_NO_COINCIDENCE = 16
"""Characters from which a verbatim match is no coincidence."""


class Passage:
    """Grounds answers in one chunk, whose text is indexed once for all of them.

    Args:
        chunk: The chunk the pairs were made from.
        pages: ``(first character, page)`` of the whole file, in order; empty without pages.
        document: The whole file's text, indexed once for all its chunks; None to search the chunk
            only.
        near: The cosine of two texts as a share of the one at which two questions count as one,
            for paraphrased answers; None to go by words alone.
    """

    def __init__(
        self,
        chunk: Chunk,
        pages: Sequence[tuple[int, int]] = (),
        document: SourceText | None = None,
        near: Callable[[str, str], float] | None = None,
    ) -> None:
        self._chunk = chunk
        self._source = SourceText(chunk.text, chunk.context)
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
        said = polarity(question, answer)
        if said is not None:
            return self._yes_or_no(question, answer, said)
        evidence = self._whole(question, answer)
        if evidence.match == "none" or not evidence.numbers_ok:
            return self._computed(question, answer) or evidence
        if asks_yes_or_no(question) and self._denies(asserted(question), answer):
            return evidence.model_copy(update={"numbers_ok": False})
        return evidence

    def _denies(self, asserts: str, answer: str) -> bool:
        """Whether the passage denies what a question asserts and an answer repeats."""
        if share_said(asserts, answer) < _QUESTION_WORDS_REPEATED:
            return False
        place = supporting_place(self._source, "", asserts)
        told = self._source.text[slice(*place[0])] if place else ""
        return is_denied(asserts, told) and is_denied(answer, told, 0.0)

    def _computed(self, question: str, answer: str) -> Evidence | None:
        """The evidence for the result of a calculation; None where it is none."""
        found = computed(self._source, question, answer)
        if found is None:
            return None
        evidence = self._evidence(self._source, found.place, "computed", 1.0, question, "")
        return evidence.model_copy(update={"operands": found.operands})

    def _yes_or_no(self, question: str, answer: str, said: Polarity) -> Evidence:
        """The evidence for an answer that begins with yes or no, and whether that is right."""
        asserts, behind = asserted(question), answer[said.end :]
        evidence = self._whole(question, behind if trimmed(behind) else answer)
        told = evidence.sentence
        place = supporting_place(self._source, "", asserts)
        denied = place is not None and is_denied(asserts, self._source.text[slice(*place[0])])
        if not trimmed(behind):
            if place is None:
                return evidence
            if evidence.match == "none":
                evidence = self._supported(place, question, "")
            told = self._source.text[slice(*place.place)]
        elif evidence.match == "none":
            return self._whole(question, answer)
        holds = evidence.numbers_ok and polarity_holds(said.yes, asserts, behind, told)
        holds = holds and not (said.yes and denied)
        return evidence.model_copy(update={"numbers_ok": holds})

    def _whole(self, question: str, answer: str) -> Evidence:
        """The evidence for an answer each item of which must stand there."""
        found = self._found(question, answer)
        if found.match in ("fuzzy", "supported") and has_foreign_item(
            answer, question, f"{found.header}\n{found.sentence}"
        ):
            return NONE
        return found

    def _found(self, question: str, answer: str) -> Evidence:
        """The evidence for an answer without a yes or no before it."""
        places, match = self._source.places(answer)
        if places:
            place = _asked(self._source, places, question)
            if match == "exact" and trimmed(answer) not in self._source.text[slice(*place)]:
                match = "normalised"
            return self._evidence(self._source, place, match, 1.0, question, answer)
        answer = without_markers(answer)
        if similar := self._similar(question, answer):
            return self._evidence(self._source, similar[0], "fuzzy", similar[1], question, answer)
        supported = supporting_place(self._source, question, answer)
        if supported and supported.share >= LEAST:
            return self._supported(supported, question, answer)
        found = self._elsewhere(question, answer)
        return self._in_other_words(question, answer) if found.match == "none" else found

    def _similar(self, question: str, answer: str) -> tuple[Place, float] | None:
        """The place that an answer nearly repeats and its question asks about, or None."""
        similar = similar_places(self._source, answer)
        if not similar:
            return None
        places, scores = zip(*similar, strict=True)
        return similar[asked_place(self._source, places, question, scores)]

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
        found = self._quoted(quote, question)
        return NONE if found is None else self._evidence(*found, "judged", 1.0, question, answer)

    def _quoted(self, quote: str, question: str = "") -> tuple[SourceText, Place] | None:
        """Where a quote stands: in the chunk or else in the document, verbatim or nearly so."""
        part = max(_ELLIPSIS.split(quote), key=len).strip()
        if not trimmed(part):
            return None
        for source in (self._source, self._document):
            if source is None:
                continue
            places, _ = source.places(part)
            if places:
                return source, _asked(source, places, question)
            if source is self._source and (similar := self._similar(question, part)):
                return source, similar[0]
        return None

    def _in_other_words(self, question: str, answer: str) -> Evidence:
        """The evidence for a paraphrased answer: fewer shared words, but similar vectors.

        Vectors alone prove nothing: another answer to the same question is near as well.
        """
        supported = supporting_place(self._source, question, answer, loosely=True)
        if supported is None:
            return NONE
        told = self._source.text[slice(*supported.place)]
        if not is_told(supported, self._near(answer, told) if self._near else 0.0):
            return NONE
        return self._supported(supported, question, answer)

    def _supported(self, found: Support, question: str, answer: str) -> Evidence:
        return self._evidence(
            self._source, found.place, "supported", found.share, question, answer, found.more
        )

    def _elsewhere(self, question: str, answer: str) -> Evidence:
        """The evidence outside the chunk, such as a heading above it.

        In a whole file many a short answer stands somewhere: what is asked must stand beside it.
        """
        if self._document is None:
            return NONE
        places, match = self._document.places(answer)
        if not places:
            return NONE
        place = _asked(self._document, places, question)
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
        further: Sequence[Place] = (),
    ) -> Evidence:
        around = f"{self._chunk.context}\n{self._chunk.text}"
        above = _above(source, place, question, several=len(items(answer)) > 1)
        places = [place, *further][: _MOST_PLACES - bool(above.row)]
        if len(places) == 1 and (below := source.below_heading(*place)):
            places.append(below)
        sentences = {source.sentence_around(*one) for one in places}
        sentence = _joined(source, sentences)
        told = "\n".join(filter(None, (sentence, above.header, above.amounts)))
        quote = source.text[slice(*place)]
        free = match in ("supported", "judged")
        literal = not free and not is_cut_off(source.text, place[1])
        unproven: tuple[str, ...] = ()
        # A verbatim match proves its own numbers: the 90 of a text's 90% may be the answer.
        if not (literal and match == "exact"):
            context = told if free or match == "fuzzy" else f"{quote}\n{told}"
            unproven = unproven_numbers(
                answer, context if literal else told, question, around, quote if literal else ""
            )
        repeated = quote if match == "fuzzy" else ""
        contradicts = (free or match == "fuzzy") and turned_round(answer, sentence, repeated)
        asked_elsewhere = False
        if above.row:
            places.append(above.row)
        if source is self._source:
            if match in ("exact", "normalised"):
                asked_elsewhere = is_asked_elsewhere(source, place, question)
            if len(places) < _MOST_PLACES and (asking := question_place(source, places, question)):
                places.append(asking)
        offset = self._chunk.span.start if source is self._source else 0
        spans = [Span(start=start + offset, end=end + offset) for start, end in places]
        return Evidence(
            match=match,
            span=spans[0],
            more=tuple(spans[1:]),
            page=page_at(self._pages, spans[0].start),
            quote=quote,
            sentence=_joined(source, {source.sentence_around(*one) for one in places}),
            header=above.header,
            score=score,
            numbers_ok=not unproven and not contradicts,
            names_ok=above.fits
            and not takes_another(question, answer, sentence)
            and not asked_elsewhere
            and not is_about_another(question, answer, told, _sentences(self._source))
            and not (match == "fuzzy" and names_another(answer, quote, told, around)),
        )


class _Above(NamedTuple):
    """What stands over a place in a table.

    Attributes:
        header: Caption, row name and column name; empty outside of tables.
        amounts: The row's numbers with the units of their header.
        row: The place of the row that names the columns; None where it is not in the text.
        fits: Whether the question names no other row or column.
    """

    header: str = ""
    amounts: str = ""
    row: Place | None = None
    fits: bool = True


def _above(source: SourceText, place: Place, question: str, *, several: bool) -> _Above:
    """What stands over a place; a list may take its items from ``several`` rows."""
    table = source.table_at(*place)
    row = table.row_at(*place) if table else None
    if table is None or row is None:
        return _Above()
    cell = table.cell_at(*place)
    column = cell.column if cell else None
    names = table.rows[0] if table.headed and row else None
    elsewhere = (cell is not None or not several) and table.belongs_elsewhere(
        labels_of(question), row, column
    )
    return _Above(table.header(row, column), table.amounts(row), names, not elsewhere)


def _asked(source: SourceText, places: list[Place], question: str) -> Place:
    """Of the places where an answer stands, the one that its question asks about."""
    fitting = _fitting(source, places, question)
    return fitting[asked_place(source, fitting, question)]


def _fitting(source: SourceText, places: list[Place], question: str) -> list[Place]:
    """The places in cells that a question names, else those in no cell of another, else all."""
    if len(places) == 1 or not source.tables:
        return places
    words = labels_of(question)
    fits = [_fit(source, place, words) for place in places]
    best = max(fits)
    return [place for place, fit in zip(places, fits, strict=True) if fit == best]


def _fit(source: SourceText, place: Place, question: frozenset[str]) -> int:
    """2 for a place in a cell that a question names, 0 in one of another's, else 1."""
    table = source.table_at(*place)
    cell = table.cell_at(*place) if table else None
    if table is None or cell is None:
        return 1
    if table.fits(question, cell):
        return 2
    return 0 if table.belongs_elsewhere(question, cell.row, cell.column) else 1


def _sentences(source: SourceText) -> Iterator[str]:
    return (source.text[first:last] for first, last in source.sentences)


def _joined(source: SourceText, places: Iterable[Place]) -> str:
    """The text of distinct places, in its order."""
    return "\n".join(source.text[slice(*place)] for place in sorted(set(places)))


def ground(
    question: str, answer: str, chunk: Chunk, pages: Sequence[tuple[int, int]] = ()
) -> Evidence:
    """The evidence for one answer in one chunk; use ``Passage`` for many answers.

    Args:
        question: Its words decide between several matches.
        answer: The model's wording.
        chunk: The chunk the pair was made from.
        pages: ``(first character, page)`` of the whole file, in order; empty without pages.

    Example:
        >>> chunk, *_ = split(load("examples/documents/hzmb.md"))
        >>> ground("大桥何时通车？", "2018年10月24日", chunk).match
        'exact'
    """
    return Passage(chunk, pages).ground(question, answer)


def page_at(pages: Sequence[tuple[int, int]], place: int) -> int | None:
    """The page of a character, by its offset in the whole text; None without pages."""
    at = bisect_right(pages, place, key=lambda page: page[0]) - 1
    return pages[at][1] if at >= 0 else None
