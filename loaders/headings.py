"""Headings recognised by their line: Markdown #, 第三章, Chapter 3, VII. THE TITLE, 一、."""

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
_RUNS_ON = re.compile(r"(?:\.?[0-9]{1,3}){0,4},?\s{0,2}(?:[a-z]|and\b)")
_LEADER = re.compile(r"\.{4,}|…{2,}|·{4,}|(?:\. ){4,}")  # of a table of contents
_PAGE_NUMBER = re.compile(r"\A[0-9]{1,4}\s{1,9}(?=第)|(?<=[\u3400-\u9fff])\s{1,9}[0-9]{1,4}\Z")
_SPACED = re.compile(r"(?<=[\s\u3000][\u3400-\u9fff])[\s\u3000]{1,4}(?=[\u3400-\u9fff]\Z)")
_ROMAN = re.compile(r"[IVXLC]{1,8}\.(?:\s{1,3}(\S.*))?\Z")
_NAMED = re.compile(
    r"(?:prologue|epilogue|preface|foreword|introduction|afterword|conclusions?"
    r"|appendix(?: [A-Z0-9])?|acknowledge?ments|序[言章幕]?|自序|前言|引言|楔子|引子|尾声"
    r"|后记|後記|跋|附[录錄则則])\Z",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|([（(])[一二三四五六七八九十]{1,3}[)）])\s{0,3}\S"
)
_LISTED_LONGEST = 30
_OPEN_ENDS = ("。", "，", "；", "！", "？", ",", ";", "”", "：", ":", ".", "!", "?", '"')
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


def plain_headings(text: str, *, alone: bool = False) -> tuple[Heading, ...]:
    """The headings of a plain text: short lines that count chapters or sections.

    A number alone, as in CHAPTER 1, takes the line of its own below it along as its title.

    Args:
        text: The text.
        alone: Whether blank lines must stand around each.
    """
    found: list[Heading] = []
    bare: list[int] = []  # places among them of numbers without a title
    lines = text.split("\n")
    at = 0
    for place, line in enumerate(lines):
        level = plain_level(line) or (_is_alone(lines, place) and _level_alone(line.strip()))
        if level:
            title = heading_name(line)
            number = _counts_only(title)
            if number:
                title = _with_next(number, lines, place)
            # A number that begins a line inside a paragraph refers to a chapter, and heads none.
            inside = bool(number) and bool(place) and bool(lines[place - 1].strip())
            if not inside and (not alone or _is_alone(lines, place)):
                bare += [len(found)] if number == title else []
                found.append(Heading(at, level, title))
        at += len(line) + 1
    # So does a single number without a title in the middle of a text: chapters come in rows.
    if len(bare) == 1 and text[: found[bare[0]].start].strip():
        del found[bare[0]]
    return tuple(found)


def heading_name(line: str) -> str:
    """A heading line's words, without a page number or the blanks that space out 总　则."""
    return _SPACED.sub("", " ".join(_PAGE_NUMBER.sub("", line.strip()).split()))


def _counts_only(title: str) -> str:
    """The title, if it is nothing but a number such as 第一章 or CHAPTER 1; empty otherwise."""
    mark = _CHINESE.match(title) or _ENGLISH.match(title)
    return title if mark and not title[mark.end() :].strip(" .:：、") else ""


def _with_next(title: str, lines: list[str], place: int) -> str:
    near = range(place + 1, min(place + 4, len(lines)))
    below = next((at for at in near if lines[at].strip()), 0)
    if not below or not _is_alone(lines, below) or plain_level(lines[below]):
        return title
    name = " ".join(lines[below].split())
    return title if len(name) > _LONGEST or name.endswith(_OPEN_ENDS) else f"{title} {name}"


def _is_alone(lines: list[str], place: int) -> bool:
    """Whether blank lines, or the ends of the text, stand around a line."""
    around = (lines[at] for at in (place - 1, place + 1) if 0 <= at < len(lines))
    return bool(lines[place].strip()) and not any(line.strip() for line in around)


def _level_alone(line: str) -> int:
    """The level of a line that is a heading only where it stands alone; 0 where it is none."""
    if len(line) > _LONGEST or _LEADER.search(line):
        return 0
    if _NAMED.match(line):
        return 2
    if mark := _ROMAN.match(line):
        words = [word for word in re.findall(r"[^\W\d_]+", mark[1] or "") if len(word) > 3]
        if line.endswith(_OPEN_ENDS[:-5]) or not all(word[0].isupper() for word in words):
            return 0
        return 2 if words else 3
    if (mark := _LISTED.match(line)) and len(line) <= _LISTED_LONGEST:
        return 0 if line.endswith(_OPEN_ENDS) else 6 if mark[1] else 5
    return 0


def plain_level(line: str) -> int:
    """The level of a heading line, from 1; 0 where the line is no heading."""
    if len(line) > _LONGEST + 20 or not (stripped := line.strip()) or len(stripped) > _LONGEST:
        return 0
    if stripped.endswith(("。", "，", "；", "！", "？", ",", ";", "”", "：")):
        return 0
    if _LEADER.search(stripped):
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
        # Section 2.3 details the method, and Part 4 of the act: the start of a sentence.
        runs_on = _RUNS_ON.match(line, mark.end())
        return 0 if runs_on else _ENGLISH_LEVELS.get(mark[1].lower(), 2)
    return 0
