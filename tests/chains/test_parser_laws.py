"""Laws of reading a reply: total, faithful to what was written, blind to what stands around."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.errors import ReplyError
from chains.parsing.parser import PairParser
from chains.records import DraftPair

Pairs = list[tuple[str, str]]
Writer = Callable[[Pairs], str]

_ZH = "北京长江水利工程年度营收增加百分之人口大学研究所河流首都位于建成面积公里部门负责管理"
_WORDS = "river capital built city large system name found people house water model score"


@st.composite
def _sentence(draw: st.DrawFn, *, end: str) -> str:
    if draw(st.booleans()):
        words = draw(st.text(_ZH, min_size=2, max_size=16))
    else:
        chosen = draw(st.lists(st.sampled_from(_WORDS.split()), min_size=2, max_size=6))
        words = " ".join(chosen)
    number = draw(st.sampled_from(["", "1998", "3.5", "（2）", "20%", "10:30"]))
    return f"{words}{number}{end}"


_QUESTION = _sentence(end="？") | _sentence(end="?")
_ANSWER = _sentence(end="。") | _sentence(end=".") | _sentence(end="")
_PAIRS = st.lists(st.tuples(_QUESTION, _ANSWER), min_size=2, max_size=6)
_NUMERALS = "一二三四五六七八九十"


def _lines(form: str, between: str = "\n") -> Writer:
    def write(pairs: Pairs) -> str:
        return between.join(
            form.format(i=i + 1, z=_NUMERALS[i], q=question, a=answer)
            for i, (question, answer) in enumerate(pairs)
        )

    return write


def _rows(pairs: Pairs, *names: str) -> list[dict[str, str]]:
    return [dict(zip(names, pair, strict=True)) for pair in pairs]


def _table(pairs: Pairs) -> str:
    rows = [f"| {i} | {q} | {a} |" for i, (q, a) in enumerate(pairs, 1)]
    return "\n".join(["| 序号 | 问题 | 答案 |", "|---|---|---|", *rows])


def _two_lists(pairs: Pairs) -> str:
    questions = [f"{i}. {q}" for i, (q, _) in enumerate(pairs, 1)]
    answers = [f"{i}. {a}" for i, (_, a) in enumerate(pairs, 1)]
    return "\n".join(["Questions:", *questions, "", "Answers:", *answers])


_FORMATS: dict[str, Writer] = {
    "Question 1": _lines("Question {i}: {q}\nAnswer {i}: {a}", "\n\n"),
    "问题一": _lines("问题{z}：{q}\n答案{z}：{a}"),
    "问": _lines("问：{q}\n答：{a}"),
    "Q1": _lines("Q{i}：{q}\nA{i}：{a}"),
    "full width": _lines("Ｑ{i}：{q}\nＡ{i}：{a}"),
    "traditional": _lines("問題{i}：{q}\n答案{i}：{a}"),
    "bold": _lines("**问题{i}：** {q}\n**答案{i}：** {a}", "\n\n"),
    "headings": _lines("### Question {i}\n{q}\n\n### Answer {i}\n{a}", "\n\n"),
    "brackets": _lines("【问题{i}】{q}\n【答案{i}】{a}"),
    "numbered": _lines("{i}. {q}\n- {a}", "\n\n"),
    "numbered with answers": _lines("{i}. {q}\n答：{a}"),
    "bullets": _lines("- **Question**: {q}\n- **Answer**: {a}"),
    "one line each": _lines("{i}. 问题：{q} 答案：{a}"),
    "fields": _lines("问题：{q}\n答案：{a}\n难度：简单\n来源：第1段", "\n\n"),
    "tags": _lines("<question>{q}</question>\n<answer>{a}</answer>"),
    "speakers": _lines("User: {q}\nAssistant: {a}"),
    "table": _table,
    "two lists": _two_lists,
    "JSON": lambda pairs: json.dumps(_rows(pairs, "question", "answer"), ensure_ascii=False),
    "JSON in Chinese": lambda pairs: json.dumps({"问答对": _rows(pairs, "问题", "答案")}, indent=1),
    "JSON lines": lambda pairs: "\n".join(map(json.dumps, _rows(pairs, "q", "a"))),
    "Alpaca": lambda pairs: json.dumps(
        [{**row, "input": ""} for row in _rows(pairs, "instruction", "output")]
    ),
    "double-encoded": lambda pairs: json.dumps(json.dumps(_rows(pairs, "question", "answer"))),
    "Python": lambda pairs: repr(_rows(pairs, "query", "answer")),
    "fenced": lambda pairs: f"```json\n{json.dumps(_rows(pairs, 'question', 'answer'))}\n```",
    "trailing commas": lambda pairs: (
        "[" + "".join(f'{{"question": "{q}", "answer": "{a}",}},\n' for q, a in pairs) + "]"
    ),
    "inner quotes": lambda pairs: (
        "[" + ",".join(f'{{"question": "{q}", "answer": "{a}"}}' for q, a in pairs) + "]"
    ),
}
_AROUND = [
    ("", ""),
    ("好的，以下是根据文本生成的问答对：\n\n", "\n\n希望这些问答对对您有帮助！"),
    ("Sure! Here are the pairs:\n\n", "\n\nLet me know if you need more."),
    ("<think>\n问题1：先想想？\n答案1：不对。\n</think>\n\n", "<|im_end|>"),
    ("[gMASK]sop<|assistant|>\n", "\n<|user|>\n再来几个"),
]


def _outcome(text: str, *, truncated: bool) -> tuple[tuple[DraftPair, ...], ReplyError | None]:
    try:
        return PairParser().read(text, truncated=truncated).drafts, None
    except ReplyError as error:
        return (), error


def _read(text: str, *, truncated: bool = False) -> Pairs:
    drafts = PairParser().read(text, truncated=truncated).drafts
    return [(pair.question, pair.answer) for pair in drafts]


@pytest.mark.parametrize("name", _FORMATS)
@given(pairs=_PAIRS, around=st.sampled_from(_AROUND))
@settings(max_examples=25, deadline=None)
def test_what_a_format_wrote_is_read_back(name: str, pairs: Pairs, around: tuple[str, str]) -> None:
    before, after = around
    assert _read(before + _FORMATS[name](pairs) + after) == pairs


@pytest.mark.parametrize("name", _FORMATS)
@given(pairs=_PAIRS, share=st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_a_cut_reply_gives_no_half_pair(name: str, pairs: Pairs, share: float) -> None:
    whole = _FORMATS[name](pairs)
    try:
        read = _read(whole[: int(share * len(whole))], truncated=True)
    except ReplyError:
        return
    assert read == pairs[: len(read)]


_SET = Path(__file__).parents[2] / "bench" / "parsing_set.jsonl"
# What only shows by its recurrence cannot be known from one pair: labels learnt from the reply, a
# field of the model's own, answers in another order, words in the place of a thought's tags,
# comments of code without a fence, a string that holds the reply, labels that an answer quotes.
_RECURRENT = ("labels learnt", "labels inside", "recur", "json-strin", "more-54")
_GOOD = [
    row
    for row in map(json.loads, _SET.read_text(encoding="utf-8").splitlines())
    if row["pairs"] and not {row["format"], row["id"]} & set(_RECURRENT)
]


@given(row=st.sampled_from(_GOOD), share=st.floats(0, 1))
@settings(max_examples=1000, deadline=None)
def test_a_cut_gives_a_prefix_of_the_pairs_unaltered(row: dict[str, Any], share: float) -> None:
    raw = row["raw"]
    whole, _ = _outcome(raw, truncated=row.get("truncated", False))
    read, _ = _outcome(raw[: int(share * len(raw))], truncated=True)
    assert read == whole[: len(read)]


_PIECES = st.sampled_from(
    [
        "问题1：",
        "答案1：",
        "问：",
        "答：",
        "Q2.",
        "A.",
        "B)",
        "**",
        "###",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "？",
        "?",
        "{",
        "}",
        "[",
        "]",
        '"question"',
        '"answer":',
        "'",
        '"',
        ":",
        ",",
        "\\",
        "\\n",
        "|",
        "|---|",
        "```",
        "<think>",
        "</think>",
        "<|im_end|>",
        "<|user|>",
        "[gMASK]",
        "\ud800",
        "\0",
        "\u2028",
        "无",
        "抱歉",
        "sorry",
        "…",
        "①",
        "难度：",
        "<question>",
        "</answer>",
        "北京",
        "word ",
        "９",
        "Ａ：",
        " " * 9,
        "A. x\nB. y\n",
        "User:",
        "Answers:\n",
        "例 1：",
    ]
)
_ANY_TEXT = st.text(st.characters(codec=None), max_size=80) | st.lists(_PIECES, max_size=30).map(
    "".join
)


@given(text=_ANY_TEXT, truncated=st.booleans())
@settings(max_examples=1500, deadline=None)
def test_any_string_gives_pairs_or_a_reply_error(text: str, truncated: bool) -> None:
    drafts, error = _outcome(text, truncated=truncated)
    assert bool(drafts) != bool(error)
    if error:
        assert error.code.startswith("reply.")
        assert error.say("en") != error.say("zh")
    for pair in drafts:
        assert pair == DraftPair(question=pair.question, answer=pair.answer)


@given(text=_ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_a_pair_is_made_of_the_words_of_the_reply(text: str) -> None:
    try:
        pairs = PairParser().parse(text)
    except ReplyError:
        return
    said = {letter for letter in text if letter.isalpha()}
    for pair in pairs:
        invented = {c for c in pair.question + pair.answer if c.isalpha()} - said
        assert invented <= set("nulltruefalse"), invented
