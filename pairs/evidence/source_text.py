"""A text in which answers are looked for, prepared once for all of them."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from math import exp, log

import numpy as np

from loaders.sentences import SENTENCE_END, is_sentence_end

from ..records import Match
from ..text.boundaries import runs_on
from ..text.flat import Folded, flatten, fold
from ..text.normalise import is_meaningful_mark
from ..text.terms import forms, is_slight, terms

__all__ = ["Place", "SourceText", "trimmed"]

Place = tuple[int, int]
"""First character and one past the last."""

_EDGES = " \t\r\n\u3000。．.，,、；;：:！!？?"  # what an answer may end with and the text not
_MARK = re.compile(r"[^\w\s]|_")
_MOST_PLACES = 200  # an answer such as "是" stands everywhere
_REACH = 40
"""Characters after which a word's nearness to an answer counts 1/e of what it does beside it."""
_OUTSIDE = 0.5
"""What a word in another sentence counts, against one in the answer's own."""
_FIRST = 1.4
"""A text says a thing first where it introduces it: a later place must be this much nearer."""


class SourceText:
    """A chunk's or a whole file's text, and where things stand in it.

    Args:
        text: As the loader gave it.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def flat(self) -> str:
        """The text in half width, lower case and simplified characters, place for place."""
        return flatten(self.text)

    @cached_property
    def folded(self) -> Folded:
        """The text without what print and input methods vary."""
        return fold(self.text)

    @cached_property
    def _bare(self) -> Folded:
        return without_marks(self.folded)

    @cached_property
    def _cuts(self) -> list[int]:
        """Where sentences and lines end, from 0 to the text's end."""
        ends = {
            mark.end()
            for mark in SENTENCE_END.finditer(self.text)
            if is_sentence_end(self.text, mark)
        }
        ends |= {found.end() for found in re.finditer("\n", self.text)}
        return sorted(ends | {0, len(self.text)})

    @cached_property
    def sentences(self) -> list[Place]:
        """The sentences and lines in order, without outer blanks and empty ones."""
        pieces = zip(self._cuts, self._cuts[1:], strict=False)
        whole = (self._unpadded(first, last) for first, last in pieces)
        return [(first, last) for first, last in whole if first < last]

    @cached_property
    def words(self) -> dict[str, list[Place]]:
        """Where each telling word stands."""
        index: dict[str, list[Place]] = {}
        for word, start, end in terms(self.flat):
            if not is_slight(word):
                index.setdefault(word, []).append((start, end))
        return index

    @cached_property
    def sentences_with(self) -> dict[str, list[int]]:
        """By words, values of numbers, one and two Chinese characters: where they stand."""
        index: dict[str, list[int]] = {}
        for number, (first, last) in enumerate(self.sentences):
            for form in forms(self.flat[first:last]):
                stands = index.setdefault(form, [])
                if not stands or stands[-1] != number:
                    stands.append(number)
        return index

    def sentence_around(self, start: int, end: int) -> Place:
        """The whole sentences or lines over a stretch of the text, without outer blanks."""
        first = self._cuts[bisect_right(self._cuts, start) - 1]
        last = self._cuts[bisect_left(self._cuts, end)]
        return self._unpadded(first, last)

    def _unpadded(self, first: int, last: int) -> Place:
        text = self.text[first:last]
        return first + len(text) - len(text.lstrip()), last - len(text) + len(text.rstrip())

    def places(self, answer: str) -> tuple[list[Place], Match]:
        """Where an answer stands, and how it had to be looked for.

        Verbatim first; then without what print and input methods vary; then without punctuation.

        Args:
            answer: As the model put it.
        """
        for wanted in (answer.strip(), trimmed(answer)):
            if exact := self._alone(_find(self.text, wanted)):
                return exact, "exact"
        folded = fold(trimmed(answer))
        bare = without_marks(folded)
        for text, wanted in ((self.folded, folded.text), (self._bare, bare.text)):
            found = (text.original(start, end) for start, end in _find(text.text, wanted))
            if places := self._alone(found):
                return places, "normalised"
        return [], "none"

    def _alone(self, places: Iterable[Place]) -> list[Place]:
        """Those that stand on their own: 5 does not stand in 15, nor art in start."""
        return [
            (start, end)
            for start, end in places
            if not (runs_on(self.text, start) or runs_on(self.text, end))
        ]

    def nearest(self, places: list[Place], question: str) -> Place:
        """The place that stands nearest to what a question speaks of; the first among equals."""
        if len(places) == 1:
            return places[0]
        asked = [
            self.words[word]
            for word in {word for word, _, _ in terms(flatten(question))}
            if word in self.words
        ]
        near = [self._nearness(place, asked) for place in places]
        near[0] *= _FIRST
        return places[near.index(max(near))]

    def _nearness(self, place: Place, asked: list[list[Place]]) -> float:
        first, last = self.sentence_around(*place)
        return sum(
            max(_pull(place, at, first, last) for at in _beside(stands, place[0]))
            / (1 + log(len(stands)))
            for stands in asked
        )


def _beside(stands: list[Place], at: int) -> list[Place]:
    """The last two places before a character and the first two after it."""
    next_one = bisect_left(stands, (at, at))
    return stands[max(0, next_one - 2) : next_one + 2]


def _pull(place: Place, word: Place, first: int, last: int) -> float:
    """What a word's nearness to a place counts; nothing where it is part of it."""
    if place[0] < word[1] and word[0] < place[1]:
        return 0.0
    distance = max(place[0] - word[1], word[0] - place[1])
    within = first <= word[0] < last
    return exp(-distance / _REACH) * (1.0 if within else _OUTSIDE) + 0.3 * within


def trimmed(answer: str) -> str:
    """An answer without the marks that end it."""
    return answer.strip(_EDGES)


def without_marks(folded: Folded) -> Folded:
    """A folded text without punctuation, but for what belongs to a number or a name."""
    text = folded.text
    dropped = [
        at
        for at in (found.start() for found in _MARK.finditer(text))
        if not _tells(text, at) or (text[at] == "," and _is_spaced(folded, at))
    ]
    if not dropped:
        return folded
    kept = np.ones(len(text), dtype=bool)
    kept[dropped] = False
    gone = set(dropped)
    return Folded(
        text="".join(char for at, char in enumerate(text) if at not in gone),
        starts=folded.starts[kept],
        ends=folded.ends[kept],
    )


def _is_spaced(folded: Folded, at: int) -> bool:
    """Whether white space stood behind a character."""
    return at + 1 < len(folded.text) and bool(folded.starts[at + 1] > folded.ends[at])


def _tells(text: str, at: int) -> bool:
    """Whether a character is more than punctuation: the dot of 1.5, the sharp of C#."""
    char = text[at]
    if not unicodedata.category(char).startswith("P"):
        return True
    before, after = text[at - 1] if at else " ", text[at + 1 : at + 2] or " "
    if char == "," and re.match(r"\d{3}(?!\d)", text[at + 1 : at + 5]):
        return False
    return is_meaningful_mark(before, char, after)


def _find(text: str, wanted: str) -> Iterator[Place]:
    found, at = 0, text.find(wanted) if wanted else -1
    while at >= 0 and found < _MOST_PLACES:
        found += 1
        yield at, at + len(wanted)
        at = text.find(wanted, at + 1)
