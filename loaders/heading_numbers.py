"""How headings count: 第三章, 一、, Chapter 3, 3.1, and which of them stands inside which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_HAN = "〇零一二三四五六七八九十百千两"
_COUNTED_ZH = re.compile(
    rf"(?:[^\s，。]{{1,8}}\s{{1,3}})?第\s{{0,2}}([0-9０-９]{{1,4}}|[{_HAN}]{{1,9}})\s{{0,2}}([卷部编篇章回节節条])"
)
_COUNTED_EN = re.compile(
    r"(part|book|volume|chapter|adventure|article|section)\s{1,3}([0-9]{1,4}|[ivxlc]{1,8})\b",
    re.IGNORECASE,
)
_RANKS = {"卷": 1, "部": 1, "编": 1, "篇": 1, "章": 2, "回": 2, "节": 3, "節": 3, "条": 4}
_RANKS |= {"part": 1, "book": 1, "volume": 1, "chapter": 2, "adventure": 2, "article": 2}
_RANKS |= {"section": 3}
_LISTED = (
    (re.compile(r"[IVXLC]{1,8}\.\s{1,3}\S"), 2),
    (re.compile(r"[IVXLC]{1,8}\.\s{0,3}\Z"), 3),
    (re.compile(r"[一二三四五六七八九十]{1,3}[、．.]"), 5),
    (re.compile(r"[（(][一二三四五六七八九十]{1,3}[)）]"), 6),
    (re.compile(r"[（(][0-9]{1,2}[)）]"), 8),
)
_DIGITS = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3}){0,5})(?:[.、．:：]|\s|(?=[\u3400-\u9fff]))")
_DIGITS_RANK = 7
_HEAD = 64  # characters in which every such number has ended


@dataclass(frozen=True, slots=True)
class Number:
    """How a heading counts: by what kind of number, and the number where it is in digits.

    Attributes:
        rank: Of the kind, from 1 for parts; what has a smaller one holds what has a greater one.
        digits: 3.1 as (3, 1); empty for numbers in words, letters or Chinese.
    """

    rank: int
    digits: tuple[int, ...] = ()


def number_of(title: str) -> Number | None:
    """How a heading counts; None where it does not.

    Args:
        title: The heading's words, without the signs of markup.
    """
    return _number_at(title.lstrip()[:_HEAD])


@lru_cache(maxsize=1024)
def _number_at(text: str) -> Number | None:
    # Each heading is compared with those around it, several times over.
    if mark := _COUNTED_ZH.match(text):
        return Number(_RANKS[mark[2]], (int(mark[1]),) if mark[1].isdecimal() else ())
    if mark := _COUNTED_EN.match(text):
        return Number(_RANKS[mark[1].lower()], (int(mark[2]),) if mark[2].isdecimal() else ())
    for pattern, rank in _LISTED:
        if pattern.match(text):
            return Number(rank)
    if mark := _DIGITS.match(text):
        return Number(_DIGITS_RANK, tuple(int(one) for one in mark[1].split(".")))
    return None


def is_bare(title: str) -> bool:
    """Whether a heading is nothing but its number, as II. or CHAPTER 1."""
    rest = title.strip()
    for pattern in (_COUNTED_ZH, _COUNTED_EN, *(pattern for pattern, _ in _LISTED), _DIGITS):
        mark = pattern.match(rest)
        if mark and not any(sign.isalpha() for sign in rest[mark.end() :]):
            return pattern is not _LISTED[0][0]
    return False


def holds(above: tuple[int, str], below: tuple[int, str]) -> bool:
    """Whether a heading that stands earlier governs a later one.

    Numbers decide where both count, since 二、 is part of 第三节 however large it is set, and 5.7
    part of Chapter 5; levels decide elsewhere.

    Args:
        above: Level and words of the earlier heading.
        below: Of the later one.
    """
    first, second = number_of(above[1]), number_of(below[1])
    if first is None or second is None:
        return above[0] < below[0]
    if len(second.digits) > 1 and first.digits and first.rank > 1:
        return first.digits == second.digits[: len(first.digits)] != second.digits
    if first.rank == second.rank == _DIGITS_RANK:
        return False
    return first.rank < second.rank
