"""Reads amounts, fractions, ordinals and numbers inside identifiers, with their units."""

import re
from collections.abc import Iterator
from fractions import Fraction

from loaders.characters import HAN

from .numerals import numerals
from .numerals_zh import chinese_value, worth
from .records import Kind, Number
from .units import BEFORE, FACTORS, MONEY_OR_WEIGHT, SCALES, UNIT

__all__ = ["figures", "labels", "ratios", "shares", "stepped", "words"]

_CN = "零〇一二三四五六七八九十"
_GAP = r"\s{0,3}"
_FRACTION_ZH = re.compile(
    rf"(?P<base>百|千|万|(?:[{_CN}两百千万]{{1,6}}|\d{{1,9}}))分之"
    rf"(?P<of>\d{{1,15}}(?:\.\d{{1,15}})?|[{_CN}两百千点]{{1,12}})"
)
_FRACTION_SLASH = re.compile(r"(?<![\d/.a-z])(\d{1,6})[/⁄](\d{1,6})(?![\d/.])")
_TENTHS = re.compile(
    r"(?<![\d.])([一二三四五六七八九两]|\d(?:\.\d{1,3})?)成"
    rf"(?:(半)|(?![{HAN}])|(?=左右|以上|以下|的|多|是))"
)
# It begins with a digit, which re finds at once.
_DIGITS = re.compile(
    r"\d(?<![\d.].)(?:\d{0,2}(?:,\d{3}){1,8}(?:\.\d{1,20})?|\d{0,39}(?:\.\d{1,20})?)(?!\d)"
)
_MINUS = re.compile(r"(?:(?<=[\s(:,~为是达到约])|(?<!\S))-")
_IDENTIFIER = re.compile(
    r"(?<![a-z0-9])[a-z]{1,12}[-.·]?\d[a-z0-9]{0,12}(?:[-.][a-z0-9]{1,6})?(?![a-z0-9])"
)
_RATIO = re.compile(r"(?<![\d:.])(\d{1,5})(?: ?: ?|比)(\d{1,5})(?![\d:.])")
_APPROXIMATE = "(?:[余来]|多(?!米[诺尼]))?"
"""Marks an approximation (220多公里: 220 km and some); it leaves the value as it is."""
_AFTER_SCALE = re.compile(rf"{_GAP}-?{_APPROXIMATE}({SCALES})(?![a-z])")
_AFTER_UNIT = re.compile(rf"{_GAP}-?{_APPROXIMATE}({UNIT})")
_STEP = re.compile(r"(\d{1,8}(?:\.\d{1,8})?)([亿万千百])")
_LAST_STEP = re.compile(r"\d{1,8}(?![\d.,%:/年月日号~-])")
_SCALE_VALUES = {"百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_KILO = re.compile(r"k(?![a-z0-9])")
_GENERATION = re.compile(r"[2-6]g(?![a-z0-9])")
_ORDINAL_END = re.compile(r"(?:st|nd|rd|th)(?![a-z])")
_MONEY_BEFORE = re.compile(rf"({BEFORE})(?:(?<=rs)\.)?\s?$")
_LAST_OF_MONEY = frozenset("$€£¥￥drbs.")
_PREFIXED = re.compile(r"(?:usd?|rmb|eur|inr|rs|no|pp?|ca?|vol|ch)\d+$")
_NEGATIVE = ("零下", "minus ")
_BELOW_ZERO = re.compile(r"(?:零下|(?:^|\b(?:to|of|at|is|was|from|by) )minus )$")
_MILLION = re.compile(r"m(?![a-z0-9])")
"""m after an amount of money: £6.3m."""
_CENTURY = re.compile(rf"{_GAP}(?:世纪|centur(?:y|ies))")
_DECADE = re.compile(r"(?:年代|'?s(?![a-z]))")


def shares(flat: str) -> Iterator[Number]:
    """Yields fractions and percentages: 百分之五, 三分之一, 1/3, 三成."""
    for hit in _FRACTION_ZH.finditer(flat):
        base = {"百": Fraction(100), "千": Fraction(1000), "万": Fraction(10**4)}.get(hit["base"])
        below = base or worth(hit["base"])
        above = _decimal(hit["of"]) if hit["of"][0].isdigit() else chinese_value(hit["of"])
        if below and above is not None:
            named = _AFTER_UNIT.match(flat, hit.end()) if hit["base"] != "百" else None
            if named is not None and FACTORS[named[1]][1] != "人":
                yield _with_unit(flat, above / below, hit.start(), hit.end())
            else:
                yield _share(above / below, hit["base"] == "百", hit.start(), hit.end())
    for hit in _FRACTION_SLASH.finditer(flat):
        if int(hit[2]):
            share = Fraction(int(hit[1]), int(hit[2]))
            yield Number("amount", (share,), "", hit.start(), hit.end())
    for hit in _TENTHS.finditer(flat):
        tenths = _decimal(hit[1]) if hit[1][0].isdigit() else chinese_value(hit[1])
        if tenths is not None:
            share = (tenths + (Fraction(1, 2) if hit[2] else 0)) / 10
            yield _share(share, True, hit.start(), hit.end())


def _share(share: Fraction, percent: bool, start: int, end: int) -> Number:
    kind: Kind = "percent" if percent else "amount"
    return Number(kind, (share,), "", start, end)


def _decimal(word: str) -> Fraction:
    whole, _, rest = word.replace(",", "").partition(".")
    # Reading a string takes ten times as long.
    return Fraction(int(whole + rest), 10 ** len(rest)) if rest else Fraction(int(whole))


def labels(flat: str) -> Iterator[Number]:
    """Yields numbers inside identifiers: x.25, b2b, covid-19."""
    for hit in _IDENTIFIER.finditer(flat):
        word = re.sub("[-.·]", "", hit.group())
        if _PREFIXED.match(word):
            continue
        yield Number("label", (), word, hit.start(), hit.end())


def ratios(flat: str) -> Iterator[Number]:
    """Yields ratios such as 1:5 and 3比2, which are compared as a whole."""
    for hit in _RATIO.finditer(flat):
        yield Number("label", (), f"{int(hit[1])}:{int(hit[2])}", hit.start(), hit.end())


def figures(flat: str) -> Iterator[Number]:
    """Yields numbers in digits, with what their context adds."""
    for hit in _DIGITS.finditer(flat):
        value, (start, end) = _decimal(hit.group()), hit.span()
        if flat[start - 1 : start] == "-" and _MINUS.match(flat, start - 1):
            value, start = -value, start - 1
        yield _measured(flat, value, start, end, False)


def stepped(flat: str) -> Iterator[Number]:
    """Yields amounts with several scale words: 4万3千人, 1亿2000万元."""
    done = 0
    for hit in _STEP.finditer(flat):
        if hit.start() < done or flat[hit.start() - 1 : hit.start()] in tuple("0123456789.,"):
            continue
        value, least, done = (
            _decimal(hit[1]) * _SCALE_VALUES[hit[2]],
            _SCALE_VALUES[hit[2]],
            hit.end(),
        )
        while (step := _STEP.match(flat, done)) and _decimal(step[1]) * _SCALE_VALUES[
            step[2]
        ] < least:
            least = _SCALE_VALUES[step[2]]
            value, done = value + _decimal(step[1]) * least, step.end()
        if (last := _LAST_STEP.match(flat, done)) and int(last[0]) < least:
            value, done = value + int(last[0]), last.end()
        if done > hit.end():
            yield _with_unit(flat, value, hit.start(), done)


def words(flat: str) -> Iterator[Number]:
    """Yields numbers in words, with what their context adds."""
    for numeral in numerals(flat):
        yield _measured(flat, numeral.value, numeral.start, numeral.end, numeral.ordinal)


def _measured(flat: str, value: Fraction, start: int, end: int, ordinal: bool) -> Number:
    """The number with what its context adds: ordinal, century, scale word, unit, currency."""
    if start and flat[start - 1] == "第" and not ordinal:
        start, ordinal = start - 1, True
    if (rank := _ORDINAL_END.match(flat, end)) is not None:
        ordinal, end = True, rank.end()
    if (century := _CENTURY.match(flat, end)) is not None:
        return Number("ordinal", (value,), "century", start, century.end())
    if ordinal:
        return Number("ordinal", (value,), "", start, end)
    if _GENERATION.match(flat, start):
        return Number("label", (), flat[start : end + 1], start, end + 1)
    if (decade := _DECADE.match(flat, end)) is not None and value % 10 == 0:
        return Number("date", (value, None, None), "decade", start, decade.end())
    if _reads_as_year(flat, value, start, end):
        return Number("date", (value, None, None), "", start, end)
    if flat.endswith(_NEGATIVE, 0, start) and value > 0:
        value = -value if _BELOW_ZERO.search(flat, max(0, start - 12), start) else value
    value, end = _scaled(flat, value, end)
    return _with_unit(flat, value, start, end)


def _scaled(flat: str, value: Fraction, end: int) -> tuple[Fraction, int]:
    """The value times the scale words after it (万, million), and where they end."""
    for _ in range(3):
        scale = _AFTER_SCALE.match(flat, end)
        if scale is None:
            break
        value, end = value * FACTORS[scale[1]][0], scale.end()
    kilo = _KILO.match(flat, end)
    return (value * 1000, kilo.end()) if kilo else (value, end)


def _with_unit(flat: str, value: Fraction, start: int, end: int) -> Number:
    """The amount in its canonical unit; a currency may precede it."""
    unit = ""
    also: tuple[Number, ...] = ()
    if (named := _AFTER_UNIT.match(flat, end)) is not None:
        factor, unit = FACTORS[named[1]]
        if named[1] in MONEY_OR_WEIGHT:
            also = (Number("amount", (value,), MONEY_OR_WEIGHT[named[1]], start, named.end()),)
        value, end = value * factor, named.end()
    elif (money := _money_before(flat, start)) is not None:
        unit, start = FACTORS[money[1]][1], money.start()
        if (million := _MILLION.match(flat, end)) is not None:
            value, end = value * 10**6, million.end()
    if unit == "%":
        return Number("percent", (value,), "", start, end)
    return Number("amount", (value,), unit, start, end, also)


def _money_before(flat: str, start: int) -> re.Match[str] | None:
    """The currency that stands before an amount."""
    last = flat[start - 1 : start]
    if last in _LAST_OF_MONEY or last.isspace():
        return _MONEY_BEFORE.search(flat, max(0, start - 4), start)
    return None


def _reads_as_year(flat: str, value: Fraction, start: int, end: int) -> bool:
    """Whether a four-digit number is a year rather than a count."""
    if end - start != 4 or value.denominator != 1 or not 1000 <= value <= 2100:
        return False
    if _AFTER_SCALE.match(flat, end) or _AFTER_UNIT.match(flat, end) or _money_before(flat, start):
        return False
    after = flat[end : end + 1]
    return not HAN[0] <= after <= HAN[-1] or after in "年至到的和与、"
