"""What kind of thing an answer is, and whether that was asked for.

The kinds are those of ``question_words``: a date tells when, a duration how long, a count how many.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from .figures.numbers import Number, numbers
from .flat import flatten
from .list_markers import without_leading_marker
from .polarity import answers_no_such_question
from .question_words import asks_for, excludes
from .terms import form_set, pieces

__all__ = ["is_of_another_kind"]

_DURATIONS = {"s": 3_155_760_000, "month": 1200}
"""The canonical units of time, each with a hundred years in it: 475年 may well be the year."""
_ANYTHING = frozenset({"how", "how or why"})
"""How powerful an engine is may well be told by a number."""
_YEAR = 4
"""Characters of a year without a word that says so."""
_EVERY = re.compile(
    r"每天|每日|每周|全天|[至到从起止]|\b(?:every|per|a|an|the|on|in|at|from|to|day|daily|week)\b"
)
_WHICH_YEAR = re.compile(r"(?:多少|几)[年月日号]")
"""May ask how many years, or which."""
_LETTER = re.compile(r"[^\W\d_]")
_TIME = re.compile(
    "[年月日号天周时點点分秒刻季春夏秋冬早晚晨夜午旦昏朝代期世纪元末初前后古今昔际间节起止]|当[天日年]"
    r"|\b(?:when(?:ever)?|after|before|during|since|until|till|once|as soon|upon|while|by|within"
    r"|ago|now|always|never|daily|weekly|monthly|annually|\w*days?|\w*time|dates?|weeks?|months?"
    r"|\w*years?|hours?|minutes?|decades?|centur\w+|eras?|ages?|periods?|dynast\w+|reign"
    r"|spring|summer|autumn|winter|fall|morning|noon|\w*night|evening|dawn|dusk"
    r"|early|late|begin\w*|start|end|modern|ancient|medieval|may|march)\b"
)
"""A sign of any time at all."""
_ALSO_ASKED = re.compile(r"\b(?:what|who|whom|whose|where|which|why|how)\b")


def is_of_another_kind(question: str, answer: str, told: str) -> bool:
    """Whether an answer is of no kind that the question asks for.

    Hours are no date, and the 1 of January 1 counts nothing. How a number that is all of an answer
    is meant is read where the text has it. Yes answers only what asks for yes or no, and no
    heading or word of the question tells when.

    Args:
        question: The pair's question.
        answer: The model's wording.
        told: The source's sentences that have it; the answer decides alone where they do not.
    """
    if answers_no_such_question(question, answer, told) or _tells_no_time(question, answer):
        return True
    flat_question = flatten(question)
    asked = asks_for(flat_question) - _ANYTHING
    if _WHICH_YEAR.search(flat_question):
        asked |= {"when"}
    if not asked or not _is_number_alone(answer):
        return False
    flat, sentence = flatten(answer).strip(), flatten(told)
    places = [found.span() for found in re.finditer(re.escape(flat), sentence)]
    there = numbers(sentence)  # in order, not overlapping
    starts, ends = [one.start for one in there], [one.end for one in there]
    readings = [
        list(there[bisect_right(ends, start) : bisect_left(starts, end)]) for start, end in places
    ] or [list(numbers(flat))]
    alone = numbers(flat)
    if any(number.kind == "date" for number in alone):  # 2009年 is a date in 2009年以来 as well
        readings.append(list(alone))
    return all(_clash(asked, reading) for reading in readings)


def _tells_no_time(question: str, answer: str) -> bool:
    """Whether all that is asked is when, and the answer is a heading or the question's own words.

    A condition or an event may tell when without a word for time: only what tells nothing counts.
    """
    flat, asked = flatten(answer).strip(), flatten(question)
    kinds = asks_for(asked)
    if not kinds or not all(kind.startswith("when") for kind in kinds):
        return False
    if "when" in kinds and _ALSO_ASKED.search(asked):  # When it rains, what opens?
        return False
    said = without_leading_marker(flat)
    if _TIME.search(said) or numbers(said):
        return False
    known = form_set(asked)
    repeats = all(any(key in known for key in word) for word in pieces(said))
    return len(said) < len(flat) or repeats


def _is_number_alone(answer: str) -> bool:
    flat = flatten(answer)
    found = numbers(flat)
    rest = list(flat)
    for number in found:
        rest[number.start : number.end] = " " * (number.end - number.start)
    return bool(found) and not _LETTER.search(_EVERY.sub(" ", "".join(rest)))


def _clash(asked: frozenset[str], reading: list[Number]) -> bool:
    """Whether every kind that numbers may be is excluded by every kind that is asked for."""
    kinds = {kind for number in reading for one in (number, *number.also) for kind in _kinds(one)}
    return bool(kinds) and all(excludes(kind, other) for kind in asked for other in kinds)


def _kinds(number: Number) -> tuple[str, ...]:
    """The kinds of question that a number answers; none where it may be anything."""
    if number.kind == "date":
        # 2009 in 2009年 is a year, but 1013 alone may be a count.
        bare = number.end - number.start <= _YEAR and number.value[1:] == (None, None)
        return ("when", "how many") if bare else ("when",)
    if number.kind == "time":
        return ("when:hour",)
    if number.kind == "amount" and number.unit in _DURATIONS:
        long = (number.value[0] or 0) >= _DURATIONS[number.unit]
        return ("long", "when") if long else ("long",)
    if number.kind in ("amount", "percent"):
        # A bare one may be a year.
        return ("how many",) if number.unit else ("how many", "when")
    return ("",)
