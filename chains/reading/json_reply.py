"""Pairs read from a reply in JSON, whole or broken, wherever it stands in the text."""

from __future__ import annotations

import json
import re
from typing import Any

from .findings import NOTHING_FOUND, Findings, Tail
from .members import Members, PairCollector, strings
from .mending import mend

_OPENING = re.compile(r"\{(?=\s*[\"}])|\[(?=\s*[\"\[{])")
_MAYBE_NAMED = re.compile("[\"'“‘`]|[{,]\\s{0,20}\\w")
_DECODER = json.JSONDecoder(
    strict=False, object_pairs_hook=Members, parse_int=str, parse_float=str, parse_constant=str
)
# What the strict decoder may do in vain before only mending is tried, in characters read: this
# keeps hostile replies linear. A failure costs some itself, and counts the lines before it.
_VAIN_LENGTHS = 4
_VAIN_AT_LEAST = 200_000
_FAILURE = 500
_DEPTH = 20_000


def read_json(text: str) -> Findings:
    """Pairs from every piece of JSON in a reply, in its order; none where there is no JSON.

    Objects that a strict decoder takes are read as they are, the text between them by their
    quoted names, so that one broken object costs no other.

    Args:
        text: A cleaned reply.
    """
    if not _MAYBE_NAMED.search(text):
        return NOTHING_FOUND
    collector = PairCollector()
    start, position = -1, 0
    for begin, end, value in _pieces(text):
        if not _structured(value):
            continue
        mend(text, position, begin, collector)
        if start < 0:
            start = begin if collector.first < 0 else collector.first
        collector.take(value)
        position = end
    tail = mend(text, position, len(text), collector)
    if start < 0:
        start = max(collector.first, 0)
    return Findings(collector.pairs, start, _tail(collector, tail), collector.unanswered)


def wrapped_words(text: str) -> str:
    """The texts inside a reply that is one piece of JSON, a paragraph each; empty for any other.

    Args:
        text: A cleaned reply.
    """
    if text[:1] not in ("{", "[", '"'):
        return ""
    value = _decoded(text)
    return "" if value is None else "\n\n".join(strings(value))


def _structured(value: Any) -> bool:
    """Whether a value may hold pairs; a list of mere words belongs to the object around it."""
    return isinstance(value, Members) or any(isinstance(inner, list) for inner in value)


def _tail(collector: PairCollector, mended: Tail) -> Tail:
    return "dropped" if collector.pending else mended


def _pieces(text: str) -> list[tuple[int, int, Any]]:
    """Begin, end and value of what a strict decoder takes, left to right, none inside another."""
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
