"""Numbers in the ways that word processors count: 1, i, b, 三, 叁, 甲, ④."""

from __future__ import annotations

from collections.abc import Callable

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_HAN = "〇一二三四五六七八九"
_LEGAL = "零壹贰叁肆伍陆柒捌玖"
_LEGAL_OLD = "零壹貳參肆伍陸柒捌玖"
_ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
         "fifteen sixteen seventeen eighteen nineteen").split()  # fmt: skip
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
             "nine": "ninth", "twelve": "twelfth"}  # fmt: skip


def roman(number: int) -> str:
    """Roman numerals in small letters, such as ``iv``."""
    text = ""
    for value, sign in _ROMAN:
        times, number = divmod(number, value)
        text += sign * times
    return text


def letters(number: int) -> str:
    """``a`` to ``z``, then ``aa``, ``bb``, as Word counts."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def chinese(number: int, digits: str = _HAN, units: str = "十百千") -> str:
    """A number below 100,000,000 as it is read in Chinese: 十二, 一百零三.

    Args:
        number: From 0.
        digits: The ten digits, zero first.
        units: Ten, hundred, thousand.
    """
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        zero = "零" if 0 < low < 1000 else ""
        return f"{chinese(high, digits, units)}万{zero}{chinese(low, digits, units) if low else ''}"
    if not number:
        return digits[0]
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += (
                ("零" if gap and text else "") + digits[digit] + (units[place - 1] if place else "")
            )
        gap = not digit
    return text.removeprefix("一") if text.startswith("一十") else text


def _positional(number: int) -> str:
    return "".join(_HAN[int(digit)] for digit in str(number))


def _cardinal(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, one = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[one]}" if one else "")
    return str(number)


def _ordinal_text(number: int) -> str:
    head, dash, last = _cardinal(number).rpartition("-")
    if last.isdigit():
        return _ordinal(number)
    last = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return head + dash + last


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number // 10 % 10 == 1 else ends.get(number % 10, 'th')}"


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda number: signs[(number - 1) % len(signs)]


def _among(first: str, most: int) -> Callable[[int], str]:
    return lambda number: chr(ord(first) + number - 1) if number <= most else str(number)


def _circled(number: int) -> str:
    for first, low, high in ((0x2460, 1, 20), (0x3251, 21, 35), (0x32B1, 36, 50)):
        if low <= number <= high:
            return chr(first + number - low)
    return str(number)


_WAYS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02d}",
    "upperRoman": lambda number: roman(number).upper(),
    "lowerRoman": roman,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerLetter": letters,
    "ordinal": _ordinal,
    "cardinalText": lambda number: _cardinal(number).capitalize(),
    "ordinalText": lambda number: _ordinal_text(number).capitalize(),
    "hex": lambda number: f"{number:X}",
    "chineseCounting": chinese,
    "chineseCountingThousand": chinese,
    "taiwaneseCounting": chinese,
    "taiwaneseCountingThousand": chinese,
    "japaneseCounting": chinese,
    "ideographDigital": _positional,
    "japaneseDigitalTenThousand": _positional,
    "taiwaneseDigital": _positional,
    "chineseLegalSimplified": lambda number: chinese(number, _LEGAL, "拾佰仟"),
    "ideographLegalTraditional": lambda number: chinese(number, _LEGAL_OLD, "拾佰仟"),
    "japaneseLegal": lambda number: chinese(number, _LEGAL_OLD, "拾佰仟"),
    "ideographTraditional": _cycle("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _cycle("子丑寅卯辰巳午未申酉戌亥"),
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedParen": _among("⑴", 20),
    "decimalEnclosedFullstop": _among("⒈", 20),
    "ideographEnclosedCircle": _among("㊀", 10),
    "ideographParenthesized": _among("㈠", 10),
    "decimalFullWidth": lambda number: "".join(chr(0xFF10 + int(d)) for d in str(number)),
    "numberInDash": lambda number: f"- {number} -",
    "none": lambda _number: "",
}


def counted(number: int, way: str) -> str:
    """A number as a list of the given kind shows it.

    Args:
        number: From 0; what the way does not know is written in digits.
        way: A value of ``ST_NumberFormat``, such as ``chineseCounting``.
    """
    write = _WAYS.get(way)
    if write is None or not 0 < number < 100_000:
        return "" if way == "none" else str(number)
    return write(number)
