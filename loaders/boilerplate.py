"""Detects boilerplate: tables of contents, indexes and lists of links."""

from __future__ import annotations

import re

_MOST_OF_IT = 0.6  # share of the lines
_FEWEST_LINES = 4
# Entries end in a page number, links in almost anything but a sentence end.
_LAST_SIGNS = frozenset("0123456789ivxlcIVXLC|)/") | set(map(chr, range(0x41, 0x7B)))

_LEADER = re.compile(r"(?:[.·…•．_‥]|\.\s){4,}\s*(?:[0-9]{1,4}|[ivxlc]{1,6})\s*$")
_CONTENTS_LINE = re.compile(r"\S.{0,80}?[\s|]{1,8}[0-9]{1,4}\s*\|?\s*$")
_CONTENTS_WORD = re.compile(
    r"^[#\s|*]{0,6}(目\s{0,4}[录錄次]|contents|table of contents|index|索\s?引)\b", re.IGNORECASE
)
_INDEX_LINE = re.compile(r"\S.{0,60}?[,，]\s?[0-9]{1,4}(?:[-–—,，\s]{1,3}[0-9]{1,4}){0,30}\s*$")
_LINK = re.compile(r"https?://|\]\([^)\s]{1,300}\)|^www\.")
_LINK_MARKUP = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)|https?://\S{1,500}")


def is_boilerplate(text: str) -> bool:
    """Whether most lines of a text are entries of a contents table, an index or a link list.

    Args:
        text: A chunk's text.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) < _FEWEST_LINES:
        return False
    least = _MOST_OF_IT * len(lines)
    if sum(line[-1] in _LAST_SIGNS for line in lines) < least:
        return False
    if sum(bool(_LEADER.search(line[-80:])) for line in lines) >= least:
        return True
    if _CONTENTS_WORD.search(lines[0][:40]) and _count(_CONTENTS_LINE, lines) >= least:
        return True
    return _count(_INDEX_LINE, lines) >= least or _links(lines) >= least


def _count(pattern: re.Pattern[str], lines: list[str]) -> int:
    return sum(len(line) <= 150 and bool(pattern.match(line)) for line in lines)


def _links(lines: list[str]) -> int:
    """The number of lines with a link and hardly any other text."""
    bare = 0
    for line in lines:
        if _LINK.search(line[:1000]):
            bare += len(_LINK_MARKUP.sub("", line[:1000]).strip(" -*+|·•0123456789.:：")) < 15
    return bare
