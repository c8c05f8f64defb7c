"""Reads pairs from lines of keys and values: YAML, TOML, INI."""

from __future__ import annotations

import re
from typing import NamedTuple

from .findings import NOTHING_FOUND, Findings, Tail
from .json_pairs import unescaped
from .json_walk import PairCollector, role_of

_KEY = re.compile(
    r"^(?P<lead>[ \t]*(?:- +)*)(?P<quote>[\"']?)(?P<key>[a-z_]\w{0,23}|[\u4e00-\u9fff]{1,8})"
    r"(?P=quote)[ \t]{0,8}(?P<sign>:(?= |$)|=)[ \t]*(?P<value>[^\n]*)$",
    re.MULTILINE,
)
# What marks a reply as data: its fence, an item's key with another key below it, a table's head.
_DATA = re.compile(
    r"^ *```(?:ya?ml|toml|ini|properties|conf)\b"
    r"|^ *- +[\"']?[a-z_]\w{0,23}[\"']?:[^\n]*\n(?: *#[^\n]*\n)*"
    r" +[\"']?[a-z_]\w{0,23}[\"']?:(?: |$)"
    r"|^ *\[\[?[\w .-]{1,40}\]?\]$|^[a-z]\w{0,23} *= *[\"']",
    re.MULTILINE,
)
_BLOCK = re.compile(r"(?P<fold>[|>])[+-]?\d?\Z")
_ITEM = re.compile(r"^ *- +", re.MULTILINE)
_LONG = ('"""', "'''")


class _Value(NamedTuple):
    """A value's text, None if it was cut; the offset behind it, and whether it was closed."""

    text: str | None
    end: int
    closed: bool


def read_mappings(text: str) -> Findings:
    """Pairs from keys that mean questions and answers, their values unquoted and unfolded.

    Args:
        text: A cleaned reply.
    """
    if not _DATA.search(text):
        return NOTHING_FOUND
    collector = PairCollector()
    start, end, position = -1, 0, 0
    tail: Tail = "closed"
    while mark := _KEY.search(text, position):
        position = mark.end()
        role = role_of(mark["key"])
        if role not in ("question", "answer"):
            continue
        if not mark["value"].strip() and _KEY.match(text, position + 1):
            continue  # the head of all pairs, not of one question
        value = _value(text, mark)
        position = max(value.end, position)
        start = mark.start() if start < 0 else start
        before = len(collector.pairs)
        if value.text is None:
            tail = "dropped"
        elif role == "question":
            collector.ask(value.text)
        else:
            collector.answer(value.text)
        if len(collector.pairs) > before:
            end = value.end
            tail = "closed" if value.closed or value.end < len(text) else "open"
    tail = "dropped" if collector.pending else tail
    return Findings(collector.pairs, max(start, 0), tail, collector.unanswered, end)


def _value(text: str, mark: re.Match[str]) -> _Value:
    said = mark["value"].rstrip()
    quote = next((long for long in _LONG if said.startswith(long)), said[:1])
    if quote in ('"', "'", *_LONG) and mark["value"]:
        return _quoted(text, mark.start("value"), quote)
    deeper, end = _deeper(text, mark)
    block = _BLOCK.match(said)
    if block:
        folded = re.sub(r"(?<!\n)\n(?!\n)", " ", deeper) if block["fold"] == ">" else deeper
        return _Value(folded, end, closed=False)
    if not said and _ITEM.match(deeper):
        return _Value(_ITEM.sub("", deeper), end, closed=False)
    joined = " ".join([said, *(line.strip() for line in deeper.splitlines())]).strip()
    return _Value("" if joined in ("null", "~") else joined, end, closed=False)


def _quoted(text: str, begin: int, quote: str) -> _Value:
    """A quoted value, which ends where its quote stands at the end of a line."""
    ends = re.compile(rf"(?<!\\){re.escape(quote)}[ \t]*,?[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
    close = ends.search(text, begin + len(quote))
    if not close:
        return _Value(None, len(text), closed=False)
    said = text[begin + len(quote) : close.start()].strip("\n")
    said = said.replace("''", "'") if quote[0] == "'" else unescaped(said)
    return _Value(said, close.end(), closed=True)


def _deeper(text: str, mark: re.Match[str]) -> tuple[str, int]:
    """The lines below a key that are indented more than it, without their indent."""
    column = len(mark["lead"])
    lines: list[str] = []
    position = mark.end()
    while position < len(text):
        stop = text.find("\n", position + 1)
        stop = len(text) if stop < 0 else stop
        line = text[position + 1 : stop]
        if line.strip() and len(line) - len(line.lstrip()) <= column:
            break
        lines.append(line)
        position = stop
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    while lines and not lines[-1].strip():
        position -= len(lines.pop()) + 1
    return "\n".join(line[indent:] for line in lines), position
