"""Finds replies in which a model repeats itself, while they are being written.

Small models loop: the same pairs over and over, one answer to ever new questions, a number of a
thousand digits, endless blanks. All of it costs time and none of it can be used. A list of pairs
is judged by its questions and answers, free text by its end alone.
"""

from __future__ import annotations

import re

LONGEST_LINE = 1200  # characters; no answer of a small model is that long in one line
_LABEL = re.compile(
    r"^\W*(?:q|a|question|answer|问题?|答案?)[\W\d一二三四五六七八九十]*", re.IGNORECASE
)
_RUN = re.compile(r"(.{1,8}?)\1{60,}$", re.DOTALL)
_NUMBERED = re.compile(r"^\W*\d{0,4}\W*")
_FEW, _MANY = 2, 4
_TAIL, _UNIT, _SHORTEST_LOOP = 1600, 24, 160  # characters
_SHORTEST_LINE, _SAME_LINES = 8, 5  # characters, lines


def pairs_repeat(text: str) -> bool:
    """Whether a list of pairs has begun to repeat its questions, its answers or its characters.

    Args:
        text: The reply so far; judged whenever a line has ended or grown long.
    """
    if _RUN.search(text[-600:]) or len(text) - text.rfind("\n") > LONGEST_LINE:
        return True
    lines = [line.strip() for line in text.splitlines()[-60:] if line.strip()]
    if text and not text.endswith("\n"):
        lines = lines[:-1]
    questions = [line for line in lines if line.endswith(("?", "？"))]
    if len(questions) > _FEW and all(line in questions[:-_FEW] for line in questions[-_FEW:]):
        return True
    answers = [_LABEL.sub("", line) for line in lines if not line.endswith(("?", "？"))]
    return len(answers) >= _MANY and len(set(answers[-_MANY:])) == 1


def ending_repeats(text: str) -> bool:
    """Whether a text ends in a repeated span, or in a repeated line.

    Args:
        text: The answer so far.
    """
    tail = text[-_TAIL:]
    unit = tail[-_UNIT:]
    before = tail.rfind(unit, 0, len(tail) - 1) if len(unit) >= _UNIT else -1
    if before >= 0:
        period = len(tail) - len(unit) - before
        length = max(4 * period, _SHORTEST_LOOP)
        if len(tail) >= length and tail[-length:-period] == tail[-length + period :]:
            return True
    lines = [_NUMBERED.sub("", line).strip() for line in tail.splitlines()[1:-1]]
    long = [line for line in lines if len(line) >= _SHORTEST_LINE]
    return len(long) >= _SAME_LINES and len(set(long[-_SAME_LINES:])) == 1
