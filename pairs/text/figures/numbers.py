"""Extracts the numbers of a text and compares them.

``numbers`` reads Chinese and English: 15.2亿 is 1520 million, 二〇二三年 is 2023, 三成 is 30%.
``same`` compares two numbers; ``missing`` lists the numbers of one text that another lacks.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from ..flat import flatten
from .amounts import figures, labels, shares, stepped, words
from .dates import dates, lone_dates, times
from .records import Kind, Number
from .units import units_agree

__all__ = ["Kind", "Number", "missing", "numbers", "same"]

_READERS = (dates, times, shares, labels, stepped, figures, words, lone_dates)
"""By precedence: an earlier reader's match hides later ones that overlap it."""


@lru_cache(maxsize=1 << 14)
def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a text in order of place, not overlapping.

    Words that merely contain a numeral (一些, 一定, 统一, 万一, one of them) are skipped.

    Args:
        text: Any text, Chinese or English.
    """
    flat = flatten(text)
    taken = bytearray(len(flat))
    found: list[Number] = []
    for reader in _READERS:
        for number in reader(flat):
            if not any(taken[number.start : number.end]):
                taken[number.start : number.end] = b"\1" * (number.end - number.start)
                found.append(number)
    return tuple(sorted(found, key=lambda number: number.start))


def same(one: Number, other: Number) -> bool:
    """Whether two numbers are compatible: equal in every part that both specify.

    3月5日 agrees with 2023年3月5日, a bare 5 with 5 m and with 第5, 0.12 with 12%; 5 m does not
    agree with 5 km, nor March 5 with May 5.
    """
    if one.kind == "date" and other.kind == "date":
        return one.unit == other.unit and _agree(one.value, other.value)
    if one.kind == "time" and other.kind == "time":
        return _agree(one.value, other.value)
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
