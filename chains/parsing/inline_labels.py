"""Finds labels inside lines: "问：… 答：…", or a whole list on one line."""

from __future__ import annotations

import re

from .choices import without_options
from .labels import NUMERAL, Kind, Mark, number_of
from .trimming import ends_as_question

_INLINE = re.compile(
    r"(?<=[\s?!.。:;,、)\]】”\"」*|→>—–])"
    rf"(?:[(]?(?P<item>{NUMERAL})[.)、] ?)?"
    r"(?:[*_(<]{0,2}(?P<open>[【\[])?[*_]{0,2})(?:(?P<question>questions?|问题|提问|题目|q|问)|(?P<answer>answers?|a|"
    r"(?:参考|标准|正确)?答案|回答|解答|答)|(?P<field>难度|来源|出处|理由|解析|依据|difficulty"
    r"|source|reason|explanation))"
    rf" {{0,2}}(?P<number>{NUMERAL})?[*_】\])>]{{0,3}}"
    r"(?: {0,2}:[*_]{0,3}|(?(open)(?<=[】\]])|(?!)))",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"“[^“”\n]*”|「[^「」\n]*」|『[^『』\n]*』|《[^《》\n]*》|\"[^\"\n]*\"|\([^()\n]*\)"
)


def spread(shadow: str, marks: list[Mark]) -> list[Mark]:
    """The labels, plus those inside lines where a question has no answer below it.

    Args:
        shadow: The cleaned reply, normalised by ``plain``.
        marks: The settled labels at the beginnings of lines.
    """
    if not any(mark.kind in ("question", "answer") for mark in marks):
        return _from_anywhere(shadow)
    spread_marks: list[Mark] = []
    for position, mark in enumerate(marks):
        spread_marks.append(mark)
        following = marks[position + 1] if position + 1 < len(marks) else None
        end = following.start if following else len(shadow)
        if mark.kind == "question" and (following is None or following.kind != "answer"):
            spread_marks.extend(_alternating(shadow, mark.end, end, "answer", 0))
        elif mark.kind == "answer":
            number = mark.number or _last_number(spread_marks)
            in_count = following and following.kind == "question" and following.number == number + 1
            if number and not in_count:
                spread_marks.extend(_alternating(shadow, mark.end, end, "question", number + 1))
    return spread_marks


def _last_number(marks: list[Mark]) -> int:
    return next((m.number for m in reversed(marks[-3:]) if m.kind == "question"), 0)


def _from_anywhere(shadow: str) -> list[Mark]:
    """Labels inside lines of a reply in which no line begins with one."""
    found = _unquoted(shadow, 0, len(shadow))
    if not any(mark.kind == "answer" for mark in found):
        return []
    if any(mark.kind == "question" for mark in found):
        first = next(i for i, mark in enumerate(found) if mark.kind == "question")
        return _alternated(found[first:], "question", 0)
    return [mark for mark in found if _asked_before(shadow, mark.start)]


def _asked_before(shadow: str, place: int) -> bool:
    """Whether a line up to a place is a question, with its options or without."""
    if ends_as_question(shadow[max(0, place - 8) : place]):
        return True
    line = shadow[max(0, place - 400) : place].rpartition("\n")[2]
    return "?" in line and ends_as_question(without_options(line, "-")[0])


def _alternating(shadow: str, begin: int, end: int, kind: str, number: int) -> list[Mark]:
    line_end = shadow.find("\n", begin, end)
    stop = end if line_end < 0 else line_end
    found = _unquoted(shadow, begin, stop)
    if kind == "question":
        # Inside an answer only the next number can begin a new question.
        places = [i for i, m in enumerate(found) if m.kind == "question" and m.number == number]
        if not places:
            return []
        found = found[places[0] :]
    return _alternated(found, kind, number)


def _alternated(found: list[Mark], kind: str, number: int) -> list[Mark]:
    """The labels in a line that alternate; a question must be answered or in sequence."""
    kept: list[Mark] = []
    for position, mark in enumerate(found):
        if mark.kind == "field":
            if kept and kind == "question":
                kept.append(mark)
            continue
        if mark.kind != kind:
            continue
        if kind == "question" and kept:
            answered = any(m.kind == "answer" for m in found[position + 1 : position + 3])
            if not answered and mark.number != number:
                continue
        kept.append(mark)
        if kind == "question":
            number = mark.number + 1 if mark.number else 0
        kind = "answer" if kind == "question" else "question"
    return kept


def _unquoted(shadow: str, begin: int, end: int) -> list[Mark]:
    """Labels in a span, outside quotations and brackets."""
    quoted = [quote.span() for quote in _QUOTED.finditer(shadow, begin, end)]
    marks: list[Mark] = []
    upcoming = 0
    for found in _INLINE.finditer(shadow, begin, end):
        while upcoming < len(quoted) and quoted[upcoming][1] <= found.start():
            upcoming += 1
        if upcoming < len(quoted) and quoted[upcoming][0] < found.start() < quoted[upcoming][1]:
            continue
        kind: Kind = "question" if found["question"] else "answer" if found["answer"] else "field"
        word = (found["question"] or found["answer"] or found["field"]).lower()
        number = number_of(found["number"]) or number_of(found["item"])
        marks.append(Mark(found.start(), found.end(), kind, word, number, ":"))
    return marks
