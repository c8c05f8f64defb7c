"""Numbers written in words, and a text with digits in their place.

Works on flattened text (see ``flat.flatten``): half width, lower case, simplified.
"""

import re

from .numerals_en import english_numerals
from .numerals_zh import chinese_numerals
from .records import Numeral

__all__ = ["as_digits", "numerals"]


def numerals(text: str) -> list[Numeral]:
    """The numbers in words of a flattened text, in order.

    Args:
        text: Half width, lower case, simplified.
    """
    found = list(chinese_numerals(text))
    if re.search("[a-z]{3}", text):
        found.extend(english_numerals(text))
    return sorted(found, key=lambda numeral: numeral.start)


def as_digits(text: str) -> str:
    """The text with its numbers in words put as digits: 第二次 as 第2次, two as 2, second as 2nd.

    Args:
        text: Half width, lower case, simplified.
    """
    pieces: list[str] = []
    done = 0
    for numeral in numerals(text):
        if numeral.value.denominator != 1:
            continue
        pieces += [text[done : numeral.start], _written(numeral, text)]
        done = numeral.end
    return "".join([*pieces, text[done:]])


_ENDINGS = {"1": "st", "2": "nd", "3": "rd"}


def _written(numeral: Numeral, text: str) -> str:
    digits = str(numeral.value)
    if not numeral.ordinal:
        return digits
    if text[numeral.start] == "第":
        return "第" + digits
    ending = "th" if digits[-2:] in ("11", "12", "13") else _ENDINGS.get(digits[-1], "th")
    return digits + ending
