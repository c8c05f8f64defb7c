"""Rules that decide which of the possible labels are labels in this reply."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby, pairwise

from .choices import offered
from .labels import Kind, Mark, number_of
from .trimming import ends_as_question, first_line

_FENCE = re.compile(r"^ *```", re.MULTILINE)


_SPEAKERS: dict[Kind, Kind] = {"user": "question", "assistant": "answer"}


def settled(marks: list[Mark], shadow: str) -> list[Mark]:
    """The labels that divide this reply into questions, answers and other text.

    Args:
        marks: All possible labels, in order.
        shadow: The cleaned reply, normalised by ``plain``.
    """
    marks = _without_options(_own_lines(marks, shadow), shadow)
    marks = _with_speakers(marks)
    marks = _with_items(marks)
    marks = _numbered(marks, shadow)
    marks = _without_inner_fields(marks)
    marks = _without_inner_headings(marks, shadow)
    marks = _without_inner_questions(marks, shadow)
    return _with_sections(marks, shadow)


def _own_lines(marks: list[Mark], shadow: str) -> list[Mark]:
    """Drops labels in fenced code and in blockquotes, where pairs are labelled outside as well."""
    fences = _fences(shadow)
    outside: list[Mark] = []
    upcoming = 0
    for mark in marks:
        while upcoming < len(fences) and fences[upcoming][1] <= mark.start:
            upcoming += 1
        fenced = upcoming < len(fences) and fences[upcoming][0] < mark.start
        if not fenced and not shadow.startswith(">", mark.start):
            outside.append(mark)
    return outside if {"question", "answer"} <= {mark.kind for mark in outside} else marks


def _without_inner_fields(marks: list[Mark]) -> list[Mark]:
    """Drops bulleted fields that are items of an answer: those that not every answer has."""
    if any(mark.bullet for mark in marks if mark.kind in ("question", "answer")):
        return marks
    answers = sum(mark.kind == "answer" for mark in marks)
    counts = Counter(mark.word for mark in marks if mark.kind == "field" and mark.bullet)
    return [
        mark
        for mark in marks
        if mark.kind != "field" or not mark.bullet or counts[mark.word] >= max(answers, 2)
    ]


_SECTION = re.compile(
    r" *[>#*_\[【]{0,4} ?(?:(?P<zh>[一二三四五六七八九十]{1,3})[、.]"
    r"|[(](?P<inner>[一二三四五六七八九十]{1,3})[)]"
    r"|(?P<roman>[ivx]{1,5})[.、]|(?P<digit>\d{1,2})[.、]"
    r"|(?P<word>(?:part|section|chapter|unit|topic|theme) (?:\d{1,2}|[ivx]{1,4}|[a-z])\b"
    r"|第[一二三四五六七八九十\d]{1,3}(?:部分|章|节|单元|类)))[^?。!\n]{0,50}",
    re.IGNORECASE,
)
_BOLD_LINE = re.compile(r" *(?:\*\*[^*\n?]{1,60}\*\*:?|【[^】\n?]{1,30}】)")


def _with_sections(marks: list[Mark], shadow: str) -> list[Mark]:
    """Adds an end of a pair where a section's heading stands above a question's label."""
    counted: dict[str, int] = {}
    sectioned: list[Mark] = []
    for mark in marks:
        above = _above(shadow, mark.start) if mark.kind == "question" else None
        last = sectioned[-1] if sectioned else None
        if above and (last is None or last.end <= above[0]):
            line, apart = shadow[slice(*above)], not shadow[max(above[0] - 2, 0) : above[0]].strip()
            found = _SECTION.fullmatch(line)
            numeral = found and (found["zh"] or found["inner"] or found["roman"] or found["digit"])
            if found and numeral:
                style = next(name for name in _STYLES if found[name])
                first = counted.get(style, 0) + 1
                if number_of(numeral) == first and (first == 1) == (last is None):
                    counted[style] = first
                    sectioned.append(Mark(*above, "stop", line))
            elif apart and (found or line.endswith(":") or _BOLD_LINE.fullmatch(line)):
                sectioned.append(Mark(*above, "stop", line))
        sectioned.append(mark)
    return sectioned


_STYLES = ("zh", "inner", "roman", "digit")


def _above(shadow: str, place: int) -> tuple[int, int] | None:
    """The last line with words above a place, if at most one blank line lies between."""
    end = place
    while end > 0 and place - end < 4 and shadow[end - 1] == "\n":
        end -= 1
    begin = shadow.rfind("\n", max(0, end - 80), end) + 1
    return (begin, end) if 0 < end - begin < 80 else None


def _without_options(marks: list[Mark], shadow: str) -> list[Mark]:
    """Drops letters A, B, C ... in sequence: they are options, A alone is a label."""
    kept: list[Mark] = []
    letter = ""
    for position, mark in enumerate(marks):
        if mark.kind == "option":
            letter = mark.word if letter and mark.word == chr(ord(letter) + 1) else letter
            continue
        letter = ""
        if mark.kind == "answer" and mark.word == "a" and not mark.number:
            following = marks[position + 1] if position + 1 < len(marks) else None
            line_end = shadow.find("\n", mark.end)
            line = shadow[mark.start : line_end if line_end >= 0 else len(shadow)]
            below = following and following.kind == "option" and following.word == "b"
            between = shadow[mark.end : following.start].strip() if following else ""
            if (below and between and between.count("\n") <= 1) or (
                mark.separator != ":" and len(offered(line.strip(" -*"))) > 1
            ):
                letter = "a"
                continue
        kept.append(mark)
    return kept


def _with_speakers(marks: list[Mark]) -> list[Mark]:
    """User and assistant become question and answer if there are no others, else ends of pairs."""
    labelled = any(mark.kind in ("question", "answer") for mark in marks)
    kinds = {mark.kind for mark in marks}
    both = {"user", "assistant"} <= kinds
    settled_marks: list[Mark] = []
    for mark in marks:
        if mark.kind not in _SPEAKERS:
            settled_marks.append(mark)
        elif labelled:
            if mark.kind == "user":
                settled_marks.append(mark._replace(kind="stop"))
        elif both:
            settled_marks.append(mark._replace(kind=_SPEAKERS[mark.kind]))
    return settled_marks


def _with_items(marks: list[Mark]) -> list[Mark]:
    """Labels such as "Card 1:" become questions if there are no others, else ends of pairs."""
    asked = any(mark.kind == "question" for mark in marks)
    if not asked:
        return [mark._replace(kind="question") if mark.kind == "item" else mark for mark in marks]
    kept: list[Mark] = []
    for position, mark in enumerate(marks):
        if mark.kind == "item":
            following = marks[position + 1] if position + 1 < len(marks) else None
            if following is None or following.kind != "question":
                continue
            kept.append(mark._replace(kind="stop"))
        else:
            kept.append(mark)
    return kept


def _numbered(marks: list[Mark], shadow: str) -> list[Mark]:
    """Numbers questions that all come first and the answers behind them, where they have none.

    A label with nothing below it but labels of its kind is a heading, and a question's label
    repeated under the heading of the answers is an answer's.
    """
    kept: list[Mark] = []
    asked: list[int] = []
    key = False
    for position, mark in enumerate(marks):
        following = marks[position + 1] if position + 1 < len(marks) else None
        if mark.kind == "answer" and following and _heads(mark, following, shadow):
            again = following.kind == "question" and following.number
            key = key or bool(again and following.number in asked[:1])
            if key or (following.kind == "answer" and (following.number or len(asked) > 1)):
                kept.append(mark._replace(kind="stop"))
                continue
        if mark.kind == "question":
            asked.append(mark.number)
        kept.append(mark._replace(kind="answer") if key and mark.kind == "question" else mark)
    return _in_groups(kept)


def _heads(mark: Mark, following: Mark, shadow: str) -> bool:
    return not shadow[mark.end : following.start].strip(" \n*_-=")


def _in_groups(marks: list[Mark]) -> list[Mark]:
    """Gives numbers to as many questions without one as answers follow them in a row."""
    numbered = list(marks)
    places = [at for at, mark in enumerate(marks) if mark.kind in ("question", "answer")]
    runs = [list(run) for _, run in groupby(places, key=lambda at: marks[at].kind)]
    for asked, answered in pairwise(runs):
        alike = len(asked) == len(answered) > 1 and marks[asked[0]].kind == "question"
        if alike and not any(marks[at].number for at in answered):
            for number, at in enumerate(zip(asked, answered, strict=True), 1):
                for place in at:
                    numbered[place] = marks[place]._replace(number=number)
    return numbered


def _without_inner_headings(marks: list[Mark], shadow: str) -> list[Mark]:
    """Drops headings inside answers: those below the questions' level, or with text under them."""
    depth = min((mark.depth for mark in marks if mark.kind == "question"), default=0)
    fenced = _fences(shadow)
    kept: list[Mark] = []
    inside = 0
    for position, mark in enumerate(marks):
        while inside < len(fenced) and fenced[inside][1] <= mark.start:
            inside += 1
        if mark.kind == "stop":
            following = marks[position + 1] if position + 1 < len(marks) else None
            if inside < len(fenced) and fenced[inside][0] < mark.start:
                continue
            if mark.depth and _divides(mark, following, depth, shadow):
                continue
        kept.append(mark)
    return kept


def _divides(mark: Mark, following: Mark | None, depth: int, shadow: str) -> bool:
    if mark.word:
        return False
    if depth:
        return mark.depth > depth
    if following is None:
        return False
    return following.kind == "answer" or bool(shadow[mark.end : following.start].strip())


def _fences(shadow: str) -> list[tuple[int, int]]:
    """The spans of code fences."""
    places = [found.start() for found in _FENCE.finditer(shadow)]
    return list(zip(places[::2], [*places[1::2], len(shadow)], strict=False))


def _without_inner_questions(marks: list[Mark], shadow: str) -> list[Mark]:
    """Drops questions that an answer only quotes: out of sequence and without answers."""
    numbered = [mark for mark in marks if mark.kind == "question" and mark.number]
    counted = bool(numbered) and numbered[0] == next(m for m in marks if m.kind == "question")
    answers_numbered = any(mark.kind == "answer" and mark.number for mark in marks)
    later = _next_numbers(marks)
    kept: list[Mark] = []
    current, answered, skipping = 0, False, False
    for position, mark in enumerate(marks):
        if mark.kind == "question":
            following = marks[position + 1] if position + 1 < len(marks) else None
            skipping = answered and _quoted(
                mark, following, current, later[position], counted, answers_numbered, shadow
            )
            if skipping:
                continue
            current, answered = mark.number or current, False
        elif mark.kind == "answer":
            if skipping and not (mark.number and answers_numbered):
                continue
            skipping, answered = False, True
        kept.append(mark)
    return kept


def _next_numbers(marks: list[Mark]) -> list[int]:
    """For every label the number of the next numbered question after it; 0 for none."""
    numbers: list[int] = []
    coming = 0
    for mark in reversed(marks):
        numbers.append(coming)
        if mark.kind == "question" and mark.number:
            coming = mark.number
    return numbers[::-1]


def _quoted(
    mark: Mark,
    following: Mark | None,
    current: int,
    coming: int,
    counted: bool,
    answers_numbered: bool,
    shadow: str,
) -> bool:
    """Whether a question label is part of the answer around it."""
    answered = following is not None and following.kind in ("answer", "option", "field")
    if counted and not mark.number:
        inner_answer = answered and following is not None and not following.number
        return coming == current + 1 or (answers_numbered and inner_answer and not coming)
    if answered or following is None or (mark.number and mark.number == current + 1):
        return False
    return not ends_as_question(shadow[slice(*first_line(shadow, mark.end, following.start))])
