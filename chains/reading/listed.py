"""Pairs read from a list without labels: a question line, and below or behind it its answer."""

from __future__ import annotations

import re
from typing import NamedTuple

from .findings import NOTHING_FOUND, Findings, Tail
from .labels import number_of, plain
from .options import offered
from .trimming import ends_as_question, without_summary

_ASKED = re.compile(
    r"^ *(?P<lead>(?:#{1,6} *)?[>*_ ]{0,4}(?:(?P<number>[(]?(?:\d{1,4}|[一二三四五六七八九十]{1,3}"
    r"|[①-⑳])[.)、:]?(?!\d))|(?P<bullet>[-+•·●▪◆■○❓]|\*(?!\*)))?[*_ ]{0,4})"
    r"(?P<question>[^\n?]*\?[?!\"'”’」』)*_]{0,6})(?P<rest>[^\n]*)$",
    re.MULTILINE,
)
_JOINT = re.compile(r"^[ \t]*(?:->|=>|[-–—:：→|]+)[ \t]*")
_PARENTHESISED = re.compile(r"^[ \t]*[(（](?P<inner>.*)[)）][ \t.。]*$", re.DOTALL)


class _Item(NamedTuple):
    start: int
    question: str
    rest: tuple[int, int]
    style: str
    number: int


def read_lists(text: str) -> Findings:
    """Pairs from a list of questions that are answered in place; none from questions alone.

    Args:
        text: A cleaned reply.
    """
    shadow = plain(text)
    items = _items(text, shadow)
    if not items:
        return NOTHING_FOUND
    ends = [item.start for item in items[1:]] + [len(text)]
    behind = [text[slice(*item.rest)].strip(" *_") for item in items]
    spoken = [bool(words) and not ends_as_question(words) for words in behind]
    if 5 * sum(spoken) >= 4 * len(items) and (len(items) > 1 or _joined(behind[0])):
        return _behind(text, items, ends, behind, spoken)
    return _below(text, items, ends)


def _items(text: str, shadow: str) -> list[_Item]:
    """The questions of the list: all of the first one's style, in count where it is numbered."""
    found: list[_Item] = []
    for mark in _ASKED.finditer(shadow):
        lead = mark["lead"]
        style = "number" if mark["number"] else "heading" if "#" in lead else "bullet" if mark[
            "bullet"] else "bold" if "**" in lead else "plain"  # fmt: skip
        number = number_of((mark["number"] or "").strip("().、: "))
        if found and (style != found[0].style or (number and number != found[-1].number + 1)):
            continue
        if style == "plain" and shadow[max(0, mark.start() - 2) : mark.start()].strip("\n"):
            continue
        if style == "plain" and shadow[max(0, mark.start() - 2) : mark.start()] not in ("", "\n\n"):
            continue
        found.append(
            _Item(
                mark.start(), text[slice(*mark.span("question"))], mark.span("rest"), style, number
            )
        )
    if found and found[0].style == "plain" and len(found) < 2:
        return []
    return found


def _joined(rest: str) -> bool:
    return bool(_PARENTHESISED.match(rest) or _JOINT.match(rest))


def _behind(
    text: str, items: list[_Item], ends: list[int], behind: list[str], spoken: list[bool]
) -> Findings:
    pairs: list[tuple[str, str]] = []
    for item, end, words, said in zip(items, ends, behind, spoken, strict=True):
        if not said:
            continue
        if _PARENTHESISED.match(words):
            answer = _PARENTHESISED.sub(lambda mark: mark["inner"], words)
        else:
            answer = _JOINT.sub("", words) + text[item.rest[1] : end].rstrip()
        pairs.append((item.question, answer))
    missing = len(items) - len(pairs)
    return Findings(pairs, items[0].start, "open" if spoken[-1] else "dropped", missing)


def _below(text: str, items: list[_Item], ends: list[int]) -> Findings:
    answers = [text[item.rest[0] : end] for item, end in zip(items, ends, strict=True)]
    answers[-1] = without_summary(answers[-1])
    before = [bool(answer.strip(" \n*_")) and not offered(answer) for answer in answers]
    others = before[:-1]
    if others and 2 * sum(others) < len(others):
        return Findings([], items[0].start, "closed", len(items))
    if not others and (items[0].style == "plain" or answers[0].startswith("\n\n")):
        return Findings([], items[0].start, "closed", 1)
    pairs = [
        (item.question, answer)
        for item, answer, said in zip(items, answers, before, strict=True)
        if said
    ]
    tail: Tail = "open" if before[-1] else "dropped"
    return Findings(pairs, items[0].start, tail, len(items) - len(pairs))
