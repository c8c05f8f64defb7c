"""Reads years, dates and times of day, Chinese and English."""

import re
from collections.abc import Iterator
from fractions import Fraction

from .numerals_zh import worth
from .records import Number

__all__ = ["dates", "decades", "lone_dates", "on_one_clock", "times"]

_MONTHS = {
    name: place // 2 + 1
    for place, name in enumerate(
        "january jan february feb march mar april apr may may june jun july jul august aug"
        " september sep october oct november nov december dec".split()
    )
} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DIGIT = r"(?<![0-9a-z.])"
_CN = "零〇一二三四五六七八九十"
_N2 = rf"(?:\d{{1,2}}|[{_CN}]{{1,3}})"
_YEAR = rf"(?:\d{{1,4}}|[{_CN}]{{4}}|[〇零一二三四五六七八九]{{2}})"
_Y4 = r"[12]\d{3}"
_GAP = r"\s{0,3}"
_DAY = 86400

_DATE = re.compile(
    # What any of them begins with, so that most places are left at one look.
    rf"(?=[\d{_CN}公前jfmasond])(?:"
    rf"(?P<era>公元前|前)?(?<![\d.])(?P<y1>{_YEAR}){_GAP}年(?!代|级|前|后的?今|间|内|以|来|多|之|龄|轻|期|满|的?时间)"
    rf"(?:{_GAP}(?P<m1>{_N2}){_GAP}月(?:{_GAP}(?P<d1>{_N2}){_GAP}[日号])?)?"
    rf"|(?<![\d.{_CN}])(?P<m2>{_N2}){_GAP}月(?!球)(?:份|{_GAP}(?P<d2>{_N2}){_GAP}[日号])?"
    rf"|{_DIGIT}(?P<y3>[12]\d{{3}})(?P<sep>[-/.])(?P<m3>\d{{1,2}})(?P=sep)(?P<d3>\d{{1,2}})(?![\d.])"
    rf"|(?<![a-z])(?P<m4>{_MONTH})\.? (?P<d4>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"(?:,? (?P<y4>{_Y4}))?(?!\d|:)"
    rf"|{_DIGIT}(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m5>{_MONTH})(?![a-z])"
    rf"\.?(?:,? (?P<y5>{_Y4}))?(?!\d)"
    rf"|(?<![a-z])(?P<m6>{_MONTH})\.?,? (?:of )?(?P<y6>[12]\d{{3}})(?!\d)"
    rf"|{_DIGIT}(?P<y7>\d{{1,4}}) (?:bc|bce|b\.c\.)(?![a-z]))"
)
_DECADE = re.compile(
    rf"(?P<century>\d{{1,2}}|[{_CN}]{{1,3}}){_GAP}世纪{_GAP}(?P<tens>\d0|[{_CN}]{{1,2}}){_GAP}年代"
)
_LONE_MONTH = re.compile(
    r"(?<![a-z])(january|february|april|june|july|august|september|october|november|december"
    r"|(?:(?<=in )|(?<=of )|(?<=by )|(?<=mid[ -])|(?<=late )|(?<=early )|(?<=since )|(?<=until )"
    r"|(?<=during ))(?:march|may))(?![a-z])"
)
_LONE_DAY = re.compile(
    rf"(?<![\d.{_CN}月百千])({_N2}){_GAP}(?:日(?!本|元|军|语|文|式|常|期|子|[之以]?[内前后])"
    r"|号(?![楼线馆院机码厅井门室台车房店桌船位文令厂公员]))"
)
_CLOCK = re.compile(
    rf"(?<![\d.{_CN}])(?P<h>两|{_N2}){_GAP}点(?:{_GAP}(?P<m>{_N2}){_GAP}分|(?P<half>半)"
    r"|(?P<quarter>[一三])刻|整|钟|(?<=[午上晨间晚里].点)|(?<=[午上晨间晚里]..点))"
)
_AFTERNOON_BEFORE = re.compile(r"(?:下午|晚上?|傍晚|晚间|夜里|夜间|午后)\s{0,3}$")
_MORNING_BEFORE = re.compile(r"(?:上午|早上|清晨|早晨|凌晨|[今明]早)\s{0,3}$")
_HALF_AFTER = re.compile(
    r"\s{0,3}(?:(?P<a>in the morning)|in the (?:afternoon|evening)|at night)(?![a-z])"
)
_HALF_OF_DAY = "half"
"""Unit of a time that says in words which half of the day it means."""
_TIME = re.compile(
    rf"{_DIGIT}(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?{_GAP}(?P<half>[ap]\.?m\.?)?(?!\d)"
    rf"|{_DIGIT}(?P<h2>1?\d) ?(?P<half2>[ap]\.?m\.?)(?![a-z])"
)
_DURATION_BEFORE = re.compile(r"(?:[每共近约达过了满经隔长整]|[有为]期)\s*$")


def dates(flat: str) -> Iterator[Number]:
    """Yields years and full or partial dates: 2023年3月, March 5, 二〇二三年, 221 BC."""
    for hit in _DATE.finditer(flat):
        parts = hit.groupdict()
        year = next((parts[f"y{n}"] for n in (1, 3, 4, 5, 6, 7) if parts[f"y{n}"]), None)
        month = next((parts[f"m{n}"] for n in (1, 2, 3, 4, 5, 6) if parts[f"m{n}"]), None)
        day = next((parts[f"d{n}"] for n in (1, 2, 3, 4, 5) if parts[f"d{n}"]), None)
        value = (worth(year), _month(month), worth(day))
        if parts["y1"] and month is None and not _is_year(parts["y1"], flat, hit.start()):
            continue
        if (value[1] or 1) > 12 or (value[2] or 1) > 31:
            continue
        if value[0] is not None and (parts["era"] or parts["y7"]):
            value = (-value[0], value[1], value[2])
        yield Number("date", value, "", hit.start(), hit.end())


def _month(word: str | None) -> Fraction | None:
    if word is None:
        return None
    return Fraction(_MONTHS[word]) if word in _MONTHS else worth(word)


def _is_year(word: str, flat: str, start: int) -> bool:
    """Whether N年 is a year rather than a duration such as 5年."""
    if len(word) == 4 or (
        len(word) == 2 and all(char in "〇零一二三四五六七八九" for char in word)
    ):
        return not _DURATION_BEFORE.search(flat[max(0, start - 3) : start]) or len(word) == 4
    return flat[start : start + 1] in "公前"


def decades(flat: str) -> Iterator[Number]:
    """Yields decades that are told with their century: 20世纪80年代 is 1980年代."""
    for hit in _DECADE.finditer(flat):
        century, tens = worth(hit["century"]), worth(hit["tens"])
        if century is not None and tens is not None and tens % 10 == 0:
            year = (century - 1) * 100 + tens
            yield Number("date", (year, None, None), "decade", hit.start(), hit.end())


def lone_dates(flat: str) -> Iterator[Number]:
    """Yields months and days by themselves: in June, 30日."""
    for hit in _LONE_MONTH.finditer(flat):
        yield Number("date", (None, _month(hit[1]), None), "", hit.start(), hit.end())
    for hit in _LONE_DAY.finditer(flat):
        day = worth(hit[1])
        if day is not None and 1 <= day <= 31:
            start, end = hit.span()
            lasting = Number("amount", (day * _DAY,), "s", start, end)
            also = (lasting,) if "日" in hit.group() else ()
            yield Number("date", (None, None, day), "", start, end, also)


def times(flat: str) -> Iterator[Number]:
    """Yields times of day: 10:30, 3 pm, 十点半."""
    for hit in _TIME.finditer(flat):
        hour = Fraction(int(hit["h"] or hit["h2"]))
        minute = Fraction(int(hit["m"] or 0))
        second = Fraction(int(hit["s"])) if hit["s"] else None
        half = (hit["half"] or hit["half2"] or "")[:1]
        yield _time(flat, (hour, minute, second), half, hit.start(), hit.end())

    for hit in _CLOCK.finditer(flat):
        hour_word, minute_word = worth(hit["h"]), worth(hit["m"])
        if hour_word is not None and hour_word <= 24:
            minute = Fraction(30) if hit["half"] else minute_word or Fraction(0)
            if hit["quarter"]:
                minute = Fraction(15 if hit["quarter"] == "一" else 45)
            yield _time(flat, (hour_word, minute, None), "", hit.start(), hit.end())


def _time(
    flat: str, parts: tuple[Fraction, Fraction, Fraction | None], half: str, start: int, end: int
) -> Number:
    """The time of day, on the clock of 24 hours where the text says which half it means."""
    if not half and (after := _HALF_AFTER.match(flat, end)) is not None:
        half, end = "a" if after["a"] else "p", after.end()
    for name, pattern in (("p", _AFTERNOON_BEFORE), ("a", _MORNING_BEFORE)):
        if not half and (before := pattern.search(flat, max(0, start - 5), start)) is not None:
            half, start = name, before.start()
    hour = parts[0] + 12 if half == "p" and parts[0] < 12 else parts[0]
    return Number("time", (hour, *parts[1:]), _HALF_OF_DAY if half else "", start, end)


def on_one_clock(
    one: Number, other: Number
) -> tuple[tuple[Fraction | None, ...], tuple[Fraction | None, ...]]:
    """The parts of two times; 8:30 may be 8:30 pm, but is not 20:30.

    Args:
        one: A time of day.
        other: Another.
    """
    later = max(hour for hour in (one.value[0], other.value[0], Fraction(0)) if hour is not None)
    by_words = one.unit if one.value[0] == later else other.unit
    if one.unit == other.unit or not by_words:
        return one.value, other.value
    return _hour_of_twelve(one.value), _hour_of_twelve(other.value)


def _hour_of_twelve(parts: tuple[Fraction | None, ...]) -> tuple[Fraction | None, ...]:
    hour = parts[0]
    return (hour - 12 if hour is not None and hour > 12 else hour, *parts[1:])
