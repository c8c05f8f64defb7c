"""Numbers written in words: found, or replaced by digits.

Works on flattened text (see ``flat.flatten``): half width, lower case, simplified.
"""

import re

from .numerals_en import english_numerals
from .numerals_zh import chinese_numerals
from .records import Numeral

__all__ = ["as_digits", "numerals"]


def numerals(text: str) -> list[Numeral]:
    """The numerals in words of a flattened text, in order of place.

    Args:
        text: Half width, lower case, simplified.
    """
    found = list(chinese_numerals(text))
    if re.search("[a-z]{3}", text):
        found.extend(english_numerals(text))
    return sorted(found, key=lambda numeral: numeral.start)


def as_digits(text: str) -> str:
    """The text with number words replaced by digits: 第二次 by 第2次, two by 2, second by 2nd.

    Args:
        text: Half width, lower case, simplified.
    """
    pieces: list[str] = []
    done = 0
    for numeral in numerals(text):
        if numeral.value.denominator != 1:
            continue
        pieces += [text[done : numeral.start], _in_digits(numeral, text)]
        done = numeral.end
    return "".join([*pieces, text[done:]])


_ORDINAL_SUFFIXES = {"1": "st", "2": "nd", "3": "rd"}


def _in_digits(numeral: Numeral, text: str) -> str:
    digits = str(numeral.value)
    if not numeral.ordinal:
        return digits
    if text[numeral.start] == "第":
        return "第" + digits
    ending = "th" if digits[-2:] in ("11", "12", "13") else _ORDINAL_SUFFIXES.get(digits[-1], "th")
    return digits + ending
