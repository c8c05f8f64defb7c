"""Hostile text four times as long takes about four times as long, in everything that reads text."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from langchain_core.documents import Document

from chains.errors import ReplyError
from chains.parsing.parser import PairParser
from loaders import split
from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.source_text import SourceText
from pairs.text.normalise import normalise

SIZE = 8_000  # characters, where a quadratic step is already felt
WORST = 9.0  # times as long for four times as much: linear is 4, quadratic 16
FELT = 0.05  # seconds below which a measurement says nothing

HOSTILE = {
    "openers": "{[(“‘《",
    "closers": "}])”’》",
    "quotes": '"',
    "backslashes": "\\",
    "question marks": "Q: A: ",
    "chinese labels": "问：答：",
    "numbered": "1. 2. 3. ",
    "blank": " \t",
    "line ends": "\r\n",
    "no end": "a",
    "no end, chinese": "的",
    "digits": "9",
    "thousands": "1,000,",
    "chinese numerals": "一万亿零",
    "points": "1.1.",
    "dates": "2023年1月",
    "percents": "百分之",
    "bars": "| ",
    "rules": "|-",
    "fences": "```json\n",
    "headings": "# ",
    "tags": "<a href=",
    "entities": "&#",
    "combining": "e\u0301",
    "halfwidth": "ｶﾞ",
    "zero width": "\u200b",
    "json pairs": '{"question":"',
    "escaped": '\\"',
    "negations": "不得不非未无",
    "sentences": "A. b? C! 甲。乙？",
    "ellipses": "…。",
    "role tokens": "<|user|>",
    "think": "<think>",
    "dashes": "——--",
    "initials": "U.S.A. ",
    "urls": "http://a.b/",
}


def read_reply(text: str) -> None:
    with suppress(ReplyError):
        PairParser().parse(text)


def read_lines(text: str) -> None:
    read_reply(f"Q: What? A: That.\n问：什么？\n答：{text}")


def cut(text: str) -> None:
    for _ in split([Document(page_content=text, metadata={"source": "a", "start": 0})]):
        pass


def prove(text: str) -> None:
    chunk = Chunk(
        id="a", index=0, text=text or " ", span=Span(start=0, end=len(text) or 1), source="a"
    )
    passage = Passage(chunk, (), SourceText(text))
    for question, answer in (("What is it?", "nothing 5 of 二十 kind"), ("哪里？", text[:200])):
        evidence = passage.ground(question, answer)
        reason_against(question, answer, evidence, "strict")


READERS: dict[str, Callable[[str], object]] = {
    "reply": read_reply,
    "reply among lines": read_lines,
    "splitter": cut,
    "normaliser": normalise,
    "evidence": prove,
}


def seconds(reader: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    reader(text)
    return time.process_time() - started


@pytest.mark.parametrize("reader", READERS, ids=str)
@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_reading_is_linear(reader: str, hostile: str) -> None:
    unit, read = HOSTILE[hostile], READERS[reader]
    short = (unit * SIZE)[:SIZE]
    long = (unit * SIZE * 4)[: SIZE * 4]
    # Three tries, since another process may take the processor's caches away.
    for _ in range(3):
        before = seconds(read, short)
        after = seconds(read, long)
        if after <= max(FELT, WORST * before):
            return
    pytest.fail(f"{len(short)} characters: {before:.3f} s, {len(long)}: {after:.3f} s")
