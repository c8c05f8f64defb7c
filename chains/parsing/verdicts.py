"""Reads a judge's reply: a verdict for each numbered pair, and the couples that ask the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any
from unicodedata import numeric

from .cleaning import clean

__all__ = ["Said", "Verdicts", "read_verdicts"]

_LABELS = "quote|evidence|proof|reason|because|原[文话]|引文|依据|证据|理由|原因|因为"
_YES = "yes|correct|right|true|supported|ok|是的?|对的?|正确|成立|符合|属实"
_NO = (
    "no|not\\s+(?:correct|right|supported)|incorrect|wrong|false|unsupported"
    "|不是|不对|不正确|不成立|不符合?|不属实|否|错误?|有误"
)
_END = rf"(?![a-z])(?:(?![\u4e00-\u9fff])|(?={_LABELS}))"  # 是 is no verdict in 是否
_VERDICT = rf"(?:(?P<no>(?:{_NO}){_END}|[✗✘❌×])|(?:{_YES}){_END}|[✓✔✅√])"
_LABEL = r"(?:verdict|judge?ment|answer|result|判断|判定|结论|结果|回答)\s{0,3}[:：]\s{0,3}"
_BETWEEN = r"[\s.．。)\]】）>、:：|｜,，;；*_\-—=→\"'`]"
_NUMBER = (
    r"(?:pair|no\.?|number|item|q(?:uestion)?|第|编号|问答对?|问题?)?[ \t]{0,3}#?"
    rf"(?:(?P<number>\d{{1,4}})\s{{0,3}}[对条组]?{_BETWEEN}{{1,12}}"
    rf"|(?P<circled>[①-⑳]){_BETWEEN}{{0,12}})"
)
_ENTRY = re.compile(
    rf"(?:(?P<line>\A|\n)[\s>*_#\-|｜(\[{{【（\"'`]{{0,8}}|[\s;；,，|｜][\"'`]?){_NUMBER}"
    rf"(?:{_LABEL})?[\s*_\"'`\[【(（]{{0,4}}{_VERDICT}",
    re.IGNORECASE,
)
_COUPLES = re.compile(
    r"\d{1,4}(?:\s{0,3}(?:==?|＝|和|与|同|and|&)\s{0,3}#?\d{1,4})+", re.IGNORECASE
)
_SAME_LINE = re.compile(
    r"(?:\A|\n)[\s>*_#\-|｜\"'`]{0,8}(?:same|duplicates?|equal|equivalent|相同|重复|同义|等同)"
    r"[^\n:：]{0,20}[:：]?(?P<rest>[^\n]{0,4000})",
    re.IGNORECASE,
)
_ONLY_COUPLES = re.compile(r"[\s>*_#\-]{0,8}\d{1,4}\s{0,3}(?:==?|＝)\s{0,3}#?\d{1,4}\s{0,3}\.?")
_AFTER_VERDICT = re.compile(
    rf"[\s.,，。;；:：|｜*_\]】)）\-–—→]{{0,12}}(?:(?:{_LABELS})\s{{0,3}}[:：]?\s{{0,3}})?",
    re.IGNORECASE,
)
_IS_VERDICT = re.compile(_VERDICT, re.IGNORECASE)
_JSON = re.compile(r"(?:\A|\n|```(?:json)?)\s{0,9}(?=[\[{])", re.IGNORECASE)
_OPENING = re.compile(r"[\[{]")
_INNERMOST = re.compile(r"\{[^{}]*\}")
_QUOTES = ("“”", "「」", "『』", '""', "''", "‘’", "``", "«»", "《》")
_NOTHING = re.compile(r"\W*(?:none|nothing|n/?a|无|没有)?\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """One verdict: whether the pair is right, and a quote that proves it, or what is wrong."""

    yes: bool
    words: str = ""


@dataclass(frozen=True)
class Verdicts:
    """What a reply says.

    Attributes:
        said: Verdicts by number; a number with two that contradict each other has none.
        same: Couples of numbers said to ask the same, the smaller first.
        compared: Whether the reply says what is the same, be it nothing.
        last: The last number with a verdict, after which a truncated reply was cut off.
    """

    said: dict[int, Said] = field(default_factory=dict)
    same: frozenset[tuple[int, int]] = frozenset()
    last: int = 0
    compared: bool = False


def read_verdicts(reply: str, count: int) -> Verdicts:
    """The verdicts and couples of a reply; numbers that were not asked about are left out.

    Args:
        reply: The model's text, any string at all.
        count: Pairs in the list, numbered from 1.
    """
    text = _from_json(clean(reply).text)
    entries = list(_entries(text, count))
    said: dict[int, Said] = {}
    contradicted: set[int] = set()
    last = 0
    for at, found in enumerate(entries):
        end = entries[at + 1].start() if at + 1 < len(entries) else len(text)
        last = _number(found)
        verdict = Said(yes=found["no"] is None, words=_words(text[found.end() : end]))
        if said.setdefault(last, verdict).yes != verdict.yes:
            contradicted.add(last)
    for number in contradicted:
        del said[number]
    same = frozenset(_couples(text, count))
    return Verdicts(said, same, last, compared=bool(same or _SAME_LINE.search(text)))


def _entries(text: str, count: int) -> Iterator[re.Match[str]]:
    """Where numbers with a verdict stand: at the beginning of lines, or else all in one line."""
    entries = [found for found in _ENTRY.finditer(text) if 1 <= _number(found) <= count]
    at_lines = [found for found in entries if found["line"] is not None]
    if len(at_lines) > 1:
        entries = at_lines  # inside a line a number and a yes may be part of a quote
    expected = None
    for found in entries:
        in_turn = _number(found) == expected
        if found["line"] is not None or in_turn:
            expected = _number(found) + 1
            yield found


def _number(entry: re.Match[str]) -> int:
    return int(entry["number"] or numeric(entry["circled"]))


def _words(text: str) -> str:
    """The words behind a verdict, up to the end of their line, without label and quotes."""
    behind = text[_AFTER_VERDICT.match(text).end() :] if text else ""  # type: ignore[union-attr]  # matches anything
    line = behind.strip().partition("\n")[0].strip().strip("|｜*_").strip()
    for marks in _QUOTES:
        if len(line) > 1 and line[0] == marks[0]:
            inside, closed, _ = line[1:].rpartition(marks[-1])
            line = inside if closed else line[1:]
            break
    return "" if _NOTHING.fullmatch(line) else line.strip()


def _couples(text: str, count: int) -> Iterator[tuple[int, int]]:
    stretches = [found["rest"] for found in _SAME_LINE.finditer(text)]
    stretches += [line for line in text.split("\n") if _ONLY_COUPLES.fullmatch(line)]
    for stretch in stretches:
        for found in _COUPLES.finditer(stretch):
            numbers = sorted({int(digits) for digits in re.findall(r"\d+", found.group())})
            yield from combinations([one for one in numbers if 1 <= one <= count], 2)


def _from_json(text: str) -> str:
    """A reply with its JSON values as lines; any other reply as it is."""
    begin = _JSON.search(text)
    if begin is None:
        return text
    values, rest = _values(text, begin.end())
    lines = [line for value in values for line in _lines(value)]
    return "\n".join([*lines, rest]) if lines else text


def _values(text: str, at: int) -> tuple[list[Any], str]:
    """The JSON values from a place on, of one cut off its complete objects; and all other text."""
    decoder, values = json.JSONDecoder(), []
    outside, place = [], 0
    opening = _OPENING.search(text, at)
    while opening:
        try:
            value, end = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            break
        values.append(value)
        outside.append(text[place : opening.start()])
        place = end
        opening = _OPENING.search(text, place)
    for found in _INNERMOST.finditer(text, place):
        with suppress(ValueError):
            values.append(json.loads(found.group()))
            outside.append(text[place : found.start()])
            place = found.end()
    return values, "\n".join([*outside, text[place:]])


def _lines(value: Any, depth: int = 0) -> Iterator[str]:
    """Lines as the prompt asks for them, from the objects of a JSON value."""
    if depth > 8:  # deeper than any list of verdicts
        return
    if isinstance(value, list):
        for one in value:
            yield from _lines(one, depth + 1)
    elif isinstance(value, dict):
        plain = {str(key): _plain(one) for key, one in value.items() if _is_plain(one)}
        yield _line(plain)
        for key, one in value.items():
            if isinstance(one, dict) and key.isdigit():  # {"1": {"verdict": ...}}
                yield from _lines({"number": key, **one}, depth + 1)
            elif not _is_plain(one):
                yield from _lines(one, depth + 1)


def _is_plain(value: Any) -> bool:
    """Whether a JSON value stands on one line: no object, and no list of objects."""
    if isinstance(value, list):
        return all(isinstance(one, str | int | float) for one in value)
    return not isinstance(value, dict)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return " ".join(text.split())  # on one line


def _line(fields: dict[str, str]) -> str:
    """One object as a line: its number first, its verdict next, then its words.

    An object without a number of its own has numbers, or names such as ``same``, for keys.
    """
    number = next((value for value in fields.values() if value.strip().isdigit()), None)
    if number is None or len(fields) == 1:
        named = "question" in fields and "answer" in fields  # bound to the schema of pairs
        rows = [(fields["question"], fields["answer"])] if named else list(fields.items())
        return "\n".join(f"{key}: {value}" for key, value in rows)
    rest = [value for value in fields.values() if value != number]
    rest.sort(key=lambda value: not _IS_VERDICT.match(value))
    return f"{number}. {' | '.join(rest)}"
