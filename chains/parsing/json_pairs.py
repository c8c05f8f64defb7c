"""Reads pairs from JSON replies, broken JSON included, without inventing text."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

from .findings import NOTHING_FOUND, Findings, Tail
from .json_walk import Members, PairCollector, role_of, strings

_OPENING = re.compile(r"\{(?=\s*[\"}])|\[(?=\s*[\"\[{])")
_MAYBE_NAMED = re.compile("[\"'“‘`]|[{,]\\s{0,20}\\w")
_DECODER = json.JSONDecoder(
    strict=False, object_pairs_hook=Members, parse_int=str, parse_float=str, parse_constant=str
)
# Characters the strict decoder may read in vain before only the tolerant reader is used: this
# keeps hostile replies linear. A failure costs some itself, and counts the lines before it.
_VAIN_LENGTHS = 4
_VAIN_AT_LEAST = 200_000
_FAILURE = 500
_DEPTH = 20_000


def read_json(text: str) -> Findings:
    """Pairs from all JSON values in a reply, in order; none if there is no JSON.

    Values that a strict decoder accepts are read as they are, the text between them by its
    quoted names, so that one broken object does not affect others.

    Args:
        text: A cleaned reply.
    """
    if not _MAYBE_NAMED.search(text):
        return NOTHING_FOUND
    if "/" in text or "#" in text:
        text = _COMMENT.sub(lambda mark: " " * len(mark[0]), text)
    text = literal(text)
    collector = PairCollector()
    start, position, opened = -1, 0, False
    for begin, end, value in _pieces(text):
        if not _structured(value):
            continue
        opened = opened or text[:begin].rstrip().endswith("[")
        mend(text, position, begin, collector)
        if start < 0:
            start = begin if collector.first < 0 else collector.first
        collector.take(value)
        position = end
    read = len(collector.pairs)
    tail = mend(text, position, len(text), collector)
    rest = text[position:].lstrip()
    if tail == "closed" and opened and "]" not in rest and rest.startswith((",", "，")):
        tail = "dropped"  # a list that goes on and is not closed breaks off
    if start < 0:
        start = max(collector.first, 0)
    end = position if read == len(collector.pairs) and not collector.pending else 0
    pairs = [(written(question), written(answer)) for question, answer in collector.pairs]
    return Findings(pairs, start, _tail(collector, tail), collector.unanswered, end)


# Comments behind a comma or bracket, in front of the next name, value or bracket.
_COMMENT = re.compile(
    r"(?<=[,{\[}\]])\s*(?:(?://|#)[^\n\"]*\n\s*|/\*[^\"]{0,400}?\*/\s*)+(?=[\"'“{}\[\]\w])"
)
_STRING = re.compile(r"(?:[^\"\\]|\\.)+", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<path>[A-Za-z]:(?:\\[\w .-]+)+)|\\(?P<letter>.)(?P<rest>[A-Za-z]*)", re.DOTALL
)
_COMMANDS = frozenset(
    "neq ne nu nabla not notin neg newline nolimits nmid ngeq nleq nexists nearrow times theta tan"
    " tanh tau text textbf textit textrm to top triangle tilde tfrac rho right rightarrow rangle"
    " rm rvert rceil rfloor rightleftharpoons".split()
)
_LITERAL = "\ue000"  # stands for a backslash that is no escape, so that offsets stay
_MATHS = re.compile(r"\$|\\[(\[]|\\[^\"\\/bfnrtu]|\\[bf][a-z]")


def literal(text: str) -> str:
    """A text of JSON, of the same length, whose backslashes of LaTeX and paths are no escapes."""
    return _STRING.sub(_without_escapes, text) if "\\" in text else text


def written(text: str) -> str:
    """A value read from ``literal``'s text, with its backslashes."""
    return text.replace(_LITERAL, "\\")


def _without_escapes(string: re.Match[str]) -> str:
    said = string[0]
    if "\\" not in said or re.search(r"\\\\[A-Za-z]", said):
        return said  # whoever doubles a backslash once knows how to write one
    maths = bool(_MATHS.search(said))

    def meant(token: re.Match[str]) -> str:
        letter, rest = token["letter"], token["rest"]
        if token["path"]:
            return token[0].replace("\\", _LITERAL)
        command = letter in "nrt" and maths and letter + rest in _COMMANDS
        form = letter in "bf" and rest[:1].islower()
        invalid = letter not in "\"\\/bfnrtu'" or (
            letter == "u" and not _UNICODE.match(said, token.start())
        )
        return f"{_LITERAL}{letter}{rest}" if command or form or invalid else token[0]

    return _TOKEN.sub(meant, said)


_UNICODE = re.compile(r"\\u[0-9a-fA-F]{4}")


def wrapped_words(text: str) -> str:
    """The strings in a reply that is one JSON value, as paragraphs; empty for other replies.

    Args:
        text: A cleaned reply.
    """
    if text[:1] not in ("{", "[", '"'):
        return ""
    value = _decoded(text)
    return "" if value is None else "\n\n".join(strings(value))


def _structured(value: Any) -> bool:
    """Whether a value may hold pairs; a list of strings belongs to the object around it."""
    return isinstance(value, Members) or any(isinstance(inner, list) for inner in value)


def _tail(collector: PairCollector, mended: Tail) -> Tail:
    return "dropped" if collector.pending else mended


def _pieces(text: str) -> list[tuple[int, int, Any]]:
    """Start, end and value of the outermost JSON values a strict decoder accepts, in order."""
    if text.startswith('"'):
        inner = _decoded(text)
        if inner is not None:
            return [(0, len(text), inner)]
    pieces: list[tuple[int, int, Any]] = []
    budget = _VAIN_LENGTHS * len(text) + _VAIN_AT_LEAST
    opening = _OPENING.search(text)
    while opening and budget > 0:
        place = opening.start()
        try:
            value, end = _DECODER.raw_decode(text, place)
            pieces.append((place, end, value))
        except json.JSONDecodeError as error:
            unterminated = error.msg.startswith("Unterminated")
            budget -= (len(text) if unterminated else error.pos) - place + place // 50 + _FAILURE
            end = place + 1
        except RecursionError:
            budget -= _DEPTH
            end = place + 1
        opening = _OPENING.search(text, end)
    return pieces


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


_NAME = re.compile(
    r"(?<![\\\w])[\"'“”‘’`「](?P<quoted>[^\"'“”‘’`「」\n:：{}\[\]]{1,24})[\"'“”‘’`」]"
    r"[ \t]{0,20}(?:[:：]|=>)"
    r"|(?<=[{,(])\s{0,20}(?P<bare>[^\W\d]\w{0,15})\s{0,4}(?:[:：]|=(?=\s?[\"']))(?=\s{0,20}[\"'“‘`\[\d])"
)
_ENDS = {
    quote: re.compile(rf"(?<!\\)[{closing}]\s*(?:[,，]\s*)?(?:[}}｝\]］)]|\Z)")
    for quote, closing in {
        '"': '"”', "“": "”\"", "'": "'’", "‘": "’'", "`": "`", "”": '"”', "’": "'’", "「": "」",
    }.items()
}  # fmt: skip
_SCALAR = re.compile(r"[^\"'“”{}\[\]]{1,400}?(?=\s*(?:[}\]]|[,，\n]\s*\Z))")
_ITEM = re.compile(r"(?<!\\)\"((?:[^\"\\]|\\.)*)\"|(?<!\\)'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\n", "b": "", "f": "\n"}
_BEFORE_A_NAME = "{,，｛[\"'“”‘’}]"


def mend(text: str, begin: int, end: int, collector: PairCollector) -> Tail:
    """Reads a span of broken JSON into the collector; returns how the span ends.

    A value counts only if its closing quote is followed by a comma, a brace, a bracket or
    the next name: a string that was cut off is dropped.

    Args:
        text: A cleaned reply.
        begin: Start of the span.
        end: End of the span, exclusive.
        collector: Receives the questions and answers.
    """
    names = [
        (mark.start(), mark.end(), mark["quoted"] or mark["bare"])
        for mark in _NAME.finditer(text, begin, end)
        if _structural(text, begin, mark)
    ]
    names.append((end, end, ""))
    tail: Tail = "closed"
    offering = False  # letters behind a name for options are options
    for (start, after, name), following in pairwise(names):
        role = role_of(name)
        offering = role == "options" or (offering and len(name) == 1)
        if role not in ("question", "answer") or offering:
            continue
        if role == "question" and text[after : following[0]].lstrip().startswith("["):
            break  # parallel lists, the second of which was cut
        if collector.first < 0:
            collector.first = start
        value, whole = _value(text[after : following[0]])
        if value is None:
            tail = "dropped" if following[0] == end else "closed"
            collector.answer("")
        elif role == "question":
            collector.ask(value)
        else:
            collector.answer(value)
            tail = "open" if not whole and following[0] == end else "closed"
    return tail


def _structural(text: str, begin: int, mark: re.Match[str]) -> bool:
    if mark["quoted"] is None:
        return role_of(mark["bare"]) is not None
    before = text[max(begin, mark.start() - 200) : mark.start()]
    bare = before.rstrip()
    if role_of(mark["quoted"]) is None:
        return bare[-1:] in ("{", ",")
    return not bare or bare[-1] in _BEFORE_A_NAME or "\n" in before[len(bare) :]


def _value(raw: str) -> tuple[str | None, bool]:
    """A value's text, None if it was cut off; and whether a brace or a name follows it."""
    raw = raw.strip()
    ends = _ENDS.get(raw[:1])
    if ends:
        close = ends.search(raw, 1)
        if not close:
            return None, False
        inside = raw[1 : close.start()]
        if raw.startswith('"""'):
            inside = inside.strip('"')
        return unescaped(inside), close[0][-1] in "}｝]］)"
    if raw.startswith("["):
        listed, closed, _ = raw.rpartition("]")
        items = [double or single for double, single in _ITEM.findall(listed)]
        return ("\n".join(map(unescaped, items)) if closed else None), bool(closed)
    scalar = _SCALAR.match(raw)
    if not scalar:
        return None, False
    return ("" if scalar[0] in ("null", "None") else scalar[0]), True


def unescaped(text: str) -> str:
    """A text with JSON's escapes resolved, once."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_meant, text)


def _meant(escape: re.Match[str]) -> str:
    letter = escape[1]
    if len(letter) > 1:
        return re.sub("[\ud800-\udfff]", "\ufffd", chr(int(letter[1:], 16)))
    return _ESCAPED.get(letter, letter)
