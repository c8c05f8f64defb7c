"""Reads pairs from unlabelled lists of questions with answers, and numbered lists."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from .choices import keyed, offered, without_options
from .findings import NOTHING_FOUND, Findings, Tail
from .labels import NUMERAL, number_of, plain
from .trimming import ends_as_question, without_summary

_ASKED = re.compile(
    r"^ *(?P<lead>(?:#{1,6} *)?[>*_ ]{0,4}(?:(?P<number>[(]?(?:\d{1,4}|[一二三四五六七八九十]{1,3}"
    r"|[①-⑳])[.)、:]?(?!\d))|(?P<bullet>[-+•·●▪◆■○❓]|\*(?!\*)))?[*_ ]{0,4})"
    r"(?P<question>[^\n?]*\?[?!\"'”’」』)*_]{0,6})(?P<rest>[^\n]*)$",
    re.MULTILINE,
)
_ANSWERS = re.compile(
    r"^[^\n?.。:]{0,24}(?:答案|回答|解答|answers?|key|solutions?|responses?)[^\n?.。:]{0,12}(?::|$)",
    re.IGNORECASE | re.MULTILINE,
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
    """Pairs from a list of questions each followed by its answer; none from questions alone.

    Args:
        text: A cleaned reply.
    """
    shadow = plain(text)
    items = _items(text, shadow)
    if not items:
        return NOTHING_FOUND
    ends = [item.start for item in items[1:]] + [len(text)]
    behind = [text[slice(*item.rest)].strip() for item in items]
    spoken = [
        bool(words) and not ends_as_question(words) and not offered(words) for words in behind
    ]
    whole = spoken if spoken[-1] else spoken[:-1]
    if whole and 5 * sum(spoken) >= 4 * len(whole) and (len(items) > 1 or _joined(behind[0])):
        return _behind(text, items, ends, behind, spoken)
    return _under_a_heading(text, shadow, items) or _below(text, items, ends)


def _items(text: str, shadow: str) -> list[_Item]:
    """The questions of the list: all in the first one's style, in sequence if it is numbered."""
    found: list[_Item] = []
    for mark in _ASKED.finditer(shadow):
        lead = mark["lead"]
        style = "number" if mark["number"] else "heading" if "#" in lead else "bullet" if mark[
            "bullet"] else "bold" if "**" in lead else "plain"  # fmt: skip
        number = number_of((mark["number"] or "").strip("().、: "))
        if found and (style != found[0].style or (number and number != found[-1].number + 1)):
            continue
        apart = shadow[max(0, mark.start() - 2) : mark.start()] in ("", "\n\n")
        if style == "plain" and not (apart or _JOINT.match(mark["rest"])):
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
        below = text[item.rest[1] : end].rstrip()
        inside = _PARENTHESISED.match(words)
        if inside:  # options may stand below the letter of one
            pairs.append(without_options(item.question + below, inside["inner"]))
        else:
            pairs.append((item.question, _JOINT.sub("", words) + below))
    missing = len(items) - len(pairs)
    return Findings(pairs, items[0].start, "open" if spoken[-1] else "dropped", missing)


def _under_a_heading(text: str, shadow: str, items: list[_Item]) -> Findings | None:
    """Pairs by number from a list of questions and, under a heading, one of their answers."""
    heading = _ANSWERS.search(shadow, items[-1].rest[0])
    if not heading:
        return None
    ends = [item.start for item in items[1:]] + [heading.start()]
    asked = {
        item.number: item.question + text[item.rest[0] : end]
        for item, end in zip(items, ends, strict=True)
    }
    key = keyed(text[heading.end() :])
    answers = key or numbered_items(text, shadow, heading.end(), len(text), asked)
    pairs = [
        without_options(asked[number], answers[number]) for number in asked if number in answers
    ]
    return Findings(pairs, items[0].start, "open", len(items) - len(pairs)) if pairs else None


def _below(text: str, items: list[_Item], ends: list[int]) -> Findings:
    answers = [text[item.rest[0] : end] for item, end in zip(items, ends, strict=True)]
    answers[-1] = without_summary(answers[-1])
    ticked = [
        without_options(item.question + answer, "")
        for item, answer in zip(items, answers, strict=True)
    ]
    if all(answer for _, answer in ticked):
        return Findings(ticked, items[0].start, "open")
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


_ITEM = re.compile(
    rf"^ *[>#*_\- ]{{0,8}}[(]?(?P<number>{NUMERAL})[.)、:](?!\d)[*_ ]{{0,4}}", re.MULTILINE
)
_ASKING = re.compile(r"^ *(?P<lead>[>#*_\-+•·●▪◆■○ ]{0,8})(?P<text>\S[^\n]*)$", re.MULTILINE)
_OPTION = re.compile(r"^ *[\-* ]{0,4}[(]?[a-h][.)、:]", re.IGNORECASE)


def list_spans(
    shadow: str, begin: int, end: int, asked: Collection[int] = ()
) -> dict[int, tuple[int, int]]:
    """The spans of a list's items by number, if the span begins with item 1; else none.

    Args:
        shadow: The cleaned reply, normalised by ``plain``.
        begin: Start of the span.
        end: End of the span, exclusive.
        asked: The numbers of the questions to which it is the answers: it may leave some out.
    """
    spans: dict[int, tuple[int, int]] = {}
    last = 0
    for mark in _ITEM.finditer(shadow, begin, end):
        number = number_of(mark["number"])
        first = number == 1 or number in asked
        if not spans and (not first or shadow[begin : mark.start()].strip(" \n*_#:")):
            return {}
        if number == last + 1 or (number > last and number in asked):
            if spans:
                spans[last] = (spans[last][0], mark.start())
            spans[number] = (mark.end(), end)
            last = number
    return spans


def numbered_items(
    text: str, shadow: str, begin: int, end: int, asked: Collection[int] = ()
) -> dict[int, str]:
    """The items of a list by number, as for ``list_spans``."""
    return {n: text[slice(*span)] for n, span in list_spans(shadow, begin, end, asked).items()}


def list_before(shadow: str, begin: int, end: int) -> tuple[int, int, int] | None:
    """The start, again the start, and the end of the last numbered list in a span, or None.

    Args:
        shadow: The cleaned reply, normalised by ``plain``.
        begin: Start of the span.
        end: End of the span, exclusive.
    """
    starts = [
        mark.start()
        for mark in _ITEM.finditer(shadow, begin, end)
        if number_of(mark["number"]) == 1
    ]
    return (starts[-1], starts[-1], end) if starts else None


def question_before(shadow: str, begin: int, end: int) -> tuple[int, int, int] | None:
    """The offsets of the unlabelled question above an answer: its line, its text, its end.

    It is the last line that has a number or ends as a question, with nothing but options
    below it.

    Args:
        shadow: The cleaned reply, normalised by ``plain``.
        begin: Start of the text above the answer.
        end: Start of the answer's label.
    """
    position = end
    for _ in range(12):
        position = _line_start(shadow, begin, position)
        if position < 0:
            return None
        line_end = shadow.find("\n", position, end)
        line_end = end if line_end < 0 else line_end
        line = shadow[position:line_end]
        if not line.strip() or _OPTION.match(line):
            continue
        item = _ITEM.match(line)
        if item and number_of(item["number"]):
            return position, position + item.end(), line_end
        asking = _ASKING.match(line)
        if asking and asking["text"].rstrip(" *_").endswith("?"):
            return position, position + asking.start("text"), line_end
        return None
    return None


def _line_start(shadow: str, begin: int, end: int) -> int:
    """The offset of the line before an offset; -1 if there is none."""
    if end <= begin:
        return -1
    return max(shadow.rfind("\n", begin, max(end - 1, begin)) + 1, begin)
