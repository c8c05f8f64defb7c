"""Extracts the numbers of a text and compares them.

``numbers`` reads Chinese and English: 15.2亿 is 1520 million, 二〇二三年 is 2023, 三成 is 30%.
``same`` compares two numbers; ``missing`` lists the numbers of one text that another lacks.
"""

import re
from collections.abc import Iterable
from fractions import Fraction

from ..flat import flatten
from ..text_cache import text_cached
from .amounts import figures, labels, ratios, shares, stepped, words
from .dates import dates, decades, lone_dates, on_one_clock, times
from .halves import halves
from .ranges import completed
from .records import Kind, Number
from .units import units_agree

__all__ = ["ANY", "READERS", "Kind", "Number", "missing", "numbers", "same"]

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_NUMERAL = "[零〇一二三四五六七八九十百千万亿兆两俩弎壹贰叁肆伍陆柒捌玖拾佰仟]"
READERS = tuple(
    (reader, re.compile(hint))
    for reader, hint in (
        (decades, "世纪"),
        (dates, rf"[年月]|[12]\d{{3}}[-/.]\d|\d b|{_MONTHS}"),
        (times, r"点|\d:|\d ?[ap]\.?m"),
        (shares, "分之|[/⁄成]"),
        (halves, "半|half|wice|hrice"),
        (labels, r"[a-z][-.·]?\d"),
        (ratios, r"\d ?[:比]"),
        (stepped, r"\d[亿万千百]"),
        (lone_dates, rf"[日号]|{_MONTHS}"),
        (figures, r"\d"),
        (words, f"[a-z]{{3}}|{_NUMERAL}"),
    )
)
"""By precedence: an earlier reader's match hides later ones that overlap it. Each with what every
text has in which it finds something, since looking for that takes a tenth of the time."""
ANY = re.compile(rf"\d|[半日号a-z]|{_NUMERAL}")
"""What every text has that has numbers."""


def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a text in order of place, not overlapping.

    Words that merely contain a numeral (一些, 一定, 统一, 万一, one of them) are skipped.

    Args:
        text: Any text, Chinese or English.
    """
    flat = flatten(text)
    return _numbers(flat) if ANY.search(flat) else ()


@text_cached
def _numbers(flat: str) -> tuple[Number, ...]:
    taken = bytearray(len(flat))
    found: list[Number] = []
    for reader, hint in READERS:
        for number in reader(flat) if hint.search(flat) else ():
            if 1 not in taken[number.start : number.end]:
                taken[number.start : number.end] = b"\1" * (number.end - number.start)
                found.append(number)
    found.sort(key=lambda number: number.start)
    return tuple(completed(flat, found, _read) if len(found) > 1 else found)


def _read(flat: str) -> Number | None:
    """The number that a whole text is; None where it is none, or more."""
    found = numbers(flat)
    whole = len(found) == 1 and found[0].start == 0 and found[0].end == len(flat)
    return found[0] if whole else None


def same(one: Number, other: Number) -> bool:
    """Whether two numbers are compatible: equal in every part that both specify.

    3月5日 agrees with 2023年3月5日, a bare 5 with 5 m and with 第5, 0.12 with 12%; 5 m does not
    agree with 5 km, nor March 5 with May 5.
    """
    if one.also or other.also:
        return any(_same(x, y) for x in (one, *one.also) for y in (other, *other.also))
    return _same(one, other)


def _same(one: Number, other: Number) -> bool:
    if one.kind == "date" and other.kind == "date":
        return one.unit == other.unit and _agree(one.value, other.value)
    if one.kind == "time" and other.kind == "time":
        return _agree(*on_one_clock(one, other))
    if "label" in (one.kind, other.kind):
        return one.key == other.key
    if one.value[:1] != other.value[:1] or "time" in (one.kind, other.kind):
        return False
    kinds = {one.kind, other.kind}
    if "date" in kinds:
        return kinds == {"date", "amount"} and not (one.unit or other.unit)
    return not one.unit or not other.unit or units_agree(one.unit, other.unit)


def _agree(one: tuple[Fraction | None, ...], other: tuple[Fraction | None, ...]) -> bool:
    """Whether all parts that both specify are equal, and there is at least one."""
    both = [(x, y) for x, y in zip(one, other, strict=True) if x is not None and y is not None]
    return bool(both) and all(x == y for x, y in both)


def missing(claimed: Iterable[Number], known: Iterable[Number]) -> tuple[Number, ...]:
    """The claimed numbers that are the ``same`` as no known one.

    Args:
        claimed: Numbers of an answer.
        known: Numbers of its evidence.
    """
    pool = tuple(known)
    return tuple(number for number in claimed if not any(same(number, other) for other in pool))
