"""The parser on the project's own replies, at its edges, and against hostile ones."""

from __future__ import annotations

import contextlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from chains.errors import ReplyError
from chains.parsing.parser import PairParser
from chains.records import DraftPair

_SET = Path(__file__).parents[2] / "bench" / "parsing_set.jsonl"
_ROWS = [json.loads(line) for line in _SET.read_text(encoding="utf-8").splitlines()]


def _bare(text: str) -> str:
    return text.strip("“”\"'").replace(" ", "")


@pytest.mark.parametrize("row", _ROWS, ids=[row["id"] for row in _ROWS])
def test_own_replies(row: dict[str, Any]) -> None:
    reason = ""
    try:
        read = PairParser().read(row["raw"], truncated=row.get("truncated", False)).drafts
    except ReplyError as error:
        read, reason = (), error.code
    gold = [(_bare(pair["q"]), _bare(pair["a"])) for pair in row["pairs"]]
    assert [(_bare(pair.question), _bare(pair.answer)) for pair in read] == gold
    assert reason == row.get("reason", reason)
    assert bool(reason) != bool(gold)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "reply.empty"),
        (" \n\u3000\0", "reply.empty"),
        ("<|im_end|>", "reply.empty"),
        ("无", "reply.nothing"),
        ("There is nothing to ask about in this passage.", "reply.nothing"),
        ("抱歉，您给的内容太短，我无法据此提问。", "reply.refusal"),
        ("I'm sorry, I can't do that.", "reply.refusal"),
        ("[]", "reply.unreadable"),
        ("长江是一条大河。", "reply.unreadable"),
        ("1. 谁建的？\n2. 何时建的？", "reply.unanswered"),
        ("| 问题 | 说出河名 |\n| 问题 | 说出桥名 |\n| 问题 | 说出城名 |", "reply.unanswered"),
        ("| Question | Name it |\n| Question | Date it |\n| Question | Tell |", "reply.unanswered"),
        ("<think>问题1：谁？\n答案1：我", "reply.unfinished"),
        ('[{"question": "谁？", "answer": "是', "reply.unfinished"),
        ("问题1：……\n答案1：……", "reply.echo"),
    ],
)
def test_a_reply_without_pairs_says_why(text: str, code: str) -> None:
    with pytest.raises(ReplyError) as caught:
        PairParser().parse(text)
    assert caught.value.code == code


def test_a_tail_cut_by_the_limit_is_dropped_and_reported() -> None:
    text = "问题1：谁建的？\n答案1：工部。\n问题2：何时建成？\n答案2：一九九"
    read = PairParser().read(text, truncated=True)
    assert [pair.answer for pair in read.drafts] == ["工部。"]
    assert read.dropped_tail
    whole = PairParser().read(text)
    assert [pair.answer for pair in whole.drafts] == ["工部。", "一九九"]
    assert not whole.dropped_tail


def test_a_pair_that_json_closed_is_whole_even_in_a_cut_reply() -> None:
    text = '[{"question": "Who?", "answer": "Ann."}'
    read = PairParser().read(text, truncated=True)
    assert [pair.answer for pair in read.drafts] == ["Ann."]
    assert not read.dropped_tail


@pytest.mark.parametrize(
    "reply", ["问题1：天空是什么颜色？\n答案1：蓝色。", "Q: 天空是什么颜色？\nA: 蓝色。"]
)
def test_the_prompts_own_example_is_no_pair(reply: str) -> None:
    parser = PairParser(examples=(DraftPair(question="天空是什么颜色？", answer="蓝色。"),))
    with pytest.raises(ReplyError) as caught:
        parser.parse(reply)
    assert caught.value.code == "reply.echo"
    more = parser.parse(
        f"{reply}\n{reply.replace('天空', '大海').replace('蓝色', '十里').replace('1', '2')}"
    )
    assert [pair.answer for pair in more] == ["十里。"]


def test_an_echo_of_the_instructions_is_told() -> None:
    instructions = "You read a passage. Ask what it says. Keep to its own words. Number each pair."
    with pytest.raises(ReplyError) as caught:
        PairParser(instructions=instructions).parse("Ask what it says. Keep to its own words.")
    assert caught.value.code == "reply.echo"


def test_an_answer_equal_to_its_question_and_repeated_pairs_stay() -> None:
    pairs = PairParser().parse("问：谁？\n答：谁？\n问：谁？\n答：谁？")
    assert [(pair.question, pair.answer) for pair in pairs] == [("谁？", "谁？")] * 2


def test_it_stands_at_the_end_of_a_chain() -> None:
    chain = FakeListChatModel(responses=["Question 1: Who?\nAnswer 1: Ann."]) | PairParser()
    assert chain.invoke("x") == [DraftPair(question="Who?", answer="Ann.")]


@pytest.mark.parametrize(
    "unit",
    [
        "问题1：什么？\n答案1：好。\n",
        "问题一：啊？答案一：好。",
        "Q: a?\nA: b\n",
        "问题",
        "x? 答：a ",
        "？\n",
        "\n",
        "a\n",
        '{"question": "a", "answer": "b"},',
        "{'question': 'a, 'answer': 'b'}\n",
        '{"a":',
        '{"question":"',
        "{",
        "[",
        '"',
        '\\"',
        "“",
        " ",
        "1",
        "1. ",
        "*",
        "|",
        "| a | b |\n",
        "<think>",
        "</think>",
        "<|user|>x<|assistant|>",
        "没有",
        "sorry ",
        "# a\n",
        "A. x\nB. y\n",
        "\ud800",
        "```\n",
        "<question>a</question><answer>b</answer>",
    ],
)
@pytest.mark.parametrize("opening", ["", "问题1：谁？\n答案1："])
def test_time_grows_with_length_alone(unit: str, opening: str) -> None:
    def seconds(size: int) -> float:
        text = opening + unit * (size // len(unit.encode("utf-8", "surrogatepass")))
        begin = time.process_time()
        with contextlib.suppress(ReplyError):
            PairParser().parse(text)
        return time.process_time() - begin

    # Quadratic reading would take sixteen times as long. Two quick runs measure the clock alone.
    small, large = (min(seconds(size) for _ in range(2)) for size in (25_000, 100_000))
    assert large < 8 * max(small, 0.02)


@pytest.mark.parametrize(
    "answer",
    [
        "`ls -a`", "~/.bashrc", "__init__.py", "*.txt", "**kwargs", "“引文”", '"quoted"',
        "_private", "[1, 2]", "<br>", "2**3", "#include", "`a` and `b`", "「引」", "$x$", "~5%",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "form", ["Q: What?\nA: {}", "**问：** 什么？\n**答：** {}", "【问题1】什么？\n【答案1】{}"]
)
def test_an_answer_keeps_its_first_and_last_marks(answer: str, form: str) -> None:
    assert [pair.answer for pair in PairParser().parse(form.format(answer))] == [answer]


def test_a_cell_keeps_the_words_before_a_line_separator() -> None:
    for separator in ("\u2028", "\u2029", "\x85", "\v", "\f", "\n"):
        table = f"| 问题 | 答案 |\n|---|---|\n| 谁？ | 甲{separator}乙 |\n| 何时？ | 丙 |"
        assert [pair.answer for pair in PairParser().parse(table)] == ["甲\n乙", "丙"]


_PROMPTS = sorted((Path(__file__).parents[2] / "prompts").glob("*.yaml"))
_ORDERED = re.compile(r"(?:只写|write only) ?[“\"]([^”\"]+)[”\"]")


def test_the_words_a_prompt_orders_for_nothing_are_nothing() -> None:
    ordered = 0
    for prompt in _PROMPTS:
        instructions = prompt.read_text(encoding="utf-8")
        for sentence in _ORDERED.findall(instructions):
            ordered += 1
            for reply in (sentence, f"{sentence}。", f"“{sentence}”", f"**{sentence}**"):
                with pytest.raises(ReplyError) as caught:
                    PairParser(instructions=instructions).parse(reply)
                assert caught.value.code == "reply.nothing", (prompt.name, reply)
    assert ordered >= 4


@pytest.mark.parametrize(
    "reply",
    [
        "没有可问的内容", "无可问", "沒有可問的", "没有什么可问的。", "没有内容可问", "None.",
        "N/A", "no questions can be asked", "No content to ask about.",
        "There isn't anything to ask about.",
        "```\n无\n```", "答：无", "问：无\n答：无", "Q: None\nA: None", "没有可提的问题",
    ],
)  # fmt: skip
def test_models_own_words_for_nothing(reply: str) -> None:
    with pytest.raises(ReplyError) as caught:
        PairParser().parse(reply)
    assert caught.value.code == "reply.nothing"


@pytest.mark.parametrize(
    ("reply", "pairs"),
    [
        ("1. Which? (a) saw (b) plane\n2. On? (a) oak (b) ash\n\nKey: 1. b 2. a", "plane|oak"),
        ("Q1. Which?\na) Iron\nb) Tin\nAnswer: b) Tin\n\nQ2. Who?\nAnswer: Ann", "Tin|Ann"),
        ("1. Which?\n- [ ] Iron\n- [x] Tin\n\n2. Who?\n- [x] Ann\n- [ ] Bob", "Tin|Ann"),
        ("1. 哪种？（B）\nA. 松 B. 柏\n2. 多少？（A）\nA. 7 B. 8", "柏|7"),
        ("1. Which? (A) Tin (B) Zn **Answer: B**\n2. Who? (A) Al (B) Bo **Answer: A**", "Zn|Al"),
        ("Q: Which?\nA. x\nB. y\nC. z\nAnswers: A and C\n\nQ: Who?\nAnswers: Ann", "x\nz|Ann"),
        ("> **Q:** Who?\n> **A:** Ann\n>\n> **Q:** When?\n> **A:** In May", "Ann|In May"),
        ("- 谁？ → *李白*\n- 何时？ → 春天", "*李白*|春天"),
        ("可提问题：\n\n1. 谁来？\n2. 何时？\n\n对应答案：\n\n1. 李。\n2. 春。", "李。|春。"),
        ("## Questions\n1. Who?\n2. Why?\n3. When?\n\n## Answers\n1. Ann\n3. May", "Ann|May"),
        ("questions:\n  - q: Who?\n    a: Ann\n  - q: Why?\n    a: |\n      So.\n      Yes.",
         "Ann|So.\nYes."),
        ("Q1\\. Who?\nA1\\. Ann\n\nQ2\\. When?\nA2\\. In May", "Ann|In May"),
        ("Q1. Who?\nAns. Ann.\n\nQ2. When?\nAns. In May.", "Ann.|In May."),
        ("【问】谁？【答】李白。\n【问】何时？【答】春天。", "李白。|春天。"),
        ("[1] Q: Who?\n    A: Ann\n[2] Q: When?\n    A: May", "Ann|May"),
        ("Q1: Who?\nA1: Ann\nE1: line 3\n\nQ2: When?\nA2: May\nE2: line 4", "Ann|May"),
        ("1）问：价格？答：20元。 2）问：产地？答：云南。", "20元。|云南。"),
        ("问题｜答案\n---｜---\n谁？｜李\n何时？｜春", "李|春"),
        ("Easy:\nQ: Who?\nA: Ann\n\nHard:\nQ: Why?\nA: Rain", "Ann|Rain"),
        ("Who built it?: Ann\nWhen was it built?: 1401", "Ann|1401"),
        ('[{"question":"谁？","answers":[{"text":"李"},"白"]}]', "李\n白"),
        ("Assistant: Question 1: Who?\nAnswer 1: Ann\nQuestion 2: When?\nAnswer 2: May", "Ann|May"),
        ("問題一：誰？\n答案一：李\n問題二：何時？\n答案二：春\n希望這些問答對您有幫助！", "李|春"),
        ("1. Who?\nAnswer: Ann\n2. When?\nAnswer: May\n\nWhere?\nA. Here\nB. There", "Ann|May"),
        ("1. 谁？\n答案：李\n2. 何时？\n答案：春\n\n哪里？\nA. 东\nB. 西", "李|春"),
        # Who doubles backslashes once means each single one as an escape; who never does, none.
        (r'[{"question":"$\\nu$?","answer":"$\\nu$ is.\nu is."}]', "$\\nu$ is.\nu is."),
        (r'[{"question":"$\nu$?","answer":"$\alpha$ and $\nu$"}]', r"$\alpha$ and $\nu$"),
        # Nobody wrote these as pairs: a draft given up, a key of numbers, a letter without options.
        ("Q: Who?\n\nThe text does not say. Another one.\n\nQ: When?\nA: May", "May"),
        ("1. Who?\n2. When?\n\n| Question | Answer |\n|---|---|\n| 1 | A |\n| 2 | B |", ""),
        ("Q: Which is right?\nAnswer: C\n\nQ: Who?\nAnswer: Ann", "Ann"),
    ],
)  # fmt: skip
def test_a_kind_of_reply_is_read_as_a_person_would(reply: str, pairs: str) -> None:
    try:
        read = [pair.answer for pair in PairParser().parse(reply)]
    except ReplyError:
        read = []
    assert "|".join(read) == pairs


@pytest.mark.parametrize("told", ["第{}号车间于18{}年建成。", "Hall {} was built in 18{}."])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_list_that_goes_on_breaks_off_wherever_it_is_cut(told: str, indent: int | None) -> None:
    pairs = [{"question": f"Hall {n}?", "answer": told.format(n, 10 + n)} for n in range(4)]
    whole = json.dumps(pairs, ensure_ascii=False, indent=indent)
    first = whole.index(",", whole.index("}"))
    last = whole.rindex("{")
    for end in range(first + 1, last + 1):
        read = PairParser().read(whole[:end])
        # Behind a whole pair nothing says that more was to come.
        assert read.dropped_tail or whole[:end].rstrip().endswith(('."', '。"', "}"))
        assert all(draft.answer in whole for draft in read.drafts)
    for complete in (whole, whole.rstrip("]\n ")):  # the last bracket is easily forgotten
        assert not PairParser().read(complete).dropped_tail
