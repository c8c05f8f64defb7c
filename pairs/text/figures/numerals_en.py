"""English number words: their places in a flattened text, and their values."""

import re
from collections.abc import Iterator
from fractions import Fraction

from .records import Numeral

__all__ = ["english_numerals", "english_value"]

_MAX_WORDS = 20
"""Words of the longest number; a longer run is degenerate text, not a number."""
_ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * (place + 2)
    for place, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_ORDINALS = (
    {
        word: value + 1
        for value, word in enumerate(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
            " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split()
        )
    }
    | {word[:-1] + "ieth": value for word, value in _TENS.items()}
    | {f"{word}th": value for word, value in _SCALES.items()}
)
_CARD = "|".join([*_SCALES, *_TENS, *sorted(_ONES, key=len, reverse=True)])
_ORD = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_ENGLISH = re.compile(
    rf"(?<![a-z0-9])(?:(?:{_CARD})(?:(?:[ -]|,? and |, )(?:{_CARD}))*(?:[ -](?:{_ORD}))?"
    rf"|(?:{_ORD}))(?![a-z])"
)
_SECONDS = re.compile(r"(?:\d|per|a|an|each|every|split|one|any|this|that)[ -]$")
_PRONOUN = re.compile(r"(?:\b(?:which|no|any|every|the|this|that|some|each|only|another)[ -])$")
_PRONOUN_AFTER = re.compile(r"(?: of\b| another\b|'s\b|\s*[?.!]|$)")


def english_value(words: list[str]) -> Fraction | None:
    """The value of a run of English number words; None where they form no single number.

    Args:
        words: Such as ``["two", "hundred", "five"]``; the last may be an ordinal.
    """
    if len(words) > _MAX_WORDS:
        return None
    total, section = 0, 0
    last_scale, limit = 10**30, 10**30
    for word in words:
        value = _ONES.get(word, _TENS.get(word, _ORDINALS.get(word)))
        if value is not None and word not in ("hundredth", "thousandth", "millionth"):
            if value >= limit:
                return None
            section += value
            limit = 10 if value >= 20 else 1
            continue
        scale = _SCALES.get(word, _ORDINALS.get(word, 0))
        if scale == 100:
            section = max(section, 1) * 100
            limit = 100
        else:
            if scale >= last_scale:
                return None
            total += max(section, 1) * scale
            section, last_scale, limit = 0, scale, 1000
    return Fraction(total + section)


def english_numerals(text: str) -> Iterator[Numeral]:
    """The English number words in order, without the pronoun one and the unit second.

    Args:
        text: Half width, lower case.
    """
    for run in _ENGLISH.finditer(text):
        words = [word for word in re.split(r"[ ,-]+", run.group()) if word != "and"]
        ordinal = words[-1] in _ORDINALS and words[-1] not in _SCALES
        if words == ["second"] and _SECONDS.search(text, max(0, run.start() - 6), run.start()):
            continue
        if words == ["one"] and _is_pronoun(text, run.start(), run.end()):
            continue
        value = english_value(words)
        if value is not None:
            yield Numeral(run.start(), run.end(), value, ordinal)
        else:
            yield from _one_by_one(run.group(), run.start())


def _is_pronoun(text: str, start: int, end: int) -> bool:
    before = _PRONOUN.search(text[max(0, start - 9) : start])
    return bool(before or _PRONOUN_AFTER.match(text, end))


def _one_by_one(run: str, offset: int) -> Iterator[Numeral]:
    """The numerals of a run that is no single number: two and three in between two and three."""
    for word in re.finditer(r"[a-z]+", run):
        value = english_value([word.group()]) if word.group() != "and" else None
        if value is not None and word.group() not in _SCALES:
            ordinal = word.group() in _ORDINALS
            yield Numeral(offset + word.start(), offset + word.end(), value, ordinal)
