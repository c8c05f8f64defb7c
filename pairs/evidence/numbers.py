"""Finds numbers in an answer that its evidence does not prove."""

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
_RANGE_WORDS = frozenset("到 至 和 与 to until till through and".split())
_MAX_NOUN = 2
"""Content words beside the numbers of an answer that is all numbers: what they count."""
_SAME_CONTEXT = 8
"""Common context, in letters (a Chinese character counts two), that aligns two numbers."""
_SCALED = re.compile(rf"\s{{0,3}}-?(?:{SCALES})(?![a-z])")


def unproven_numbers(
    answer: str, evidence: str, question: str, around: str, quote: str = ""
) -> tuple[str, ...]:
    """The numbers, dates and amounts of an answer that are not proved, in its own spelling.

    Args:
        answer: The model's wording.
        evidence: The source sentences that ground it.
        question: The pair's question; numbers that it names may be proved by ``around``.
        around: The chunk and its context, around the evidence.
        quote: The part of the source that the answer repeats nearly verbatim, so that numbers must
            match one to one; empty where there is none.
    """
    claimed = numbers(answer)
    flat, flat_evidence = flatten(answer), flatten(evidence)
    known = numbers(evidence)
    if quote:
        unproven = {*_unmatched(claimed, numbers(quote)), *missing(claimed, known)}
    elif _is_all_numbers(flat, claimed):
        unproven = {
            n for n in claimed if not any(_is_same_count(n, flat, k, flat_evidence) for k in known)
        }
        unproven |= {*_unmatched(claimed, known)}
    else:
        unproven = {
            n
            for n in claimed
            if not any(_proves(n, flat, k, flat_evidence) for k in known)
            and not (
                _is_article(n, flat, known, flat_evidence)
                and not _HOW_MANY.search(flatten(question))
            )
        }
    if unproven:
        in_question = {number.key for number in numbers(question)}
        unproven = _not_from_question(unproven, in_question, around)
    unproven |= {n for n in claimed if _replaces_another(n, flat, known, flat_evidence)}
    unproven |= _with_unproven_parts(claimed, known, around) | _other_ranges(
        flat, claimed, flat_evidence, known
    )
    unparsed = [found for found in _DIGITS.finditer(flat) if not _within(found, claimed)]
    evidence_digits = set(_DIGITS.findall(flat_evidence)) if unparsed else set()
    unproven_digits = tuple(
        found.group() for found in unparsed if found.group() not in evidence_digits
    )
    in_order = sorted(unproven, key=lambda number: number.start)
    return tuple(answer[number.start : number.end] for number in in_order) + unproven_digits


def _with_unproven_parts(
    claimed: Iterable[Number], known: Iterable[Number], around: str
) -> set[Number]:
    """The dates with a part (year, month or day) that no source date has: 2001 of July 21, 2001."""
    known_dates = [other.value for other in known if other.kind == "date"]
    dates = [number for number in claimed if number.kind == "date"]
    if all(_parts_within(number.value, known_dates) for number in dates):
        return set()
    nearby = numbers(around)
    known_dates += [other.value for other in nearby if other.kind == "date"]
    bare_numbers = {other.value[:1] for other in nearby if other.kind == "amount"}
    return {
        number
        for number in dates
        if not _parts_within(_without_year(number.value, bare_numbers), known_dates)
    }


def _parts_within(parts: _Parts, known_dates: Iterable[_Parts]) -> bool:
    """Whether each part of a date occurs in some known date that does not conflict with it."""
    agreeing = [other for other in known_dates if not _conflict(parts, other)]
    columns = list(zip(*agreeing, strict=True)) or [()] * len(parts)
    return all(part is None or part in column for part, column in zip(parts, columns, strict=True))


def _without_year(parts: _Parts, bare_numbers: Collection[object]) -> _Parts:
    """The date without its year, where the source has that as a bare number: | Date (1969) |."""
    return (None, *parts[1:]) if parts[:1] in bare_numbers else parts


def _conflict(one: _Parts, other: _Parts) -> bool:
    return any(x != y for x, y in zip(one, other, strict=True) if None not in (x, y))


def _other_ranges(
    flat: str, claimed: Sequence[Number], flat_evidence: str, known: Sequence[Number]
) -> set[Number]:
    """The ends of ranges that share only the other end with one of the evidence: 3-6 and 3-9."""
    theirs = list(_ranges(flat_evidence, known))
    return {
        end
        for mine in _ranges(flat, claimed)
        if not any(same(mine[0], one[0]) and same(mine[1], one[1]) for one in theirs)
        for end, its_other, side in ((mine[0], mine[1], 1), (mine[1], mine[0], 0))
        if any(same(its_other, one[side]) for one in theirs)
    }


def _ranges(flat: str, found: Sequence[Number]) -> Iterator[tuple[Number, Number]]:
    """Adjacent numbers that are the ends of a range: 5-7, 三月到六月."""
    for one, other in pairwise(found):
        if one.kind == other.kind and _UP_TO.fullmatch(flat, one.end, other.start):
            yield one, other


def _is_all_numbers(flat: str, claimed: Iterable[Number]) -> bool:
    """Whether an answer consists of numbers and at most the noun they count."""
    rest = list(flat)
    for number in claimed:
        rest[number.start : number.end] = " " * (number.end - number.start)
        if _counter(flat, number):
            rest[number.end + flat[number.end :].index(_counter(flat, number))] = " "
    return bool(claimed) and len(list(pieces("".join(rest)))) <= _MAX_NOUN


def _unmatched(claimed: Iterable[Number], known: Iterable[Number]) -> set[Number]:
    """The numbers left over when each is paired with a known one of its own."""
    left = list(known)
    unmatched = set()
    for number in claimed:
        twin = next((other for other in left if same(number, other)), None)
        if twin is None:
            unmatched.add(number)
        else:
            left.remove(twin)
    return unmatched


def _is_same_count(claimed: Number, flat: str, known: Number, flat_evidence: str) -> bool:
    """Whether two numbers have the same value, kind, unit and counted noun."""
    if not same(claimed, known) or claimed.kind != known.kind:
        return False
    if not units_agree(claimed.unit, known.unit):
        return False
    mine = _counted(flat, claimed)
    return not mine or mine == _counted(flat_evidence, known)


def _proves(claimed: Number, flat: str, known: Number, flat_evidence: str) -> bool:
    """Whether a number of the evidence equals the claimed one and has a compatible classifier."""
    if not same(claimed, known):
        return False
    kinds = {claimed.kind, known.kind}
    if kinds == {"ordinal", "amount"} and (claimed.unit or known.unit):
        return False
    mine, theirs = _counter(flat, claimed), _counter(flat_evidence, known)
    if claimed.unit:
        return bool(known.unit) or not theirs or (theirs == "个" and claimed.unit == "人")
    if not mine:
        return True
    if known.kind == "ordinal" or known.unit:
        return False
    return not theirs or theirs == mine or (theirs not in TELLING and "个" in (mine, theirs))


def _is_article(claimed: Number, flat: str, known: Iterable[Number], flat_evidence: str) -> bool:
    """Whether 一 is an indefinite article rather than a number: 鹦鹉的一种, 一名工程师."""
    if flat[claimed.start] != "一" or claimed.value != (Fraction(1),) or claimed.kind != "amount":
        return False
    counter = _counter(flat, claimed)
    if not counter and claimed.unit not in ("人", "次"):
        return False
    return not any(
        other.kind == "amount"
        and (
            other.unit == claimed.unit
            if claimed.unit
            else _counter(flat_evidence, other) == counter
        )
        for other in known
    )


def _counter(flat: str, number: Number) -> str:
    """The measure word that follows a Chinese number; empty for none."""
    after = flat[number.end : number.end + 2].lstrip()[:1]
    return after if after and after in COUNTING | TELLING else ""


def _counted(flat: str, number: Number) -> str:
    """The first Chinese character or English word after a number; empty for none."""
    found = _NEXT.match(flat, number.end)
    return "" if found is None or found[1] in _RANGE_WORDS else found[1]


def _replaces_another(
    claimed: Number, flat: str, known: Iterable[Number], flat_evidence: str
) -> bool:
    """Whether the evidence has another number in the same context, so that this one replaces it."""
    mine = theirs = 0
    for other in known:
        alike = sum(alike_around(flat, _place(claimed), flat_evidence, _place(other)))
        if not alike:
            continue
        if same(claimed, other):
            mine = max(mine, alike)
        elif claimed.kind == other.kind:
            theirs = max(theirs, alike)
    return theirs >= _SAME_CONTEXT and theirs > mine


def _place(number: Number) -> tuple[int, int]:
    return number.start, number.end


def is_cut_off(text: str, end: int) -> bool:
    """Whether a scale word follows, so that the quoted number is incomplete: 5 of 5万.

    Args:
        text: The source text.
        end: One past the last character of a quote that ends in a number.
    """
    return bool(_SCALED.match(flatten(text[end : end + 20])))


def _not_from_question(
    unproven: Iterable[Number], in_question: Collection[object], around: str
) -> set[Number]:
    """Those of the numbers that the question does not name, or the surrounding text lacks."""
    nearby = numbers(around)
    return {
        number
        for number in unproven
        if number.key not in in_question
        or (missing((number,), nearby) and not _may_be_counted(number))
    }


def _may_be_counted(number: Number) -> bool:
    """Whether a question may count what the text merely lists: the first, two examples."""
    small = number.value[:1] and number.value[0] in range(1, 11)
    return bool(small) and (number.kind == "ordinal" or number.unit in ("", "人", "次"))


def _within(found: re.Match[str], claimed: Iterable[Number]) -> bool:
    return any(number.start <= found.start() and found.end() <= number.end for number in claimed)
