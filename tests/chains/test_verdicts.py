"""A judge's reply is read in whatever form models write it, and nothing is read into it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.parsing.verdicts import Said, read_verdicts

Words = list[tuple[bool, str]]
Writer = Callable[[Words], str]

ZH: Words = [
    (True, "赵州桥由隋朝工匠李春设计建造。"),
    (False, "答案说的是另一座桥"),
    (True, "桥长64.4米"),
]
EN: Words = [
    (True, "The Forth Bridge was opened in 1890."),
    (False, "answers another question"),
    (True, "It is 2,467 metres long"),
]


def _lines(form: str, between: str = "\n", yes: str = "yes", no: str = "no") -> Writer:
    def write(words: Words) -> str:
        return between.join(
            form.format(n=number, v=yes if said else no, w=quote)
            for number, (said, quote) in enumerate(words, 1)
        )

    return write


def _zh(form: str, between: str = "\n", yes: str = "是", no: str = "否") -> Writer:
    return _lines(form, between, yes, no)


def _table(head: str, yes: str, no: str) -> Writer:
    def write(words: Words) -> str:
        rows = _lines("| {n} | {v} | {w} |", yes=yes, no=no)(words)
        return f"{head}\n|---|---|---|\n{rows}"

    return write


def _objects(*, number: str, verdict: str, words: str, yes: object, no: object) -> Writer:
    def write(given: Words) -> str:
        rows = [
            {number: at, verdict: yes if said else no, words: quote}
            for at, (said, quote) in enumerate(given, 1)
        ]
        return json.dumps(rows, ensure_ascii=False)

    return write


def _keyed(words: Words) -> str:
    rows = {str(at): f"{'yes' if said else 'no'} | {q}" for at, (said, q) in enumerate(words, 1)}
    return json.dumps(rows)


def _nested(words: Words) -> str:
    rows = {
        str(at): {"verdict": "yes" if said else "no", "evidence": quote}
        for at, (said, quote) in enumerate(words, 1)
    }
    return json.dumps({"verdicts": rows}, indent=2)


def _as_pairs(words: Words) -> str:
    rows = [
        {"question": str(at), "answer": f"{'是' if said else '否'}｜{quote}"}
        for at, (said, quote) in enumerate(words, 1)
    ]
    return json.dumps({"pairs": [*rows, {"question": "相同", "answer": "无"}]}, ensure_ascii=False)


_PLAIN = _objects(number="number", verdict="verdict", words="quote", yes="yes", no="no")
FORMS: dict[str, Writer] = {
    "as asked": _lines("{n}. {v} | {w}"),
    "as asked, chinese": _zh("{n}. {v}｜{w}"),
    "brackets": _lines("{n}) {v} - {w}"),
    "both brackets": _lines("({n}) {v}: {w}"),
    "chinese comma": _zh("{n}、{v}，{w}"),
    "wide digits": lambda words: "\n".join(
        f"{'１２３'[at]}．{'是' if said else '否'}｜{w}" for at, (said, w) in enumerate(words)
    ),
    "circled": lambda words: "\n".join(
        f"{'①②③④⑤⑥⑦⑧⑨'[at]} {'是' if said else '否'}｜{w}" for at, (said, w) in enumerate(words)
    ),
    "ordinal": _zh("第{n}对：{v}，原文：“{w}”"),
    "named": _zh("问答{n}：{v}｜{w}"),
    "numbered": _zh("编号{n}：{v}。依据：{w}"),
    "square": _zh("【{n}】{v}｜{w}"),
    "question": _lines("Q{n}: {v} | {w}"),
    "pair": _lines("Pair {n}: {v} — \"{w}\""),
    "hash": _lines("#{n}: {v} | {w}"),
    "bold": _lines("**{n}.** **{v}** | {w}"),
    "bullets": _lines("- {n}: {v} | {w}"),
    "heading": _lines("### {n}\n**Verdict:** {v}\n**Quote:** {w}\n"),
    "two lines": _lines("{n}. {v}\n   {w}"),
    "label on the next line": _zh("{n}. {v}\n   原文：{w}"),
    "verdict labelled": _lines("{n}. Verdict: {v} | Quote: {w}"),
    "judgement labelled": _zh("{n}. 判断：{v}；依据：{w}"),
    "in brackets": _lines("{n}. ({v}) {w}"),
    "capitals": _lines("{n}. {v} | {w}", yes="YES", no="NO"),
    "correct": _lines("{n}. {v} | {w}", yes="Correct", no="Incorrect"),
    "supported": _lines("{n}. {v} | {w}", yes="Supported", no="Not supported"),
    "true": _lines("{n}. {v}. {w}", yes="True", no="False"),
    "right": _zh("{n}. {v}｜{w}", yes="正确", no="错误"),
    "stands": _zh("{n}. {v}｜{w}", yes="成立", no="不成立"),
    "shi de": _zh("{n}. {v}，{w}", yes="是的", no="不是"),
    "ticks": _lines("{n}. {v} {w}", yes="✅", no="❌"),
    "a table": _table("| No. | Verdict | Quote |", "yes", "no"),
    "a chinese table": _table("| 编号 | 判断 | 原文或理由 |", "是", "否"),
    "a bare table": _lines("{n} | {v} | {w}"),
    "tabs": _lines("{n}\t{v}\t{w}"),
    "objects": _PLAIN,
    "objects, chinese": _objects(number="编号", verdict="判断", words="原文", yes="是", no="否"),
    "objects with true": _objects(number="id", verdict="correct", words="why", yes=True, no=False),
    "keyed": _keyed,
    "nested": _nested,
    "as pairs": _as_pairs,
    "fenced": lambda words: f"```json\n{_PLAIN(words)}\n```",
    "fenced behind words": lambda words: f"My check:\n\n```json\n{_PLAIN(words)}\n```\nDone.",
    "one object a line": lambda words: "\n".join(
        json.dumps({"number": at, "verdict": "yes" if said else "no", "quote": w})
        for at, (said, w) in enumerate(words, 1)
    ),
    "framed": lambda words: f"好的，结果如下：\n\n{_zh('{n}. {v}｜{w}')(words)}\n\n以上。",
    "thought first": lambda words: (
        f"<think>\n1. no | hm\n</think>\n{_lines('{n}. {v} | {w}')(words)}"
    ),
    "blank lines": _lines("{n}. {v} | {w}", between="\n\n"),
    "windows lines": _lines("{n}. {v} | {w}", between="\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("words", [ZH, EN], ids=["zh", "en"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: str, words: Words) -> None:
    read = read_verdicts(FORMS[form](words), len(words))
    expected = {at: Said(yes, quote) for at, (yes, quote) in enumerate(words, 1)}
    assert {at: said.yes for at, said in read.said.items()} == {1: True, 2: False, 3: True}
    assert {at: said for at, said in read.said.items() if said.yes} == {
        at: said for at, said in expected.items() if said.yes
    }
    assert read.said[2].words.startswith(words[1][1])
    assert read.last == 3


@pytest.mark.parametrize(
    "reply",
    ["1. yes, 2. no, 3. yes", "1: yes; 2: no; 3: yes", "1 是，2 否，3 是", "1.是 2.否 3.是"],
)
def test_all_on_one_line(reply: str) -> None:
    read = read_verdicts(reply, 3)
    assert {at: said.yes for at, said in read.said.items()} == {1: True, 2: False, 3: True}


@pytest.mark.parametrize(
    ("reply", "same"),
    [
        ("1. yes | a\nSame: 3 = 1, 4 = 2", {(1, 3), (2, 4)}),
        ("1. 是｜甲\n相同：3=1，4=2", {(1, 3), (2, 4)}),
        ("相同：3和1；2 与 4", {(1, 3), (2, 4)}),
        ("Same: 1 = 2 = 3", {(1, 2), (1, 3), (2, 3)}),
        ("Duplicates: #3 = #1", {(1, 3)}),
        ("**Same:** 3 = 1", {(1, 3)}),
        ("3 = 1\n4 = 2", {(1, 3), (2, 4)}),
        ('{"verdicts": [{"number": 1, "verdict": "yes"}], "same": "3 = 1"}', {(1, 3)}),
        ('{"pairs":[{"question":"Same","answer":"3 = 1"}]}', {(1, 3)}),
        ("Same: none", set()),
        ("相同：无", set()),
        ("Same: 9 = 1, 0 = 2", set()),
        ("Same: 1 = 1", set()),
    ],
)
def test_couples(reply: str, same: set[tuple[int, int]]) -> None:
    read = read_verdicts(reply, 4)
    assert read.same == same
    assert read.compared


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "As a language model I find all of these interesting. 42 of them!",
        "这些问答都很有意思。",
        "1. 是否由李春设计建造？\n2. 对外贸易额是多少？\n3. 错误率有多高？",
        "1. Which bridge is it?\n2. How long is it?",
        "0. yes | a\n7. no | b",
        "Q: Is it long? A: yes",
        "[]",
        "{}",
        "null",
        '{"pairs": []}',
        "1. maybe | a",
        "There are 3 yes and 2 no.",
    ],
)
def test_what_says_nothing_about_a_pair(reply: str) -> None:
    assert not read_verdicts(reply, 3).said


def test_a_number_said_twice_counts_once_and_one_that_contradicts_itself_not_at_all() -> None:
    twice = read_verdicts("1. yes | a\n2. no | b\n1. yes | c\n2. yes | d\n3. yes | e", 3)
    assert twice.said == {1: Said(yes=True, words="a"), 3: Said(yes=True, words="e")}


def test_pairs_of_its_own_are_not_read() -> None:
    reply = "1. 是｜甲\n2. 否｜乙\n3. 是｜丙\n问：还有什么？\n答：是的，还有。"
    assert set(read_verdicts(reply, 2).said) == {1, 2}


def test_numbers_and_verdicts_inside_a_quote_are_part_of_it() -> None:
    quote = "Of 2, no one knew; 3 yes-men remained"
    read = read_verdicts(f"1. yes | {quote}\n2. no | wrong row", 3)
    assert read.said == {1: Said(yes=True, words=quote), 2: Said(yes=False, words="wrong row")}


WORDS = st.text(
    "桥长米是否对错河流 abcdefgh yes no 0123456789.,;|=()“”\"'{}[]:：，。｜", max_size=30
)
ANY = st.text(max_size=400) | st.lists(
    st.sampled_from(
        ["1", "2", "40", "９", "yes", "no", "是", "否", "｜", "|", ".", "\n", " ", "Same:",
         "相同：", "=", "{", "}", "[", "]", '"', ":", ",", "```json\n", "number", "true", "²"]
    ),
    max_size=60,
).map("".join)  # fmt: skip


@settings(max_examples=300)
@given(reply=ANY, count=st.integers(0, 40))
def test_any_text_is_read_and_names_no_other_numbers(reply: str, count: int) -> None:
    read = read_verdicts(reply, count)
    numbers = set(range(1, count + 1))
    assert set(read.said) <= numbers
    assert read.last in {0, *numbers}
    assert all(one < other and {one, other} <= numbers for one, other in read.same)
    assert all(said.words == said.words.strip() for said in read.said.values())
    assert all("\n" not in said.words for said in read.said.values())


PLAIN = st.text("桥长米河流建于北京abcdefgh ", min_size=1, max_size=20).filter(str.strip)
CUTTABLE = [
    "as asked", "as asked, chinese", "brackets", "chinese comma", "ordinal", "bold", "a table",
    "a chinese table", "objects", "objects, chinese", "as pairs", "fenced", "one object a line",
]  # fmt: skip


@settings(max_examples=60)
@given(
    words=st.lists(st.tuples(st.booleans(), PLAIN.map(str.strip)), min_size=1, max_size=6),
    form=st.sampled_from(CUTTABLE),
)
def test_cut_off_at_any_place_only_the_last_verdict_suffers(words: Words, form: str) -> None:
    reply = FORMS[form](words)
    whole = read_verdicts(reply, len(words))
    for end in range(len(reply)):
        part = read_verdicts(reply[:end], len(words))
        for number, said in part.said.items():
            assert number == part.last or said == whole.said[number]
        assert part.last <= whole.last


@settings(max_examples=100)
@given(words=st.lists(st.tuples(st.booleans(), WORDS), min_size=2, max_size=6))
def test_whatever_stands_in_the_words_the_verdicts_are_those_of_the_lines(words: Words) -> None:
    clean = [(yes, " ".join(quote.split())) for yes, quote in words]
    read = read_verdicts(FORMS["as asked"](clean), len(clean))
    said = {at: one.yes for at, one in read.said.items()}
    assert said == {at: yes for at, (yes, _) in enumerate(clean, 1)}


HOSTILE = [
    *("1. ", "1. yes ", "1. yes\n", "1=", "1 = 2 ", "Same: 1=2,", "相同", "{", "[", '{"1":'),
    *(
        "是",
        "1. 是｜“",
        "1|",
        "| 1 | yes ",
        " ",
        "\n",
        "9",
        "第1",
        "*",
        '[{"number":1},',
        "```json\n",
    ),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_four_times_as_much_takes_about_four_times_as_long(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        started = time.process_time()
        read_verdicts(text, 40)
        return time.process_time() - started

    short = min(seconds(20_000) for _ in range(3))
    long = min(seconds(80_000) for _ in range(3))
    assert long < 0.05 or long < 9 * short
