"""Units and scale words, Chinese and English, with factors to canonical units."""

import json
import re
from fractions import Fraction
from pathlib import Path

__all__ = ["BEFORE", "FACTORS", "MONEY_OR_WEIGHT", "SCALES", "UNIT", "units_agree"]

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
"""Word -> factor and canonical unit (公里 -> 1000, m); scale words such as 万 have unit ""."""


def _pattern(words: list[str]) -> str:
    """A regular expression for any of the words, longest first; Latin ones end at a boundary."""
    ordered = sorted(words, key=len, reverse=True)
    any_of = "|".join(
        re.escape(word) + (r"(?![a-z])" if word[-1].isascii() and word[-1].isalpha() else "")
        for word in ordered
    )
    # Most of what follows a number begins no unit, which one look tells.
    return f"(?=[{re.escape(''.join(sorted({word[0] for word in words})))}])(?:{any_of})"


SCALES = _pattern(list(_SCALE_WORDS))
UNIT = _pattern([word for word in FACTORS if word not in _SCALE_WORDS])
BEFORE = "|".join(
    # A currency in letters begins at a boundary: the rs of "pioneers 5" are no rupees.
    (r"(?<![a-z])(?<![a-z]-)" if word[0].isalpha() else "") + re.escape(word)
    for word in _TABLE["before"].split("|")
)
"""Matches a currency written before its amount."""
MONEY_OR_WEIGHT: dict[str, str] = _TABLE["money_or_weight"]
"""Word of a weight -> the currency that it names as well: pounds."""
_AMBIGUOUS = {
    frozenset((sign, unit)) for sign, units in _TABLE["either"].items() for unit in units.split("|")
}


def units_agree(one: str, other: str) -> bool:
    """Whether two canonical units may be the same: ¥ is either yuan or yen.

    Args:
        one: A canonical unit.
        other: Another canonical unit.
    """
    return one == other or frozenset((one, other)) in _AMBIGUOUS
