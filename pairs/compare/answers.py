"""Comparison of two answers to one question: do they agree, which is longer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, lru_cache

from ..text.boundaries import stands_in
from ..text.figures.numbers import Number, missing, numbers
from ..text.figures.numerals import as_digits
from ..text.flat import flatten
from ..text.negation import negations
from ..text.normalise import normalise
from ..text.terms import form_set, pieces
from ..text.text_cache import text_cached
from .guards import difference

__all__ = ["agree", "contradict", "equivalent", "fullness", "is_plain"]

_TOKEN = re.compile(r"[a-z0-9\u00c0-\u024f\u0370-\u052f]+|[^\W_]")
_SHARE = 0.8
"""Share of the shorter answer's words that the longer one must have, from this many on:"""
_MIN_WORDS = 8
_FEW = 5
"""Content words below which an answer must share all of them."""
_MOST_ADDED = 4
"""Content words that the fuller of two answers may add, if it is not twice as long."""
_LONGEST = 2000
"""Characters of an answer that are compared."""
_BRACKETS = re.compile(r"[(\[]([^()\[\]]{2,80})[)\]]")
_JOINS = re.compile(r"[、和与或]|以?及|\b(?:and|or)\b")
"""What joins the members of a list."""
_CODE = re.compile(r"[a-z0-9]+(?:[./_]+[a-z0-9]+)+")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_RANGE = re.compile(r"\s*(?:-|~|to|and|至|到)\s*")
_YES = re.compile(
    r"\s*(?:yes|yeah|yep)\b|\s*(?:是的?|对的?|可以|能够?|会|需要|必须|应当?|允许|有的?|一定)(?:[,。;!]|$)"
)
_NO = re.compile(r"\s*(?:no|not|never)\b|\s*(?:不|否|没|无须|无需|未)")
_PLAIN = re.compile(
    r"(?:yes|no|not|never|necessarily|at all|it|is|does|do|are|was|were|did|can|may|must|need|have|"
    r"to|[不没是否对有会能可以一定的必须需要允许应当得用无未])+",
)
"""A reply of yes or no that says nothing else, without its spaces and marks."""
_HEDGES = frozenset(
    "about approximat around rough near almost only just exact between per over some up least most"
    " total each every after befor when if becaus while during within".split()
)
"""Stems of words that an answer may have or lack: about 5, only 5, between 5 and 6."""


@lru_cache(maxsize=1 << 9)
def _normalised(answer: str) -> tuple[str, frozenset[str]]:
    text = normalise(answer)
    return text, frozenset(_TOKEN.findall(text))


class _Said:
    """What an answer says; each part is read when it is first asked for, most never are.

    Attributes:
        flat: The answer, flattened.
    """

    def __init__(self, flat: str) -> None:
        self.flat = flat

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Its numbers."""
        return tuple(_with_units(self.flat, numbers(self.flat)))

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """Its content words."""
        found = pieces(self.flat)
        return tuple(w for w in found if not (w[0].startswith("#") or w[0] in _HEDGES))

    @cached_property
    def forms(self) -> frozenset[str]:
        """The words that those of another answer may match."""
        return frozenset(form_set(self.flat))

    @cached_property
    def codes(self) -> frozenset[str]:
        """Its codes: file names, versions."""
        return frozenset(code for code in _CODE.findall(self.flat) if not code[0].isdigit())

    @cached_property
    def joins(self) -> int:
        """How many joints of a list it has."""
        return len(_JOINS.findall(self.flat))

    @cached_property
    def denied(self) -> bool:
        """Whether it denies."""
        return negations(normalise(self.flat)) % 2 == 1


@text_cached
def _said(text: str) -> _Said:
    return _Said(flatten(text[:_LONGEST]))


def _with_units(flat: str, found: Sequence[Number]) -> Iterator[Number]:
    """The numbers, both ends of a range with the unit that stands behind it: 80 to 90 km."""
    for at, number in enumerate(found):
        after = found[at + 1] if at + 1 < len(found) else number
        between = flat[number.end : after.start]
        yield _as_in(after, number, flat) if _RANGE.fullmatch(between) else number


def _as_in(last: Number, first: Number, flat: str) -> Number:
    """The first number of a range with the unit of the last, if it has none itself."""
    value, whole, figure = first.value[0], last.value[0], _figure(last, flat)
    if not (_is_bare(first) and last.kind in ("amount", "percent") and value and whole and figure):
        return first
    return replace(first, kind=last.kind, unit=last.unit, value=(value * whole / figure,))


def fullness(answer: str) -> int:
    """The length of an answer in characters after normalisation.

    Args:
        answer: Any answer.
    """
    return len(normalise(answer))


def agree(one: str, other: str) -> bool:
    """Whether one answer contains the other, or says the same in other words or units.

    Args:
        one: An answer to a question.
        other: Another answer to the same question.
    """
    mine, my_words = _normalised(one)
    theirs, their_words = _normalised(other)
    if len(mine) > len(theirs):
        mine, my_words, theirs, their_words = theirs, their_words, mine, my_words
    if mine == theirs or stands_in(mine, theirs):
        return True
    if len(my_words) >= _MIN_WORDS:
        shared = len(my_words & their_words) / len(my_words)
        if shared >= _SHARE and not difference(one, other):
            return True
    return equivalent(one, other)


def equivalent(one: str, other: str, questions: Sequence[str] = ()) -> bool:
    """Whether two answers give the same reply, neither a part of the other's list or range.

    Numbers are compared by value and unit (2.2 kW, 2200瓦), words by stem; what an answer repeats
    from a question counts for nothing, and a bare yes or no agrees with one that explains itself.

    Args:
        one: An answer.
        other: Another answer.
        questions: The questions that they answer.
    """
    if normalise(one) == normalise(other):
        return True
    mine, theirs = _said(one), _said(other)
    polarity = _polarity(mine.flat)
    if polarity and polarity == _polarity(theirs.flat):
        if is_plain(one) or is_plain(other):
            return True
    elif polarity and _polarity(theirs.flat):
        return False
    asked = [_said(question) for question in questions]
    return any(_same(left, right, asked) for left in _readings(mine) for right in _readings(theirs))


def contradict(one: str, other: str) -> bool:
    """Whether two answers to one question cannot both be right.

    Args:
        one: An answer.
        other: Another answer to the same question.
    """
    mine, theirs = _said(one), _said(other)
    yes, no = _polarity(mine.flat), _polarity(theirs.flat)
    if yes and no:
        return yes != no
    return bool(
        _rivals(missing(mine.numbers, theirs.numbers), missing(theirs.numbers, mine.numbers))
    )


def _rivals(mine: Sequence[Number], theirs: Sequence[Number]) -> bool:
    """Whether some number of one answer stands where another one of its kind stands."""
    return any(n.kind == m.kind and n.unit == m.unit for n in mine for m in theirs)


def _same(mine: _Said, theirs: _Said, asked: Sequence[_Said]) -> bool:
    """Whether two readings of answers say the same, in whatever words the questions have."""
    if (mine.codes - theirs.codes) and (theirs.codes - mine.codes):
        return False
    known = [number for said in asked for number in said.numbers]
    my_missing, their_missing = _missing(mine, theirs), _missing(theirs, mine)
    matched = [number for number in mine.numbers if number not in my_missing]
    matched += [number for number in theirs.numbers if number not in their_missing]
    my_missing, their_missing = missing(my_missing, known), missing(their_missing, known)
    if (my_missing and their_missing) or _rivals([*my_missing, *their_missing], matched):
        return False
    if mine.denied != theirs.denied and not any(said.denied for said in asked):
        return False
    heard = frozenset[str]().union(*(said.forms for said in asked))
    my_words, their_words = _added(mine, theirs, heard), _added(theirs, mine, heard)
    if my_words and their_words:
        fewer, added = min((mine.words, my_words), (theirs.words, their_words), key=_count)
        if len(fewer) < _FEW or len(added) > (1 - _SHARE) * len(fewer):
            return False
    if not matched and not any(
        heard.isdisjoint(word) and not theirs.forms.isdisjoint(word) for word in mine.words
    ):
        return False
    if not (my_words or their_words):
        return True
    # Two judges is another answer than two judges and their colleagues; a date is another one
    # than the story in which it stands.
    fuller, other = (theirs, mine) if len(their_words) > len(my_words) else (mine, theirs)
    most = max(_MOST_ADDED, len(other.words) + len(other.numbers))
    return fuller.joins <= other.joins and max(len(my_words), len(their_words)) <= most


def _count(words: tuple[Sequence[object], object]) -> int:
    return len(words[0])


def _missing(mine: _Said, theirs: _Said) -> tuple[Number, ...]:
    """The numbers that the other answer lacks; a bare 30 may stand for 30 days or 30 %."""
    lacking = missing(mine.numbers, theirs.numbers)
    bare = {number.value[0] for number in theirs.numbers if _is_bare(number)} if lacking else ()
    if bare:
        lacking = tuple(n for n in lacking if _figure(n, mine.flat) not in bare)
    if not any(map(_is_bare, lacking)):
        return lacking
    figures = {_figure(number, theirs.flat) for number in theirs.numbers}
    return tuple(n for n in lacking if not (_is_bare(n) and n.value[0] in figures))


def _is_bare(number: Number) -> bool:
    return number.kind == "amount" and not number.unit


def _figure(number: Number, flat: str) -> Fraction | None:
    """The value of a number without its unit: 30 of 30 days."""
    found = _DIGITS.search(as_digits(flat[number.start : number.end]).replace(",", ""))
    return Fraction(found.group()) if found and number.kind in ("amount", "percent") else None


def _added(said: _Said, other: _Said, heard: frozenset[str]) -> list[tuple[str, ...]]:
    """The content words of an answer that neither the other one nor the questions have."""
    return [w for w in said.words if other.forms.isdisjoint(w) and heard.isdisjoint(w)]


def _readings(said: _Said) -> list[_Said]:
    """An answer, and the same without its brackets and what they hold: 康熙十七年（1678年）."""
    inside = _BRACKETS.findall(said.flat)
    if len(inside) != 1:
        return [said]
    parts = [_said(part) for part in (_BRACKETS.sub(" ", said.flat), inside[0]) if part.strip()]
    return [said, *(part for part in parts if part.numbers or not said.numbers)]


def _polarity(flat: str) -> str:
    if _NO.match(flat):
        return "no"
    return "yes" if _YES.match(flat) else ""


def is_plain(answer: str) -> bool:
    """Whether an answer is yes or no and nothing else.

    Args:
        answer: In Chinese or English.
    """
    return bool(_PLAIN.fullmatch(re.sub(r"[\W_]+", "", flatten(answer))))
