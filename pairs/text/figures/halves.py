"""Reads halves and what is told by a word alone: 半小时, a year and a half, 一半, twice."""

import re
from collections.abc import Iterator
from fractions import Fraction

from .numerals import numerals
from .records import Number
from .units import FACTORS, UNIT

__all__ = ["halves"]

_HALF = Fraction(1, 2)
_GAP = r"\s{0,3}"
_UNIT_AFTER = re.compile(rf"{_GAP}(?:个(?![个月半]))?(?:an? )?({UNIT})")
_HALF_OF_UNIT = re.compile(
    r"(?<![a-z0-9一二三四五六七八九十百两大多上下前后东西南北对过泰几])半(?![数导岛径决])"
    r"|(?<![a-z-])half[ -](?:an? )?(?=[a-z])"
)
_AND_A_HALF = re.compile(
    r"(?P<n>\d{1,4}|[一二两三四五六七八九十]{1,3})个?(?:半|(?P<unit>小时|钟头|月|年|天|倍|周|星期|公里|米|斤|吨)半)"
    r"|(?P<word>\d{1,4}|[a-z]{1,9}) and a half "
    r"|(?P<en>\d{1,4}|[a-z]{1,9}) (?P<unit_en>[a-z]{3,7}) and a half(?![a-z])"
)
_SHARE = re.compile(
    r"一半|(?<=[过近超])半(?=数|[,.;。]|$)|(?<!大)(?<!多)半数"
    r"|(?<![a-z-])(?<!first )(?<!second )(?<!last )(?<!latter )(?<!other )(?<!and a )(?<!better )"
    r"(?:one[ -])?half(?=\s?(?:$|[,.;:()]|(?:of|the|its|their|his|her|our|as|that|a year)\b))"
)
_TIMES = {"twice": 2, "thrice": 3}
_TWICE = re.compile(rf"\b(?:{'|'.join(_TIMES)})\b")


def halves(flat: str) -> Iterator[Number]:
    """Yields half units (半小时, half an hour), N and a half, one half as a share, and twice."""
    if "半" in flat or "half" in flat:
        yield from _with_halves(flat)
    for hit in _TWICE.finditer(flat):
        yield Number("amount", (Fraction(_TIMES[hit.group()]),), "", hit.start(), hit.end())


def _with_halves(flat: str) -> Iterator[Number]:
    for hit in _AND_A_HALF.finditer(flat):
        word = hit["n"] or hit["word"] or hit["en"]
        unit, end = hit["unit"] or hit["unit_en"], hit.end()
        if unit is None and (named := _UNIT_AFTER.match(flat, end)) is not None:
            unit, end = named[1], named.end()
        value = _value(word)
        unit = "个月" if unit == "月" else unit
        if value is not None and unit in FACTORS and FACTORS[unit][1]:
            factor, canonical = FACTORS[unit]
            yield Number("amount", ((value + _HALF) * factor,), canonical, hit.start(), end)
    for hit in _HALF_OF_UNIT.finditer(flat):
        if (named := _UNIT_AFTER.match(flat, hit.end())) is not None and FACTORS[named[1]][1] in (
            "s month m kg m3 m2".split()
        ):
            factor, canonical = FACTORS[named[1]]
            yield Number("amount", (_HALF * factor,), canonical, hit.start(), named.end())
    for hit in _SHARE.finditer(flat):
        yield Number("percent", (_HALF,), "", hit.start(), hit.end())


def _value(word: str) -> Fraction | None:
    """The value of a whole number, or of a or an; None for another word."""
    if word.isdigit():
        return Fraction(int(word))
    if word in ("a", "an"):
        return Fraction(1)
    found = numerals(word if word.isascii() else f"{word}个")
    whole = len(found) == 1 and found[0].start == 0 and found[0].end == len(word)
    return found[0].value if whole else None
