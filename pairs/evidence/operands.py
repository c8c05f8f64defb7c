"""Operands: the numbers of a passage that a question names by row, column, year or clause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..text.figures.numbers import Number, numbers
from ..text.flat import flatten
from ..text.question_words import without_asking
from ..text.terms import IS_HAN, forms, is_slight, pieces, terms
from .number_agreement import counted
from .source_text import Place, SourceText
from .tables import Table

__all__ = ["Asked", "Operand", "operands"]

_MOST = 40
"""Numbers of a passage that may be operands."""
_MOST_UNITS = 3
_OTHER_CLAUSE = 30
"""Characters that a clause's end adds to the distance between a number and a word."""
_RESPECTIVELY = re.compile(r"分别|依次|\brespectively\b")
_LINK = re.compile(r"[\s,、]{0,3}(?:和|与|及|以及|and|,|、)\s{0,3}[一-龥]{0,1}\s?")
_CLAUSE_END = re.compile(r"[;。!?:]|[,.](?!\d)")


@dataclass(frozen=True, eq=False)
class Operand:
    """A number of the source with what the question says of it."""

    number: Number
    start: int
    end: int
    named: frozenset[int]
    """The question's words (by place in it) that name this number: its row, column or clause."""
    around: frozenset[int]
    """The question's words in its whole sentence or row and column."""
    where: int
    """Where its row or sentence begins."""
    noun: str
    """The word that it counts."""
    column: str = ""
    """The table column it stands in; empty in prose."""

    @property
    def value(self) -> Fraction:
        """The number itself, in its canonical unit."""
        return self.number.value[0] or Fraction(0)

    @property
    def unit(self) -> tuple[str, str]:
        """Kind and canonical unit."""
        return self.number.kind, self.number.unit


class Asked:
    """A question's content words, each by its place, and what matches them in a text."""

    def __init__(self, flat_question: str) -> None:
        self.flat = flat_question
        self.words = list(pieces(without_asking(flat_question)))

    @cached_property
    def _places(self) -> dict[str, set[int]]:
        places: dict[str, set[int]] = {}
        for at, word in enumerate(self.words):
            for form in word:
                places.setdefault(form, set()).add(at)
        return places

    def weight(self, named: Iterable[int]) -> float:
        """How much some of its words say: a number or code most, a Chinese character least."""
        return sum(
            4.0 if word[0].startswith("#") else 1.0 if IS_HAN.match(word[0]) else 2.0
            for word in (self.words[at] for at in named)
        )

    def named_in(self, flat: str) -> frozenset[int]:
        """The places of the words that a text has."""
        found: set[int] = set()
        for form in forms(flat):
            found |= self._places.get(form, set())
        return frozenset(found)

    def occurrences(self, flat: str) -> Iterator[tuple[int, int, frozenset[int]]]:
        """Start and end of each word of a text that the question has, with its places in it."""
        for number in numbers(flat):
            if places := self.named_in(flat[number.start : number.end]):
                yield number.start, number.end, places
        before, before_start, before_end = "", 0, -1
        for word, start, end in terms(flat):
            han = bool(IS_HAN.match(word))
            if not is_slight(word) and (named := self._places.get(word)):
                yield start, end, frozenset(named)
            pair = before + word
            if han and before_end == start and (named := self._places.get(pair)):
                yield before_start, end, frozenset(named)
            before, before_start, before_end = (word, start, end) if han else ("", 0, -1)


def operands(source: SourceText, asked: Asked) -> list[Operand]:
    """The numbers of a passage that the question names by a row, a column or a clause."""
    found = [
        *_in_tables(source.tables, asked),
        *(
            one
            for place in source.sentences
            if source.table_at(*place) is None
            for one in _in_sentence(source.flat, place, asked)
        ),
    ]
    named = [one for one in found if one.named]
    return sorted(named, key=lambda one: -len(one.named))[:_MOST]


def _in_tables(tables: Iterable[Table], asked: Asked) -> Iterator[Operand]:
    for table in tables:
        titles = [asked.named_in(flatten(name)) for name in table.columns]
        row = frozenset[int]()
        for cell in table.cells:
            value = table.value(cell)
            if table.headed and cell.row == 0:
                continue
            if cell.column == 0:
                row = asked.named_in(flatten(value))
                continue
            title = table.columns[cell.column] if cell.column < len(table.columns) else ""
            named = row | (titles[cell.column] if title else frozenset())
            for said in [*table.in_units(cell), value][:_MOST_UNITS]:
                found = numbers(said)
                if len(found) != 1 or found[0].kind not in ("amount", "percent"):
                    continue
                yield Operand(
                    found[0],
                    cell.start,
                    cell.end,
                    named,
                    named,
                    table.rows[cell.row][0],
                    counted(flatten(said), found[0]),
                    f"{cell.column}:{title}",
                )


def _in_sentence(flat: str, place: Place, asked: Asked) -> Iterator[Operand]:
    first, last = place
    sentence = flat[first:last]
    found = [n for n in numbers(sentence) if n.kind in ("amount", "percent")]
    if not found:
        return
    names: list[set[int]] = [set() for _ in found]
    aligned = _aligned(sentence, found, asked)
    for start, end, places in asked.occurrences(sentence):
        at = min(range(len(found)), key=lambda n: _distance(sentence, start, end, found[n]))
        if not any(n.start < end and start < n.end for n in found):
            names[at] |= places
    common = frozenset(asked.named_in(sentence))
    for number, own in zip(found, names, strict=True):
        listed = aligned.get(number)
        named = listed if listed is not None else frozenset(own)
        if named & common or listed:
            start, end = first + number.start, first + number.end
            noun = counted(sentence, number)
            noun = "" if is_slight(noun) else noun
            yield Operand(number, start, end, named, common, first, noun)


def _distance(sentence: str, start: int, end: int, number: Number) -> int:
    """Distance in characters between a word and a number, more where a clause ends between."""
    low, high = (end, number.start) if end <= number.start else (number.end, start)
    between = sentence[low:high]
    return len(between) + _OTHER_CLAUSE * len(_CLAUSE_END.findall(between))


def _aligned(sentence: str, found: Sequence[Number], asked: Asked) -> dict[Number, frozenset[int]]:
    """What names each number of a list that is told respectively: 甲、乙分别为1和2."""
    if not _RESPECTIVELY.search(sentence):
        return {}
    dates = [n for n in numbers(sentence) if n.kind == "date"]
    run = _longest_run(sentence, found)
    keys = _longest_run(sentence, dates)
    if len(run) < 2 or len(run) != len(keys):
        return {}
    return {
        number: asked.named_in(sentence[key.start : key.end])
        for number, key in zip(run, keys, strict=True)
    }


def _longest_run(sentence: str, found: Sequence[Number]) -> list[Number]:
    """The longest list of numbers with nothing but commas and "and" between them."""
    best: list[Number] = []
    run: list[Number] = []
    for number in found:
        if run and not _LINK.fullmatch(sentence, run[-1].end, number.start):
            run = []
        run = [*run, number]
        best = max(best, run, key=len)
    return best
