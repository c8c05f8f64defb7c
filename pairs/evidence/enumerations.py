"""Sentences that list names with their values: a table in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loaders.characters import HAN

from ..text.boundaries import runs_on
from ..text.flat import flatten, fold

__all__ = ["listed_values", "takes_another"]

_IN_BRACKETS = re.compile(
    r"([^\s，,、；;。.:：（）()|][^，,、；;。:：（）()|\n]{0,40}?)\s?[（(]\s?([^（）()\n]{1,24})[)）]"
)
_WITH_COLON = re.compile(
    r"([^\s，,、；;。：:|][^，,、；;。：:|\n]{0,40}?)\s?[:：]\s?([^，,、；;。：:|\n]{1,24})"
)
_RESPECTIVELY_ZH = re.compile(
    "(?:分别|依次|各)(?:约|大约)?(?:为|是|达到?|有|占|在|于|取得了?|得到了?)?"
)
_SEPARATOR_ZH = re.compile(f"、|(?<=[{HAN}0-9A-Za-z%％])(?:以及|和|及|与)(?=[{HAN}0-9A-Za-z])")
_ITEM_EN = r"[$€£]?[\w%.-]+(?: [\w%.-]+){0,2}?"
_LIST_EN = re.compile(rf"{_ITEM_EN}(?:, {_ITEM_EN})*,? and {_ITEM_EN}(?=[,.;]|\s|$)")
_SEPARATOR_EN = re.compile(r",? and |, ")
_CLAUSE_END = re.compile("[；;。！？\n]")
_MOST = 40


def listed_values(sentence: str) -> list[tuple[str, str]]:
    """The names that a sentence lists, each with its value; empty where it lists fewer than two.

    Forms: ``甲（119个），乙（67个）``, ``North: 41 GW; South: 38 GW``, ``甲、乙和丙分别为1、2和3``,
    ``A, B and C were 1, 2 and 3, respectively``.

    Args:
        sentence: One or more sentences of the source.
    """
    for form, marks in ((_IN_BRACKETS, "（("), (_WITH_COLON, "：:")):
        if sum(map(sentence.count, marks)) < 2:
            continue
        found = [
            (name, value) for name, value in form.findall(sentence) if re.match(r"\W?\d", value)
        ]
        if len(found) > 1:
            return found[:_MOST]
    return list(_respectively(sentence))[:_MOST]


def _respectively(sentence: str) -> Iterator[tuple[str, str]]:
    word = _RESPECTIVELY_ZH.search(sentence)
    if word is not None:
        values = _values(sentence[word.end() :])
        before = _CLAUSE_END.split(sentence[: word.start()])[-1]
        runs = [_SEPARATOR_ZH.split(run) for run in re.split("[，,]", before)]
        names = next((run for run in reversed(runs) if len(run) >= len(values) > 1), None)
        if names is not None:
            names = names[-len(values) :]
            # What goes on behind the last name is none of it.
            size = sorted(map(len, names))[len(names) // 2]
            yield from zip([*names[:-1], names[-1][:size]], values, strict=True)
    elif "respectively" in sentence:
        lists = [
            _SEPARATOR_EN.split(found)
            for found in _LIST_EN.findall(sentence.split("respectively", maxsplit=1)[0])
        ]
        if len(lists) > 1 and len(lists[-1]) == len(lists[-2]) and all(map(_has_digit, lists[-1])):
            yield from zip(lists[-2], lists[-1], strict=True)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _values(text: str) -> list[str]:
    """The values that a text begins with."""
    found = re.split("[，,]|" + _SEPARATOR_ZH.pattern, _CLAUSE_END.split(text, maxsplit=1)[0])
    return found[: next((at for at, one in enumerate(found) if not _has_digit(one)), None)]


def takes_another(question: str, answer: str, sentence: str) -> bool:
    """Whether an answer is the value of another listed name than the question asks about.

    Args:
        question: The pair's question.
        answer: The model's wording.
        sentence: The source sentence that grounds it.
    """
    if not _has_digit(answer):
        return False
    listed = listed_values(sentence)
    if not listed:
        return False
    given, asked = fold(answer).text, " ".join(flatten(question).split())
    values = [fold(value).text for _, value in listed]
    mine = {
        at
        for at, value in enumerate(values)
        if _has_digit(value) and (_begins(given, value) or _begins(value, given))
    }
    names = [" ".join(flatten(name).split()) for name, _ in listed]
    named = {at for at in range(len(names)) if _is_named(names, at, asked)}
    return bool(mine and named) and not mine & named


def _is_named(names: list[str], at: int, asked: str) -> bool:
    """Whether a question has the end of a name, by which it differs from the other names.

    What leads in to a name stands before it, so that its end is what is sure.
    """
    name = names[at]
    shared = max(_common_end(name, other) for other in {*names[:at], *names[at + 1 :]} | {""})
    for size in range(len(name), max(shared, 1), -1):
        end = name[-size:]
        if end in asked and not runs_on(name, len(name) - size):
            place = asked.find(end)
            return not (runs_on(asked, place) or runs_on(asked, place + size))
    return False


def _common_end(one: str, other: str) -> int:
    size = 0
    while size < min(len(one), len(other)) and one[-1 - size] == other[-1 - size]:
        size += 1
    return size


def _begins(one: str, other: str) -> bool:
    """Whether one text begins with another at the end of a number: 67 of 67个, not of 675."""
    return bool(other) and one.startswith(other) and not one[len(other) :][:1].isdigit()
