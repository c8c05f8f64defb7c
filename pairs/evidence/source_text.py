"""A searchable source text, indexed once for many answers."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from itertools import chain

import numpy as np

from loaders.sentences import SENTENCE_END, is_sentence_end

from ..records import Match
from ..text.boundaries import runs_on
from ..text.flat import Folded, flatten, fold
from ..text.line_breaks import soft_breaks
from ..text.normalise import is_meaningful_mark
from ..text.terms import PLAIN_NUMBER, form_set, is_slight, terms
from .table_rows import tables
from .tables import Place, Table, labels_of

__all__ = ["Place", "SourceText", "trimmed"]

_EDGES = " \t\r\n\u3000。．.，,、；;：:！!？?"  # may end an answer but not its match
_HEADING_LINE = re.compile(r"#{1,6}\s[^\n]*\Z")
_MARK = re.compile(r"[^\w\s]|_")
_MOST_PLACES = 200  # an answer such as "是" matches everywhere
_SHORT = 24
"""Characters up to which an answer may be a word of the text that it begins with a capital."""
_ROUNDING = Fraction(1, 200)
"""Largest share by which three digits differ from what they round, whatever the unit."""
_LEAST_ROUNDED = 2
"""Digits from which a number may be another one's rounding."""


class SourceText:
    """A chunk's or a whole file's text, with lazily built indexes.

    Args:
        text: As read by the loader.
        context: What stands above it, such as the header row of the table it begins in.
    """

    def __init__(self, text: str, context: str = "") -> None:
        self.text = text
        self._context = context

    @cached_property
    def flat(self) -> str:
        """The text in half width, lower case and simplified characters; same offsets."""
        return flatten(self.text)

    @cached_property
    def folded(self) -> Folded:
        """The text without typographic variation, with a map back."""
        return fold(self.text)

    @cached_property
    def _bare(self) -> Folded:
        return without_marks(self.folded)

    @cached_property
    def _cuts(self) -> list[int]:
        """Offsets of sentence ends, rows' and line ends that are no mere wrapping, 0 and length."""
        ends = {
            mark.end()
            for mark in SENTENCE_END.finditer(self.text)
            if is_sentence_end(self.text, mark)
        }
        soft = set(soft_breaks(self.text))
        ends |= {at.end() for at in re.finditer("\n", self.text) if at.start() not in soft}
        ends |= {edge for table in self.tables for row in table.rows for edge in row}
        return sorted(ends | {0, len(self.text)})

    @cached_property
    def sentences(self) -> list[Place]:
        """The non-empty sentences and lines in order, without outer white space."""
        pieces = zip(self._cuts, self._cuts[1:], strict=False)
        whole = (self._unpadded(first, last) for first, last in pieces)
        return [(first, last) for first, last in whole if first < last]

    @cached_property
    def headings(self) -> frozenset[int]:
        """Indices of the sentences that are headings."""
        return frozenset(
            number
            for number, (first, last) in enumerate(self.sentences)
            if _HEADING_LINE.match(self.text[first:last])
        )

    @cached_property
    def words(self) -> dict[str, list[Place]]:
        """Inverted index: stemmed content word -> its places."""
        index: dict[str, list[Place]] = {}
        for word, start, end in terms(self.flat):
            if not is_slight(word):
                index.setdefault(word, []).append((start, end))
        return index

    @cached_property
    def tables(self) -> list[Table]:
        """Its tables, in order."""
        return tables(self.text, self._context)

    def table_at(self, start: int, end: int) -> Table | None:
        """The table that a span lies in, or None."""
        at = bisect_right(self.tables, start, key=lambda table: table.start) - 1
        return self.tables[at] if at >= 0 and end <= self.tables[at].end else None

    @cached_property
    def sentences_with(self) -> dict[str, list[int]]:
        """Inverted index: key (see ``terms.forms``) -> indices of the sentences that have it.

        A row of a table has its column names and its caption as well.
        """
        index: dict[str, list[int]] = {}
        for number, (first, last) in enumerate(self.sentences):
            table = self.table_at(first, last)
            above = table.forms_above(first, last) if table else ()
            for form in chain(form_set(self.flat[first:last]), above):
                occurrences = index.setdefault(form, [])
                if not occurrences or occurrences[-1] != number:
                    occurrences.append(number)
        return index

    @cached_property
    def labels(self) -> list[frozenset[str]]:
        """The label words (see ``tables.labels_of``) of each sentence."""
        return [labels_of(self.text[first:last]) for first, last in self.sentences]

    @cached_property
    def sentences_named(self) -> dict[str, list[int]]:
        """Inverted index: label word -> indices of the sentences that have it."""
        index: dict[str, list[int]] = {}
        for number, words in enumerate(self.labels):
            for word in words:
                index.setdefault(word, []).append(number)
        return index

    @cached_property
    def _amounts(self) -> list[tuple[float, str]]:
        """Value and key (see ``terms.forms``) of its plain numbers, in the order of values."""
        keys = (key for key in self.sentences_with if key.startswith(PLAIN_NUMBER))
        return sorted((float(Fraction(key.removeprefix(PLAIN_NUMBER))), key) for key in keys)

    def rounded_to(self, key: str) -> list[str]:
        """The keys of its numbers that a number may round, whatever their sign: -1,534 by 1.53 k.

        Args:
            key: Of that number; other keys round nothing.
        """
        if not key.startswith(PLAIN_NUMBER):
            return []
        value = Fraction(key.removeprefix(PLAIN_NUMBER))
        reach = float(max(_last_place(value) / 2, abs(value) * _ROUNDING))
        known: list[str] = []
        for signed in {float(value), -float(value)}:
            first = bisect_left(self._amounts, (signed - reach, ""))
            last = bisect_right(self._amounts, (signed + reach, "~"))
            known += [one for _, one in self._amounts[first:last]]
        return known

    def sentence_around(self, start: int, end: int) -> Place:
        """The whole sentences or lines that a span touches, without outer white space.

        Args:
            start: First character.
            end: One past the last.
        """
        first = self._cuts[bisect_right(self._cuts, start) - 1]
        last = self._cuts[bisect_left(self._cuts, end)]
        return self._unpadded(first, last)

    def sentences_of(self, start: int, end: int) -> tuple[int, int]:
        """Indices of the first and the last sentence that a span touches.

        Args:
            start: First character.
            end: One past the last.
        """
        first = bisect_right(self.sentences, start, key=lambda place: place[0]) - 1
        last = bisect_left(self.sentences, end, key=lambda place: place[0]) - 1
        return max(0, first), max(0, first, last)

    def below_heading(self, start: int, end: int) -> Place | None:
        """The sentence below a heading that a span lies in; None for other spans.

        Args:
            start: First character.
            end: One past the last.
        """
        number = self.sentences_of(start, end)[1]
        if number not in self.headings or number + 1 >= len(self.sentences):
            return None
        return None if number + 1 in self.headings else self.sentences[number + 1]

    def _unpadded(self, first: int, last: int) -> Place:
        text = self.text[first:last]
        return first + len(text) - len(text.lstrip()), last - len(text) + len(text.rstrip())

    def places(self, answer: str) -> tuple[list[Place], Match]:
        """All places of an answer, and the kind of match: ``exact``, ``normalised`` or ``none``.

        Tried verbatim first, then folded, then folded without punctuation.

        Args:
            answer: The model's wording.
        """
        folded = fold(trimmed(answer))
        for wanted in (answer.strip(), trimmed(answer)):
            if exact := self._at_boundaries(_find(self.text, wanted)):
                if len(wanted) > _SHORT or not any(map(str.isupper, wanted)):
                    return exact, "exact"
                # A capital that only begins the answer: Six may be the six of the text.
                found = (self.folded.original(*at) for at in _find(self.folded.text, folded.text))
                return sorted({*exact, *self._at_boundaries(found)}), "exact"
        bare = without_marks(folded)
        for text, wanted in ((self.folded, folded.text), (self._bare, bare.text)):
            found = (text.original(start, end) for start, end in _find(text.text, wanted))
            if places := self._at_boundaries(found):
                return places, "normalised"
        return [], "none"

    def _at_boundaries(self, places: Iterable[Place]) -> list[Place]:
        """The places that begin and end at word boundaries: not 5 in 15, nor art in start."""
        return [
            (start, end)
            for start, end in places
            if not (runs_on(self.text, start) or runs_on(self.text, end))
        ]


def _last_place(value: Fraction) -> Fraction:
    """What one counts in the last place of a number that is not 0, but 0 below two digits."""
    digits = f"{float(abs(value)):.15e}".partition("e")
    significant = digits[0].replace(".", "").rstrip("0")
    if len(significant) < _LEAST_ROUNDED:
        return Fraction(0)
    return Fraction(10) ** (int(digits[2]) - len(significant) + 1)


def trimmed(answer: str) -> str:
    """An answer without outer white space and punctuation."""
    return answer.strip(_EDGES)


def without_marks(folded: Folded) -> Folded:
    """A folded text without punctuation, except inside numbers and names."""
    text = folded.text
    dropped = [
        at
        for at in (found.start() for found in _MARK.finditer(text))
        if not _is_meaningful(text, at) or (text[at] == "," and _is_spaced(folded, at))
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
    """Whether white space followed a character in the original."""
    return at + 1 < len(folded.text) and bool(folded.starts[at + 1] > folded.ends[at])


def _is_meaningful(text: str, at: int) -> bool:
    """Whether a character is more than punctuation: the point of 1.5, the sharp of C#."""
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
