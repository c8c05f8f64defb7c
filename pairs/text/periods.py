"""Periods of a year and of several years: one name for each, however it is written."""

import re

__all__ = ["with_periods"]

_MONTHS = {
    ("1", "3"): "q1",
    ("4", "6"): "q2",
    ("7", "9"): "q3",
    ("10", "12"): "q4",
    ("1", "6"): "h1",
    ("7", "12"): "h2",
    ("1", "9"): "前3季度",
}
_ENGLISH_MONTHS = {
    ("january", "march"): "q1",
    ("april", "june"): "q2",
    ("july", "september"): "q3",
    ("october", "december"): "q4",
    ("january", "june"): "h1",
    ("july", "december"): "h2",
}
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4"}
_MONTHS_ZH = re.compile(r"(?<!\d)(1|4|7|10)月?(?:-|至|到)(3|6|9|12)月(?:份)?")
_QUARTER_ZH = re.compile(r"(?<![前头\d])第?([1-4])季度")
_HALF_ZH = re.compile(r"([上下])半年度?")
_MONTHS_EN = re.compile(
    r"\b(january|april|july|october) ?(?:-|to|through|until) ?(march|june|september|december)\b"
)
_QUARTER_EN = re.compile(r"\b(?:(first|second|third|fourth)|([1-4])(?:st|nd|rd|th)) quarter\b")
_HALF_EN = re.compile(r"\b(?:(first|second)|([12])(?:st|nd)) half\b")
_YEARS = re.compile(r"(?<!\d)((?:1\d|20)\d\d)-(\d\d)(?![\d-])")


def with_periods(text: str) -> str:
    """The text with quarters, half years and ranges of years in one form: q1, h1, 2012-2013.

    Args:
        text: Normalised otherwise, with digits for numerals.
    """
    if "月" in text or "季" in text or "半年" in text:
        text = _MONTHS_ZH.sub(_by_months, text)
        text = _QUARTER_ZH.sub(r"q\1", text)
        text = _HALF_ZH.sub(lambda found: "h1" if found[1] == "上" else "h2", text)
    if "quarter" in text or "half" in text:
        text = _QUARTER_EN.sub(lambda found: f"q{_ordinal(found)}", text)
        text = _HALF_EN.sub(lambda found: f"h{_ordinal(found)}", text)
    if "-" in text or "to " in text or "through " in text or "until " in text:
        text = _MONTHS_EN.sub(
            lambda found: _ENGLISH_MONTHS.get((found[1], found[2]), found[0]), text
        )
        text = _YEARS.sub(_whole_years, text)
    return text


def _by_months(found: re.Match[str]) -> str:
    return _MONTHS.get((found[1], found[2]), found[0])


def _ordinal(found: re.Match[str]) -> str:
    return found[2] or _ORDINALS[found[1]]


def _whole_years(found: re.Match[str]) -> str:
    """2012-2013 for 2012-13; 2011-12 may be a December."""
    first, last = found[1], found[2]
    whole = first[:2] + last
    return f"{first}-{whole}" if int(last) > 12 and whole > first else found[0]
