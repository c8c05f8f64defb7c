"""Number formats of spreadsheets, taken apart: sections, conditions, places of digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: '"$"#,##0;-"$"#,##0',
    6: '"$"#,##0;-"$"#,##0', 7: '"$"#,##0.00;-"$"#,##0.00', 8: '"$"#,##0.00;-"$"#,##0.00',
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"',
    29: 'm"月"d"日"', 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"', 34: '上午/下午h"时"mm"分"', 35: '上午/下午h"时"mm"分"ss"秒"',
    36: 'yyyy"年"m"月"', 37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00", 41: "#,##0", 42: '"$"#,##0', 43: "#,##0.00", 44: '"$"#,##0.00',
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"',
    55: '上午/下午h"时"mm"分"', 56: '上午/下午h"时"mm"分"ss"秒"',
    57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
"""Formats that a workbook names by number; those that follow the reader's country as ISO 8601."""

LONGEST = 255
"""Characters of a format, as in Excel."""
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<skipped>.)|\*(?P<filled>.)|\[(?P<bracket>[^\]]*)\]?'
    r"|(?P<general>General)|(?P<noon>AM/PM|A/P|上午/下午)|(?P<exponent>E[+-])|(?P<date>y+|e+|m+|d+|h+|s+|a{3,4}|g+|b+)"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)"
    r"|(?P<slash>/)|(?P<at>@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"([<>=]{1,2})\s*(-?\d+(?:\.\d+)?)$")
_TESTS = {"<": lambda a, b: a < b, ">": lambda a, b: a > b, "=": lambda a, b: a == b,
          "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
          "<>": lambda a, b: a != b}  # fmt: skip


# System formats, which follow the reader's country: dates, then times.
_OF_THE_READER = ("-f800", "-x-sysdate", "-f400", "-x-systime")
_OUTER: dict[str, tuple[str, str] | None] = {
    "quoted": None, "escaped": None, "skipped": ("text", " "),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """One of the parts of a format that semicolons divide.

    Attributes:
        tokens: Kind and text of each token.
        dated: Whether it shows a date or a time.
        test: When it applies: a sign of comparison and a number.
        script: 1 or 2 for Chinese numerals, plain or of banks.
    """

    tokens: tuple[tuple[str, str], ...]
    dated: bool
    test: tuple[str, float] | None
    script: int


@lru_cache(maxsize=1000)
def words_section(code: str) -> str | None:
    """The section of a format that says how words are shown; None where it is silent.

    Args:
        code: The whole format.
    """
    parts = _split(code) if len(code) <= LONGEST else []
    return parts[3] if len(parts) > 3 else None


def shown_words(text: str, code: str) -> str:
    """Words as the fourth section of a format shows them, ``"Mr. "@``.

    Args:
        text: What the cell holds.
        code: The section.
    """
    out = []
    for kind, part in _section(code).tokens:
        out.append(text if kind == "at" else part if kind in ("text", "other") else "")
    return "".join(out)


def _split(code: str) -> list[str]:
    parts, start, quoted = [], 0, False
    at = 0
    while at < len(code):
        sign = code[at]
        if sign == '"':
            quoted = not quoted
        elif sign == "\\" and not quoted:
            at += 1
        elif sign == ";" and not quoted:
            parts.append(code[start:at])
            start = at + 1
        at += 1
    return [*parts, code[start:]]


@lru_cache(maxsize=1000)
def sections(code: str) -> tuple[Section, ...]:
    """The sections of a format for numbers, three at most.

    Args:
        code: The format.
    """
    return tuple(map(_section, _split(code)[:3]))


def _section(code: str) -> Section:
    tokens: list[tuple[str, str]] = []
    test, script = None, 0
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "bracket":
            low = text.lower()
            condition = _CONDITION.match(text)
            if condition and condition[1] in _TESTS:
                test = (condition[1], float(condition[2]))
            elif low.startswith("dbnum"):
                script = int(text[5:6]) if text[5:6].isdigit() else 0
            elif low.endswith(_OF_THE_READER):
                return _section("yyyy-mm-dd" if low.endswith(_OF_THE_READER[:2]) else "h:mm:ss")
            else:
                tokens += _bracket(low, text)
        elif kind != "filled":
            tokens.append(_OUTER.get(kind, (kind, text)) or ("text", text))
    dated = any(kind in ("date", "elapsed", "noon") for kind, _ in tokens)
    return Section(tuple(tokens), dated, test, script)


def _bracket(low: str, text: str) -> list[tuple[str, str]]:
    """A currency sign or a unit of a duration; colours and countries show nothing."""
    if low.startswith("$"):
        sign = text[1:].partition("-")[0]
        return [("text", sign)] if sign else []
    return [("elapsed", low)] if low in ("h", "hh", "m", "mm", "s", "ss") else []


def choose(parts: tuple[Section, ...], value: float) -> tuple[Section | None, bool]:
    """The section for a number, and whether the sign is to be written.

    Args:
        parts: The sections of a format.
        value: The number.
    """
    tested = [one for one in parts[:2] if one.test]
    if tested:
        for at, one in enumerate(parts[:3]):
            if one.test is None or _TESTS[one.test[0]](value, one.test[1]):
                # A condition that lets only one sign through stands for that sign.
                return one, not (
                    one.test and one.test[0] in ("<", "<=") and one.test[1] <= 0
                ) or at > 1
        return None, True
    if len(parts) > 2 and value == 0:
        return parts[2], False
    if len(parts) > 1 and value < 0:
        return parts[1], False
    return parts[0], True
