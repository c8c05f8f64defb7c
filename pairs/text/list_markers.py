"""Markers of list items: 1. 2. (1) ① • are no numbers of the text."""

import re

__all__ = ["without_leading_marker", "without_markers"]

_SIGN = re.compile(r"(?m)^[ \t]{0,20}(?:[-*+•●○■□▪◆·‣–—][ \t]+|[•●○■□▪◆·‣])|[①-⒛㈠-㈩❶-➓]")
_NUMBERED = re.compile(
    r"(?P<before>^|\n|[;:,.。；：，、!?？！]|[^\S\n])[ \t]{0,20}"
    r"(?:[(（](?P<round>\d{1,2}|[一二三四五六七八九十]{1,3})[)）]"
    r"|(?P<plain>\d{1,2})(?:[.．、)）](?!\d)|[:：](?=\D))"
    r"|(?<![^\s;:,.。；：，])(?P<word>[一二三四五六七八九十]{1,3})、)"
)
# 1、2号 and 五、六月 count, and 3.5 and 1. April are numbers of the text.
_LEADING = re.compile(
    r"\s*(?:[（(](?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）]\s*"
    r"|[一二三四五六七八九十]{1,3}(?:、|[.．]\s?)(?![一二三四五六七八九十\d])"
    r"|\d{1,2}(?:[.．)）]\s+|[.．、)）:：](?=[\u3400-\u9fff])(?![一二三四五六七八九十]))"
    r"|[①-⒛㈠-㈩❶-➓]\s*)(?=\S)"
)
_WORDS = {word: at for at, word in enumerate("零 一 二 三 四 五 六 七 八 九 十".split())}


def without_markers(text: str) -> str:
    """The text with a blank for every character of a list marker; same length.

    Numbers are markers only where they count from one: 1. ... 2. ...

    Args:
        text: An answer, or another text of some lines.
    """
    found = [hit.span() for hit in _SIGN.finditer(text)]
    found += _counting(text)
    if not found:
        return text
    chars = list(text)
    for start, end in found:
        for at in range(start, end):
            if chars[at] != "\n":
                chars[at] = " "
    return "".join(chars)


def without_leading_marker(text: str) -> str:
    """The text without the number of a heading or of a list item that it begins with.

    Args:
        text: One question or answer: 五、桥有多长？ 2) Who? or ①三座.
    """
    found = _LEADING.match(text)
    return text[found.end() :] if found else text


def _counting(text: str) -> list[tuple[int, int]]:
    """Places of the markers that count 1, 2, 3; none where there is only one."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for hit in _NUMBERED.finditer(text):
        kind = str(hit.lastgroup)
        number = hit[kind]
        value = int(number) if number.isdigit() else _WORDS.get(number, 0)
        run = runs.setdefault(kind, [])
        if value == len(run) + 1:
            run.append((hit.end("before"), hit.end()))
    return [place for run in runs.values() if len(run) > 1 for place in run]
