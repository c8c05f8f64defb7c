"""Measures the time to ground an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench.grounding_cases import statement
from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage, SourceText

Row = dict[str, Any]
Preparing = Callable[[str], Passage]


def measure_speed(rows: list[Row], passage: Preparing) -> dict[str, float]:
    """Milliseconds per answer by kind of match, and seconds for a large document."""
    figures = {
        "exact and normalised, CPU ms": _verbatim_ms(rows, passage),
        "fuzzy, CPU ms": _fuzzy_ms(rows, passage),
    }
    figures["10,000 pairs over 2 MB, CPU s"] = _large_seconds(rows)
    return figures


def _verbatim_ms(rows: list[Row], passage: Preparing) -> float:
    cases = [(passage(r["context"]), r["question"], r["answer"]) for r in rows]
    cases += [(p, q, a.swapcase()) for p, q, a in cases]
    for one, question, _ in cases:
        one.ground(question, "warm up")
    begin = time.process_time()
    for one, question, answer in cases:
        one.ground(question, answer)
    return round((time.process_time() - begin) / len(cases) * 1000, 4)


def _fuzzy_ms(rows: list[Row], passage: Preparing) -> float:
    text = ""
    cases: list[tuple[str, str]] = []
    for row in rows:
        text = (text + row["context"])[-1500:]
        if len(text) == 1500 and len(cases) < 400:
            start = len(cases) * 2 % 1200
            answer = text[start : start + 20 + len(cases) % 200]
            cases.append((text, answer[: len(answer) // 2] + "※" + answer[len(answer) // 2 + 1 :]))
    for context, _ in cases:
        passage(context).ground("?", "warm up")
    begin = time.process_time()
    for context, answer in cases:
        passage(context).ground("?", answer)
    return round((time.process_time() - begin) / max(len(cases), 1) * 1000, 4)


def _large_seconds(rows: list[Row]) -> float:
    """A document of 2 MB whose chunks are the contexts: 10,000 pairs, half put as sentences.

    One pair in twenty is asked of another chunk than its own, so that the whole file is searched.
    """
    by_context: dict[str, list[Row]] = {}
    for row in rows:
        by_context.setdefault(row["context"], []).append(row)
    text, parts = "", []
    while len(text.encode()) < 2_000_000:
        for context in by_context:
            parts.append((context, len(text)))
            text += context + "\n"
    document = SourceText(text)
    begin, done = time.process_time(), 0
    while done < 10_000:
        for context, at in parts:
            span = Span(start=at, end=at + len(context))
            chunk = Chunk(id="0", index=0, text=context, span=span, source="large")
            one = Passage(chunk, (), document)
            for row in by_context[context]:
                asked = rows[done % len(rows)] if done % 20 == 0 else row
                said = statement(asked["question"], asked["answer"], asked["lang"])
                one.ground(asked["question"], said if said and done % 2 else asked["answer"])
                done += 1
    return round((time.process_time() - begin) / done * 10_000, 2)
