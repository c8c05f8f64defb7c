"""The numbers that a browser draws before the items of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STYLE = re.compile(r"list-style(?:-type)?\s{0,3}:\s{0,3}([a-z-]{3,30})", re.IGNORECASE)
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_DIGITS = "〇一二三四五六七八九"
_CHINESE = ("cjk-ideographic", "simp-chinese-informal", "trad-chinese-informal")


def marker(node: Any) -> Iterator[str]:
    """What stands before each item of a list, item by item, without end.

    Args:
        node: The ``ol`` or ``ul`` element.
    """
    if node.tag != "ol":
        while True:
            yield "- "
    style = _style(node)
    items = [child for child in node if child.tag == "li"]
    step = -1 if node.get("reversed") is not None else 1
    number = _whole(node.get("start"), len(items) if step < 0 else 1)
    for item in items:
        number = _whole(item.get("value"), number)
        yield "- " if style == "none" else _written(number, style)
        number += step
    while True:
        yield _written(number, style)
        number += step


def _style(node: Any) -> str:
    named = _STYLE.search(node.get("style") or "")
    if named:
        return named[1].lower()
    kinds = {"a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
    return kinds.get(node.get("type") or "", "decimal")


def _whole(text: str | None, otherwise: int) -> int:
    text = (text or "").strip()
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else otherwise


def _written(number: int, style: str) -> str:
    if style in _CHINESE and 0 < number < 100:
        return f"{_chinese(number)}、"
    letters = style.endswith(("alpha", "latin"))
    text = str(number)
    if letters and 0 < number <= 26 * 27:
        high, low = divmod(number - 1, 26)
        text = (chr(96 + high) if high else "") + chr(97 + low)
    elif style.endswith("roman") and 0 < number < 4000:
        text = _roman(number)
    elif style == "decimal-leading-zero":
        text = f"{number:02d}"
    return f"{text.upper() if style.startswith('upper') else text}. "


def _roman(number: int) -> str:
    written = ""
    for value, sign in _ROMAN:
        written += sign * (number // value)
        number %= value
    return written


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return (_DIGITS[tens] if tens > 1 else "") + "十" + (_DIGITS[ones] if ones else "")
