"""The numbers of an answer that its evidence does not bear out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from loaders.characters import HAN

from ..text.figures.numbers import Number, missing, numbers, same
from ..text.figures.units import SCALES, units_agree
from ..text.flat import flatten
from ..text.measure_words import COUNTING, TELLING
from ..text.terms import pieces
from .substitution import alike_around

__all__ = ["is_cut_off", "unproven_numbers"]

_Parts = tuple[Fraction | None, ...]

_DIGITS = re.compile(r"\d+")
_UP_TO = re.compile(r"\s?(?:-|~|–|—|到|至|to)\s?")
_NEXT = re.compile(rf"\s?([{HAN}]|[a-z]+)")
_HOW_MANY = re.compile(r"几|多少|\bhow many\b")
_GOING_ON = frozenset("到 至 和 与 to until till through and".split())
_ONE_WORD = 2
"""Chinese characters, or English words, that say no more than what is counted."""
_SURROUNDED = 8
"""Letters, or half as many Chinese characters, by which two numbers stand in the same words."""
_SCALED = re.compile(rf"\s{{0,3}}-?(?:{SCALES})(?![a-z])")


def unproven_numbers(
    answer: str, evidence: str, question: str, around: str, quote: str = ""
) -> tuple[str, ...]:
    """The numbers, dates and amounts of an answer, as it puts them, that are not proved.

    Args:
        answer: As the model put it.
        evidence: The sentences it was tied to.
        question: Its own numbers may stand further off,
        around: in the text around the evidence.
        quote: What the answer repeats nearly word for word, number for number; empty for nothing.
    """
    claimed = numbers(answer)
    flat, told = flatten(answer), flatten(evidence)
    known = numbers(evidence)
    if quote:
        lacking = {*_unmatched(claimed, numbers(quote)), *missing(claimed, known)}
    elif _is_all_numbers(flat, claimed):
        lacking = {n for n in claimed if not any(_is(n, flat, k, told) for k in known)}
        lacking |= {*_unmatched(claimed, known)}
    else:
        lacking = {
            n
            for n in claimed
            if not any(_proves(n, flat, k, told) for k in known)
            and not (_is_article(n, flat, known, told) and not _HOW_MANY.search(flatten(question)))
        }
    if lacking:
        asked = {number.key for number in numbers(question)}
        lacking = _not_among(lacking, asked, around)
    lacking |= {n for n in claimed if _stands_for_another(n, flat, known, told)}
    lacking |= _saying_more(claimed, known, around) | _other_ranges(flat, claimed, told, known)
    loose = [found for found in _DIGITS.finditer(flat) if not _within(found, claimed)]
    stand = set(_DIGITS.findall(told)) if loose else set()
    unread = tuple(found.group() for found in loose if found.group() not in stand)
    in_order = sorted(lacking, key=lambda number: number.start)
    return tuple(answer[number.start : number.end] for number in in_order) + unread


def _saying_more(claimed: Iterable[Number], known: Iterable[Number], around: str) -> set[Number]:
    """The dates with a year, a month or a day that nobody says: 2001 of July 21, 2001."""
    said = [other.value for other in known if other.kind == "date"]
    dates = [number for number in claimed if number.kind == "date"]
    if all(_parts_within(number.value, said) for number in dates):
        return set()
    nearby = numbers(around)
    said += [other.value for other in nearby if other.kind == "date"]
    loose = {other.value[:1] for other in nearby if other.kind == "amount"}
    return {
        number for number in dates if not _parts_within(_without_year(number.value, loose), said)
    }


def _parts_within(parts: _Parts, said: Iterable[_Parts]) -> bool:
    """Whether every part of a date is said by some other date that says nothing else instead."""
    agreeing = [other for other in said if not _conflict(parts, other)]
    columns = list(zip(*agreeing, strict=True)) or [()] * len(parts)
    return all(part is None or part in column for part, column in zip(parts, columns, strict=True))


def _without_year(parts: _Parts, loose: Collection[object]) -> _Parts:
    """A date without its year, where that stands as a bare number: | Date (1969) |."""
    return (None, *parts[1:]) if parts[:1] in loose else parts


def _conflict(one: _Parts, other: _Parts) -> bool:
    return any(x != y for x, y in zip(one, other, strict=True) if None not in (x, y))


def _other_ranges(
    flat: str, claimed: Sequence[Number], told: str, known: Sequence[Number]
) -> set[Number]:
    """The ends of ranges that share but one end with a range of the evidence: 3-6 and 3-9."""
    theirs = list(_ranges(told, known))
    return {
        end
        for mine in _ranges(flat, claimed)
        if not any(same(mine[0], one[0]) and same(mine[1], one[1]) for one in theirs)
        for end, its_other, side in ((mine[0], mine[1], 1), (mine[1], mine[0], 0))
        if any(same(its_other, one[side]) for one in theirs)
    }


def _ranges(flat: str, found: Sequence[Number]) -> Iterator[tuple[Number, Number]]:
    """The neighbours of which one goes up to the other: 5-7, 三月到六月."""
    for one, other in pairwise(found):
        if one.kind == other.kind and _UP_TO.fullmatch(flat, one.end, other.start):
            yield one, other


def _is_all_numbers(flat: str, claimed: Iterable[Number]) -> bool:
    """Whether an answer says nothing but numbers and, in a word, what they count."""
    rest = list(flat)
    for number in claimed:
        rest[number.start : number.end] = " " * (number.end - number.start)
        if _counter(flat, number):
            rest[number.end + flat[number.end :].index(_counter(flat, number))] = " "
    return bool(claimed) and len(list(pieces("".join(rest)))) <= _ONE_WORD


def _unmatched(claimed: Iterable[Number], known: Iterable[Number]) -> set[Number]:
    """The numbers left over when each is matched with another one of the quote's."""
    left = list(known)
    over = set()
    for number in claimed:
        twin = next((other for other in left if same(number, other)), None)
        if twin is None:
            over.add(number)
        else:
            left.remove(twin)
    return over


def _is(claimed: Number, flat: str, known: Number, told: str) -> bool:
    """Whether a number that is the whole answer is the evidence's, unit and counted thing too."""
    if not same(claimed, known) or claimed.kind != known.kind:
        return False
    if not units_agree(claimed.unit, known.unit):
        return False
    mine = _counted(flat, claimed)
    return not mine or mine == _counted(told, known)


def _proves(claimed: Number, flat: str, known: Number, told: str) -> bool:
    """Whether a number of the evidence is the claimed one, and counts the same things."""
    if not same(claimed, known):
        return False
    kinds = {claimed.kind, known.kind}
    if kinds == {"ordinal", "amount"} and (claimed.unit or known.unit):
        return False
    mine, theirs = _counter(flat, claimed), _counter(told, known)
    if claimed.unit:
        return bool(known.unit) or not theirs or (theirs == "个" and claimed.unit == "人")
    if not mine:
        return True
    if known.kind == "ordinal" or known.unit:
        return False
    return not theirs or theirs == mine or (theirs not in TELLING and "个" in (mine, theirs))


def _is_article(claimed: Number, flat: str, known: Iterable[Number], told: str) -> bool:
    """Whether 一 before a measure word counts nothing: 鹦鹉的一种, 一名工程师."""
    if flat[claimed.start] != "一" or claimed.value != (Fraction(1),) or claimed.kind != "amount":
        return False
    counter = _counter(flat, claimed)
    if not counter and claimed.unit not in ("人", "次"):
        return False
    return not any(
        other.kind == "amount"
        and (other.unit == claimed.unit if claimed.unit else _counter(told, other) == counter)
        for other in known
    )


def _counter(flat: str, number: Number) -> str:
    """The measure word that follows a Chinese number; empty for none."""
    after = flat[number.end : number.end + 2].lstrip()[:1]
    return after if after and after in COUNTING | TELLING else ""


def _counted(flat: str, number: Number) -> str:
    """The first Chinese character or English word after a number; empty for none."""
    found = _NEXT.match(flat, number.end)
    return "" if found is None or found[1] in _GOING_ON else found[1]


def _stands_for_another(claimed: Number, flat: str, known: Iterable[Number], told: str) -> bool:
    """Whether another number stands in the evidence between the words that surround this one."""
    mine = theirs = 0
    for other in known:
        alike = sum(alike_around(flat, _place(claimed), told, _place(other)))
        if not alike:
            continue
        if same(claimed, other):
            mine = max(mine, alike)
        elif claimed.kind == other.kind:
            theirs = max(theirs, alike)
    return theirs >= _SURROUNDED and theirs > mine


def _place(number: Number) -> tuple[int, int]:
    return number.start, number.end


def is_cut_off(text: str, end: int) -> bool:
    """Whether a scale follows that makes another number of what stands before: 5 of 5万.

    Args:
        text: The source's text.
        end: One past the last character of a quote that ends in a number.
    """
    return bool(_SCALED.match(flatten(text[end : end + 20])))


def _not_among(lacking: Iterable[Number], asked: Collection[object], around: str) -> set[Number]:
    """Those that the question does not name, or that stand nowhere around."""
    nearby = numbers(around)
    return {
        number
        for number in lacking
        if number.key not in asked or (missing((number,), nearby) and not _counts(number))
    }


def _counts(number: Number) -> bool:
    """Whether a question may count what its text only lists: the first, two examples."""
    small = number.value[:1] and number.value[0] in range(1, 11)
    return bool(small) and (number.kind == "ordinal" or number.unit in ("", "人", "次"))


def _within(found: re.Match[str], claimed: Iterable[Number]) -> bool:
    return any(number.start <= found.start() and found.end() <= number.end for number in claimed)
