"""Headings recognised by their line: Markdown #, 第三章, Chapter 3."""

from __future__ import annotations

import re

from .pages import Heading

_LONGEST = 60  # characters; a longer line that begins like a heading is a sentence

_MARKDOWN = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"[ ]{0,3}(```|~~~)")
_CHINESE = re.compile(
    r"\s{0,8}(?:[^\s，。]{1,8}\s{1,3})?第\s{0,2}[0-9０-９〇零一二三四五六七八九十百千两]{1,9}\s{0,2}([卷部编篇章回节節条])"
)
_ENGLISH = re.compile(
    r"\s{0,8}(part|book|chapter|section|adventure)\s{1,3}([0-9]{1,4}|[ivxlc]{1,8})\b[.:]?",
    re.IGNORECASE,
)
_LEVELS = {"卷": 1, "部": 1, "编": 1, "篇": 1, "章": 2, "回": 2, "节": 3, "節": 3, "条": 4}
_ENGLISH_LEVELS = {"part": 1, "book": 1, "section": 3}


def markdown_headings(text: str) -> tuple[Heading, ...]:
    """The ``#`` headings of a Markdown text, those inside fenced code left out."""
    found = []
    fence = ""
    at = 0
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif not fence and (heading := _MARKDOWN.match(line)):
            title = heading[2].strip().rstrip("#").strip()
            if title:
                found.append(Heading(at, len(heading[1]), title))
        at += len(line) + 1
    return tuple(found)


def plain_headings(text: str) -> tuple[Heading, ...]:
    """The headings of a plain text: short lines that count chapters or sections."""
    found = []
    at = 0
    for line in text.split("\n"):
        level = plain_level(line)
        if level:
            found.append(Heading(at, level, " ".join(line.split())))
        at += len(line) + 1
    return tuple(found)


def plain_level(line: str) -> int:
    """The level of a heading line, from 1; 0 where the line is no heading."""
    if len(line) > _LONGEST + 20 or not (stripped := line.strip()) or len(stripped) > _LONGEST:
        return 0
    if stripped.endswith(("。", "，", "；", "！", "？", ",", ";", "”", "：")):
        return 0
    if mark := _CHINESE.match(line):
        rest = line[mark.end() :]
        # 第一章 and 第二回 stand alone or before a gap; 第三条规定 in a sentence does not count.
        if (
            not rest.strip()
            or rest[0] in " \t　:：、.．"
            or (mark[1] in "章回节節" and len(rest) < 30)
        ):
            return _LEVELS[mark[1]]
        return 0
    if mark := _ENGLISH.match(line):
        return _ENGLISH_LEVELS.get(mark[1].lower(), 2)
    return 0
