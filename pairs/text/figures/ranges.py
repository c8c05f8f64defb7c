"""Completes the ends of ranges: 2至15公尺 is from 2 m, 3月1日至15日 until 15 March."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from .records import Number

__all__ = ["UP_TO", "completed"]

UP_TO = re.compile(r"\s?(?:-|~|–|—|到|至|to|until|till)\s?")
"""Matches what stands between the ends of a range."""
_AND = re.compile(r" and |[和与]")
_BETWEEN = re.compile(r"\b(?:between|from)\s(?:an? |the )?\S{0,2}$|[在介于]$")
_NUMERAL = re.compile(r"[-+]?\d[\d,.]*|[零〇一二三四五六七八九十百千两点]+")
_LONGEST_UNIT = 24
"""Characters of a unit that both ends of a range share."""


def completed(
    flat: str, found: Sequence[Number], read: Callable[[str], Number | None]
) -> list[Number]:
    """The numbers, with what the other end of their range says of both.

    The first end takes the unit of the second (5-8月, 2 to 15 m), the second the year, the month
    and the half of the day of the first.

    Args:
        flat: The flattened text.
        found: Its numbers in order.
        read: Reads a text that is one number.
    """
    whole = list(found)
    for at, (one, other) in enumerate(pairwise(found)):
        if other.start - one.end > len(" until ") or not _is_range(flat, one, other):
            continue
        if one.kind == "amount" and not one.unit:
            whole[at] = _with_unit(flat, one, other, read)
        else:
            whole[at + 1] = _continued(whole[at], other)
    return whole


def _is_range(flat: str, one: Number, other: Number) -> bool:
    if UP_TO.fullmatch(flat, one.end, other.start):
        return True
    between = _AND.fullmatch(flat, one.end, other.start)
    return bool(between) and bool(_BETWEEN.search(flat, max(0, one.start - 14), one.start))


def _with_unit(
    flat: str, one: Number, other: Number, read: Callable[[str], Number | None]
) -> Number:
    """A bare first end with the unit of the second: 2 of 2至15公尺 is 2公尺."""
    numeral = _NUMERAL.match(flat, other.start, other.end)
    if numeral is None or not 0 < other.end - numeral.end() <= _LONGEST_UNIT:
        return one
    told = read(flat[one.start : one.end] + flat[numeral.end() : other.end])
    if told is None or told.kind == "ordinal":
        return one
    also = told.also if told.kind == "amount" else (*told.also, one)
    return replace(told, start=one.start, end=one.end, also=also)


def _continued(one: Number, other: Number) -> Number:
    """A second end with the year, the month or the half of the day that the first end names."""
    if one.kind == "date" and other.kind == "date":
        year, month, day = one.value
        if other.value[0] is None and (year is not None or other.value[1] is None):
            named = (
                (year, month, other.value[2])
                if other.value[1] is None and day is not None
                else (year, *other.value[1:])
            )
            return replace(other, value=named, also=(*other.also, replace(other, also=())))
    if one.kind == "time" and other.kind == "time" and one.unit and not other.unit:
        hour = other.value[0]
        first = one.value[0]
        if hour is not None and first is not None and hour < first and hour < 12:
            later = (hour + 12, *other.value[1:])
            return replace(other, value=later, unit=one.unit, also=(replace(other, also=()),))
    return other
