"""The round trip: what the evidence alone does not answer alike is marked, and stays."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import runs
from bench.runs import account, material, resume_job, run
from bench.simulated import Faults, Simulated, pairs_reply
from chains.events import Done, Verified
from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.run.estimate import estimate
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.run.verification import answer_in, marks
from chains.settings import Resolved
from pairs.compare.agreement import answers_agree
from pairs.files.export import read_pairs, write_pairs
from pairs.records import PairList
from pairs.text.refusals import says_nothing

Messages = list[dict[str, str]]
_PASSAGE = re.compile(r"(?:资料：|Passage:)\n(.*)\n\n(?:问题：|Question:)", re.DOTALL)
ZH = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
EN = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."


def honest(passage: str) -> str:
    return passage


def answering(verify: Callable[[str], str]) -> Callable[[Messages], str]:
    """A model that answers a verifying request by the passage it is shown."""

    def reply(messages: Messages) -> str:
        found = _PASSAGE.search(messages[-1]["content"])
        return verify(found[1]) if found else pairs_reply(messages)

    return reply


def settings_for(server: Simulated, *, verify: bool = False, **given: Any) -> Resolved:
    """Settings of a model too small to judge lists: it answers each question again, or nothing."""
    resolved = runs.settings_for(server, check="all" if verify else "off", **given)
    return resolved.model_copy(update={"backends": {"chatglm3": {"checks": "answers"}}})


def both() -> list[Text]:
    return [Text(text=ZH, name="桥"), Text(text=EN, name="bridge")]


def unmarked(result: PairList) -> PairList:
    """A list as if nobody had asked again."""
    plain = {"verdict": None, "verified": None, "answer_again": ""}
    kept = tuple(pair.model_copy(update=plain) for pair in result.kept)
    return account(result).model_copy(update={"kept": kept, "judge": None})


def test_marks_change_nothing_else() -> None:
    with Simulated(reply=answering(honest)) as server:
        plain = run(both(), settings_for(server)).result
        calls = sum(server.calls.values())
        done = run(both(), settings_for(server, verify=True))
        assert sum(server.calls.values()) - calls == len(plain.kept) > 3
        again = run(both(), settings_for(server, verify=True))
        assert set(server.calls.values()) == {1}
    assert unmarked(done.result) == account(plain)
    assert all(pair.verified and pair.answer_again for pair in done.result.kept)
    assert done.result.usage.calls == len(plain.kept)
    assert account(again.result) == account(done.result)
    with Journal() as journal:
        job = Jobs(journal).find(done.job)
    assert job.progress.verification
    marked = job.progress.verification
    assert (job.state, marked.verified, marked.doubted) == ("done", 4, 0)


def test_disagreement_is_marked_and_kept(tmp_path: Path) -> None:
    def verify(passage: str) -> str:
        if "64.4" in passage:
            return "46.4米"
        return "The passage does not say." if "1890" in passage else passage

    with Simulated(reply=answering(verify)) as server:
        done = run(both(), settings_for(server, verify=True))
    doubted = {pair.answer: pair.answer_again for pair in done.result.kept if not pair.verified}
    assert len(done.result.kept) == 4
    assert sorted(doubted.values()) == ["46.4米", "The passage does not say."]
    assert marks(done.result) == {"verified": 2, "doubted": 2, "unverified": 0}
    file = tmp_path / "list.jsonl"
    write_pairs(done.result.kept, file)
    assert tuple(read_pairs(file)) == done.result.kept


def test_only_the_evidence_is_shown() -> None:
    shown: list[str] = []

    def verify(passage: str) -> str:
        shown.append(passage)
        return passage

    with Simulated(reply=answering(verify)) as server:
        result = run(both(), settings_for(server, verify=True)).result
    assert sorted(shown) == sorted(pair.evidence.sentence for pair in result.kept)
    assert all(len(passage) < len(EN) for passage in shown)


def test_every_pair_is_told_of_and_the_list_is_the_same_at_any_width(tmp_path: Path) -> None:
    inputs = material(10)
    results = []
    with Simulated(reply=answering(honest)) as server:
        for width in (1, 8):
            resolved = settings_for(server, verify=True, passes=2, concurrency=width)
            with Journal(tmp_path / f"{width}.sqlite") as journal:
                events = list(Pipeline(resolved, journal=journal).run(inputs))
            told = [event for event in events if isinstance(event, Verified)]
            last = events[-1]
            assert isinstance(last, Done)
            assert [event.done for event in told] == list(range(1, len(last.result.kept) + 1))
            assert told[-1].usage == last.result.usage
            results.append(last.result)
    assert results[0] == results[1]


def test_stopped_while_verifying_and_gone_on_with(tmp_path: Path) -> None:
    inputs = material(10)
    with Simulated(reply=answering(honest)) as server:
        resolved = settings_for(server, verify=True, concurrency=1)
        whole = run(inputs, resolved, tmp_path / "whole.sqlite").result
        server.calls.clear()
        stop = threading.Event()
        with Journal() as journal:
            for event in Pipeline(resolved, journal=journal, stop=stop).run(inputs):
                if isinstance(event, Verified):
                    stop.set()
            assert isinstance(event, Done)
            assert Jobs(journal).find(event.job).state == "partial"
        left = marks(event.result)["unverified"]
        assert 0 < left < len(whole.kept)
        assert len(event.result.kept) == len(whole.kept)
        assert account(resume_job(event.job).result) == account(whole)
        assert set(server.calls.values()) == {1}


def test_a_refused_request_leaves_its_pair_without_a_mark() -> None:
    with Simulated(reply=answering(honest)) as server:
        run(both(), settings_for(server))
        server.faults = Faults(refused_word="资料")
        done = run(both(), settings_for(server, verify=True))
    assert marks(done.result) == {"verified": 2, "doubted": 0, "unverified": 2}


def test_under_a_schema_the_answer_stands_in_a_pair() -> None:
    def verify(passage: str) -> str:
        return "" if "1890" in passage else f"问：？\n答：{passage}"

    with Simulated(reply=answering(verify)) as server:
        resolved = settings_for(server, backend="gpt-3.5", verify=True, model="simulated")
        resolved = resolved.model_copy(
            update={
                "backends": {
                    "gpt-3.5": {"response_format": True, "api_key_env": None, "checks": "answers"}
                }
            }
        )
        result = run(both(), resolved).result
    assert marks(result)["verified"] >= 2


def test_the_estimate_says_what_it_costs() -> None:
    with Simulated(reply=answering(honest)) as server:
        inputs = material(40)
        plain = estimate(inputs, settings_for(server))
        more = estimate(inputs, settings_for(server, verify=True, passes=3))
        done = run(inputs, settings_for(server, verify=True))
    assert (plain.checking, plain.further, plain.cost_at_most) == (None, None, None)
    assert more.prompt == plain.prompt
    assert more.checking is not None
    assert more.further is not None
    assert more.further.calls == 2 * plain.calls
    asked = done.result.usage.calls - plain.calls
    assert asked / 2 <= more.checking.calls <= asked * 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("1903年8月", "青岛啤酒厂创办于1903年8月。"),
        ("由隋朝工匠李春设计建造", "李春"),
        ("15.2亿元", "1520百万元"),
        ("因为那里靠近崂山的泉水", "那里离崂山的泉水很近，靠近泉水。"),
        ("486 metres", "The main span is 486 m long."),
        ("because steel wire was used for its cables", "Steel wire was used for the cables"),
        ("不得转借他人", "不可以转借他人"),
    ],
)
def test_answers_that_agree(answer: str, said: str) -> None:
    assert answers_agree(answer, said)
    assert not says_nothing(said)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("1903年8月", "1903年9月"),
        ("1903年8月", "由英德商人创办"),
        ("2000吨", "2000公斤"),
        ("李春", "鲁班"),
        ("不得转借他人", "可以转借他人"),
        ("486 metres", "468 metres"),
        ("John Roebling", "Washington Roebling's wife"),
        ("at least five", "at most five"),
    ],
)
def test_answers_that_do_not_agree(answer: str, said: str) -> None:
    assert not answers_agree(answer, said)
    assert not answers_agree(answer, said, near=bool(re.search(r"\d", answer)))


@pytest.mark.parametrize(
    "said",
    ["资料里没有写到。", "资料中没有提到建造者", "无法回答", "", "The passage does not say.",
     "The text doesn't mention it.", "There is no information about this."],
)  # fmt: skip
def test_saying_that_there_is_no_answer(said: str) -> None:
    assert says_nothing(said)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("1903年8月", "1903年8月"),
        ("答案：1903年8月", "1903年8月"),
        ("A: 486 metres", "486 metres"),
        ("问题：多长？\n答案：486米", "486米"),
        (json.dumps({"pairs": [{"question": "?", "answer": "486 m"}]}), "486 m"),
        ('{"pairs": []}', ""),
        ("A bridge", "A bridge"),
    ],
)
def test_the_answer_of_a_reply(reply: str, answer: str) -> None:
    assert answer_in(reply) == answer
