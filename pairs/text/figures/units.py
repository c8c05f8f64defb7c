"""Units and scales of Chinese and English figures, each with its factor and canonical name."""

import json
import re
from fractions import Fraction
from pathlib import Path

__all__ = ["BEFORE", "FACTORS", "SCALES", "UNIT", "units_agree"]

_TABLE = json.loads(Path(__file__).with_name("units.json").read_text(encoding="utf-8"))
_SCALE_WORDS: dict[str, int] = _TABLE["scales"]

FACTORS: dict[str, tuple[Fraction, str]] = {
    word: (Fraction(value), "") for word, value in _SCALE_WORDS.items()
} | {
    word: (Fraction(factor), unit)
    for unit, factors in _TABLE["units"].items()
    for factor, words in factors.items()
    for word in words.split("|")
}
"""Word -> factor and canonical unit (公里 -> 1000, m); scales such as 万 have no unit."""


def _pattern(words: list[str]) -> str:
    """One of the words, the longest first; a Latin one ends where its letters end."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(
        re.escape(word) + (r"(?![a-z])" if word[-1].isascii() and word[-1].isalpha() else "")
        for word in ordered
    )


SCALES = _pattern(list(_SCALE_WORDS))
UNIT = _pattern([word for word in FACTORS if word not in _SCALE_WORDS])
BEFORE = "|".join(
    # A word in letters stands alone: pioneers 5 are no rupees.
    (r"(?<![a-z])" if word[0].isalpha() else "") + re.escape(word)
    for word in _TABLE["before"].split("|")
)
"""The currencies that go before their amount."""
_EITHER = {
    frozenset((sign, unit)) for sign, units in _TABLE["either"].items() for unit in units.split("|")
}


def units_agree(one: str, other: str) -> bool:
    """Whether two canonical units may be one: ¥ is yuan to some and yen to others.

    Args:
        one: A unit.
        other: Another.
    """
    return one == other or frozenset((one, other)) in _EITHER
