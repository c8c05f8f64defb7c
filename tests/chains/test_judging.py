"""A judge whose worth is known decides; any other leaves the list as it was."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from doubles import Planting, pairs_of

from bench import runs
from bench.runs import account, resume_job, run
from bench.simulated import ITEM, LIST, MATERIAL, Simulated
from chains.events import ChunkDone, Verified
from chains.journal.jobs import Jobs
from chains.journal.lists import keep, load_list
from chains.journal.replies import Journal
from chains.run.inputs import Text
from chains.run.judge.judge import Judge, Judged
from chains.run.pipeline import Pipeline
from chains.settings import Resolved
from pairs.records import PairList

Messages = list[dict[str, str]]
Ruling = Callable[[str, str, str], tuple[bool, str]]
"""Of a question, its answer and the passage: whether it is right, with a quote or what is wrong."""

_ZH = re.compile(r"(第\d+号水库)建于(\d+)年，库容为(\d+)万立方米。")
_EN = re.compile(r"Mine (\d+) was opened in (\d+) and yields (\d+) tonnes of ore a day\.")
WRONG, OPEN = ("第5号水库", "Mine 6"), ("第9号水库", "Mine 10")
"""What the model tells a neighbour's value of, and what it tells in words of its own."""


def sentence(n: int) -> str:
    if n % 2:
        return f"第{n}号水库建于{1900 + n}年，库容为{n * 13 + 100}万立方米。"
    return f"Mine {n} was opened in {1900 + n} and yields {n * 17 + 200} tonnes of ore a day."


def documents(count: int = 24) -> list[Text]:
    """Two sentences a chunk: number n stands beside n + 2."""
    zh = "\n\n".join(sentence(n) + sentence(n + 2) for n in range(1, count, 4))
    en = "\n\n".join(f"{sentence(n)} {sentence(n + 2)}" for n in range(2, count, 4))
    return [Text(text=zh, name="水库"), Text(text=en, name="mines")]


def asked(messages: Messages) -> str:
    """What a model makes of a passage: two right pairs a sentence, and now and then a wrong one."""
    found = MATERIAL.search(messages[-1]["content"])
    text = found[1] if found else ""
    pairs: list[tuple[str, str]] = []
    told = [*_ZH.findall(text)]
    for at, (name, year, size) in enumerate(told):
        other = told[at - 1][2]
        value = other if name in WRONG else size
        pairs += [(f"{name}建于哪一年？", f"{year}年")]
        pairs += [(f"{name}的库容为多少万立方米？", f"{value}万立方米")]
        if name in OPEN:
            pairs += [(f"{name}是什么时候有的？", "那座蓄水的工程上世纪初就修好投用了")]
    mines = [*_EN.findall(text)]
    for at, (name, year, size) in enumerate(mines):
        other = mines[at - 1][2]
        value = other if f"Mine {name}" in WRONG else size
        pairs += [(f"In which year was Mine {name} opened?", year)]
        pairs += [(f"How many tonnes of ore a day does Mine {name} yield?", f"{value} tonnes")]
        if f"Mine {name}" in OPEN:
            pairs += [(f"Since when has Mine {name} been at work?", "miners began long ago")]
    return "\n".join(f"Q: {q}\nA: {a}" for q, a in pairs) or "There is nothing to ask about."


def truth(question: str, answer: str, passage: str) -> tuple[bool, str]:
    """A judge that knows: the sentence about the thing asked, if it holds the answer."""
    numbers = re.findall(r"\d+", question)
    about = next(
        (s for s in re.findall(r"[^。\n]+?(?:。|a day\.)", passage)
         if re.search(rf"(?:第|Mine ){numbers[0]}\b|第{numbers[0]}号", s)),
        "",
    )  # fmt: skip
    wanted = re.findall(r"\d+", answer)
    right = bool(about) and all(number in re.findall(r"\d+", about) for number in wanted)
    right = right and not ("不" in answer or " not " in answer)
    if wanted and right:
        year = "年" in question or "year" in question
        right = (wanted[0] in re.findall(r"\d{4}", about)[:1]) == year
    return right, about.strip() if right else "answers another question"


def judge(ruling: Ruling, form: str = "{n}. {v} | {w}") -> Callable[[Messages], str | None]:
    """A model that rules on lists, and is asked about all else as ever."""

    def reply(messages: Messages) -> str | None:
        found = LIST.search(messages[-1]["content"])
        if not found:
            return None
        lines = []
        for number, question, answer in ITEM.findall(found["pairs"]):
            right, words = ruling(question, answer, found["passage"])
            lines.append(form.format(n=number, v="yes" if right else "no", w=words))
        return "\n".join([*lines, "Same: none"])

    return reply


def settings_for(server: Simulated, **given: Any) -> Resolved:
    """Settings under which two sentences make a chunk."""
    return runs.settings_for(server, **{"chunk_size": 60, **given})


def fixed(reply: str) -> Callable[[Messages], str | None]:
    return lambda messages: reply if LIST.search(messages[-1]["content"]) else None


def coin(question: str, answer: str, passage: str) -> tuple[bool, str]:
    return sum(map(ord, question + answer)) % 2 == 0, passage.strip().partition("\n")[0][:60]


def bare(result: PairList) -> list[tuple[str, str, Any]]:
    """The kept pairs as a user reads them."""
    return [(pair.question, pair.answer, pair.evidence) for pair in result.kept]


def rules_list(folder: Path) -> PairList:
    with Simulated(reply=asked) as server:
        return run(documents(), settings_for(server, check="off"), folder / "off.sqlite").result


@pytest.mark.parametrize("width", [1, 6])
def test_a_judge_that_knows_is_trusted_and_decides(width: int, tmp_path: Path) -> None:
    off = rules_list(tmp_path)
    with Simulated(reply=asked, judge=judge(truth)) as server:
        result = run(documents(), settings_for(server, concurrency=width)).result
        assert server.checks == len(result.chunks)
    record = result.judge
    assert record
    assert record.trusted
    assert (record.unanswered, record.refused) == (0, 0)
    assert record.caught == record.planted >= 12
    assert record.sure >= 12
    assert record.asked == sum(chunk.parsed for chunk in result.chunks)
    out = {pair.question for pair in off.kept} - {pair.question for pair in result.kept}
    assert len(out) == len(WRONG)
    assert all(any(name in question for name in WRONG) for question in out)
    reasons = [one for one in result.rejected if one.reason.code == "rejected.judge"]
    assert {one.item.question for one in reasons} == out
    assert all("answers another question" in one.reason.say(each)
               for one in reasons for each in ("en", "zh"))  # fmt: skip
    back = [pair for pair in result.kept if pair.evidence.match == "judged"]
    assert len(back) == len(OPEN)
    for pair in back:
        assert (pair.verdict, pair.verified, pair.proven) == ("open", True, True)
        assert pair.evidence.quote in sentence(int(re.findall(r"\d+", pair.question)[0]))
    assert all(pair.verified and not pair.doubtful for pair in result.kept)


def test_a_person_takes_back_what_the_judge_rejected(tmp_path: Path) -> None:
    with Simulated(reply=asked, judge=judge(truth)) as server:
        done = run(documents(), settings_for(server), tmp_path / "j.sqlite")
    out = next(one.item for one in done.result.rejected if one.reason.code == "rejected.judge")
    with Journal(tmp_path / "j.sqlite") as journal:
        keep(journal, done.job, out.id)
        kept = load_list(journal, done.job).kept
    (back,) = (one for one in kept if one.id == out.id)
    assert (back.question, back.answer, back.evidence) == (out.question, out.answer, out.evidence)
    assert out.doubtful
    assert not back.doubtful  # a person knows better


def test_where_the_rules_refute_and_the_judge_affirms_the_pair_is_doubtful(tmp_path: Path) -> None:
    refuted = ("第3号水库的总库容到底有多大？", "第3号水库库容为777万立方米")

    def reply(messages: Messages) -> str:
        made = asked(messages)
        return f"{made}\nQ: {refuted[0]}\nA: {refuted[1]}" if "第3号水库的" in made else made

    def ruling(question: str, answer: str, passage: str) -> tuple[bool, str]:
        return (True, sentence(3)) if question == refuted[0] else truth(question, answer, passage)

    with Simulated(reply=reply, judge=judge(ruling)) as server:
        off = run(documents(), settings_for(server, check="off"), tmp_path / "off").result
        result = run(documents(), settings_for(server)).result
    assert refuted[0] in {one.item.question for one in off.rejected}
    (pair,) = (one for one in result.kept if one.question == refuted[0])
    assert (pair.verdict, pair.verified) == ("refuted", True)
    assert pair.doubtful
    assert not pair.proven


BAD: dict[str, Callable[[Messages], str | None]] = {
    "coin": judge(coin),
    "yes": judge(lambda _q, _a, passage: (True, passage.strip().partition("\n")[0][:60])),
    "no": judge(lambda *_: (False, "wrong")),
    "nonsense": fixed("As a language model I find 42 of these very interesting! 很有意思。"),
    "nothing": fixed(""),
    "invented quotes": judge(lambda *_: (True, "The emperor decreed it in a dream 从来没有的话")),
    "wrong numbers": judge(truth, form="9{n}{n}. {v} | {w}"),
    "only the first": fixed("1. yes | "),
    "its own pairs": fixed("Q: What is new?\nA: This is.\nQ: And this?\nA: That."),
    "contradicts itself": judge(truth, form="{n}. yes | {w}\n{n}. no | {w}"),
}


@pytest.mark.parametrize("kind", BAD)
def test_with_a_bad_judge_the_list_is_that_of_the_rules(kind: str, tmp_path: Path) -> None:
    off = rules_list(tmp_path)
    with Simulated(reply=asked, judge=BAD[kind]) as server:
        done = run(documents(), settings_for(server))
    result = done.result
    assert result.judge
    assert not result.judge.trusted
    assert bare(result) == bare(off)
    assert [one.reason for one in result.rejected] == [one.reason for one in off.rejected]
    assert len(result.duplicates) == len(off.duplicates)
    unanswered = kind not in ("coin", "yes", "no")
    assert bool(result.judge.unanswered) == unanswered
    with Journal() as journal:
        assert Jobs(journal).find(done.job).state == ("partial" if unanswered else "done")


@pytest.mark.parametrize("form", ["{n}. {v} | {w}", '**{n})** {v}: "{w}"', "| {n} | {v} | {w} |"])
def test_any_form_of_reply_is_as_good(form: str, tmp_path: Path) -> None:
    with Simulated(reply=asked, judge=judge(truth)) as server:
        expected = run(documents(), settings_for(server), tmp_path / "a").result
        server.judge = judge(truth, form)
        result = run(documents(), settings_for(server), tmp_path / "b").result
    assert account(result) == account(expected)


def test_a_cut_off_reply_is_asked_on_about_the_rest(tmp_path: Path) -> None:
    full, most = judge(truth), 360

    def cut(messages: Messages) -> str | None:
        reply = full(messages)
        return reply and reply[:most]

    with Simulated(reply=asked, judge=full) as server:
        expected = run(documents(), settings_for(server), tmp_path / "a").result
    with Simulated(reply=asked, judge=cut, cuts=True) as server:
        result = run(documents(), settings_for(server, max_tokens=most), tmp_path / "b").result
        assert server.checks > len(result.chunks)
    assert result.judge
    assert result.judge.unanswered == 0
    assert bare(result) == bare(expected)


def refusing(status: int) -> Callable[[Messages], int | None]:
    return lambda messages: status if LIST.search(messages[-1]["content"]) else None


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_back_end_that_refuses_the_judge_alone_costs_nothing(status: int, tmp_path: Path) -> None:
    off = rules_list(tmp_path)
    with Simulated(reply=asked, judge=refusing(status)) as server:
        done = run(documents(), settings_for(server, retry_seconds=0, concurrency=4))
        assert set(server.calls.values()) == {1}
        assert len(server.calls) == len(done.result.chunks)
    result = done.result
    assert result.judge
    assert result.judge.asked == result.judge.unanswered > 0
    assert result.states()["pairs"] == len(result.chunks)
    assert bare(result) == bare(off)
    with Journal() as journal:
        assert Jobs(journal).find(done.job).state == "partial"


def test_a_judge_too_slow_to_answer_costs_nothing(tmp_path: Path) -> None:
    off = rules_list(tmp_path)

    def slow(messages: Messages) -> str | None:
        if LIST.search(messages[-1]["content"]):
            threading.Event().wait(3)
        return judge(truth)(messages)

    with Simulated(reply=asked, judge=slow) as server:
        resolved = settings_for(server, timeout=1, retry_seconds=0, concurrency=8)
        result = run(documents(8), resolved).result
    assert result.judge
    assert result.judge.unanswered == result.judge.asked
    kept = {pair.question for pair in result.kept}
    assert kept == {pair.question for pair in off.kept if pair.question in kept}


def test_a_budget_that_ends_between_asking_and_judging(tmp_path: Path) -> None:
    off = rules_list(tmp_path)
    chunks = len(off.chunks)
    with Simulated(reply=asked, judge=judge(truth)) as server:
        whole = run(documents(), settings_for(server), tmp_path / "whole").result
        checks = server.checks
        server.checks = 0
        server.calls.clear()
        resolved = settings_for(server, max_calls=chunks, concurrency=1)
        done = run(documents(), resolved)
        assert sum(server.calls.values()) + server.checks == chunks
        result = done.result
        assert result.judge
        asked_about = result.states()["pairs"]
        assert asked_about + result.states()["not asked"] == chunks
        # A judge that was measured well enough may keep what the rules alone leave out.
        by_rules = {pair.question for pair in off.kept}
        assert all(pair.question in by_rules or pair.verified for pair in result.kept)
        again = resume_job(done.job)
        assert account(again.result) == account(whole)
        assert set(server.calls.values()) == {1}
        assert server.checks == checks


def test_all_asked_none_judged_is_partial_and_goes_on() -> None:
    """The first run checks nothing; resumed with checks, only the checks are asked."""
    with Simulated(reply=asked, judge=judge(truth)) as server:
        done = run(documents(), settings_for(server, check="off"))
        calls = sum(server.calls.values())
        chunks = len(done.result.chunks)
        again = resume_job(done.job, check="all", max_calls=2)
        assert server.checks == 2
        assert again.result.judge
        assert again.result.judge.unanswered > 0
        assert bare(again.result) == bare(done.result)
        with Journal() as journal:
            assert Jobs(journal).find(done.job).state == "partial"
        last = resume_job(done.job, check="all")
        assert sum(server.calls.values()) == calls
        assert server.checks == chunks
    assert last.result.judge
    assert last.result.judge.trusted


def test_stopped_in_the_middle_nothing_is_judged_twice(tmp_path: Path) -> None:
    with Simulated(reply=asked, judge=judge(truth)) as server:
        resolved = settings_for(server, concurrency=1)
        whole = run(documents(), resolved, tmp_path / "whole").result
        checks, server.checks = server.checks, 0
        server.calls.clear()
        stop = threading.Event()
        with Journal() as journal:
            for event in Pipeline(resolved, journal=journal, stop=stop).run(documents()):
                if isinstance(event, Verified) and event.done > 10:
                    stop.set()
        result = event.result  # type: ignore[union-attr]  # the last is Done
        assert result.states()["not asked"] > 0
        again = resume_job(event.job)  # type: ignore[union-attr]
        assert account(again.result) == account(whole)
        assert server.checks == checks
        assert set(server.calls.values()) == {1}


@pytest.mark.parametrize("where", ["ask", "take", "decide", "check_lists"])
def test_a_fault_of_ours_in_judging_leaves_the_rules_list(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = rules_list(tmp_path)

    def fails(*_: Any, **__: Any) -> Any:
        raise KeyError("a fault of ours")

    original, taken = Judge.take, []

    def fails_once(self: Judge, judged: Judged) -> None:
        taken.append(judged)
        if len(taken) % 2:
            raise KeyError("a fault of ours")
        original(self, judged)

    if where == "check_lists":
        monkeypatch.setattr("chains.run.judge.lists.check_lists", fails)
    else:
        monkeypatch.setattr(Judge, where, fails_once if where == "take" else fails)
    with Simulated(reply=asked, judge=judge(truth)) as server:
        result = run(documents(), settings_for(server)).result
    assert bare(result) == bare(off)
    assert result.states() == off.states()
    assert result.judge
    asked_about = sum(chunk.parsed for chunk in result.chunks)
    unanswered = {"ask": asked_about, "take": asked_about, "decide": 0, "check_lists": 0}
    assert result.judge.unanswered == unanswered[where]


@pytest.mark.parametrize("trusted", [True, False])
def test_what_it_says_is_one_is_merged_where_it_is_trusted(trusted: bool, tmp_path: Path) -> None:
    more = {
        "第13号水库的库容为多少万立方米？": ("第13号水库可以装多少万立方米的水？", "269万立方米"),
        "How many tonnes of ore a day does Mine 14 yield?": (
            "What is the daily yield of Mine 14, in tonnes of ore?",
            "438 tonnes",
        ),
    }
    asking = {*more, *(question for question, _ in more.values())}

    def reply(messages: Messages) -> str:
        made = asked(messages)
        added = [f"Q: {q}\nA: {a}" for first, (q, a) in more.items() if first in made]
        return "\n".join([made, *added])

    def saying(messages: Messages) -> str | None:
        said = judge(truth if trusted else coin)(messages)
        found = LIST.search(messages[-1]["content"])
        items = ITEM.findall(found["pairs"]) if said and found else []
        right = {answer for _, answer in more.values()}
        same = " = ".join(n for n, q, a in items if q in asking and a in right) or "none"
        return said and said.replace("Same: none", f"Same: {same}")

    with Simulated(reply=reply, judge=saying) as server:
        off = run(documents(), settings_for(server, check="off"), tmp_path / "off").result
        result = run(documents(), settings_for(server)).result
    assert result.judge
    assert result.judge.trusted == trusted
    judged = {one.item.question for one in result.duplicates if one.kind == "judged"}
    assert len(judged) == (len(more) if trusted else 0)
    assert asking <= {pair.question for pair in off.kept}
    if not trusted:
        assert bare(result) == bare(off)


def test_judging_goes_on_beside_the_asking() -> None:
    judged, right, made = threading.Event(), judge(truth), count()

    def judging(messages: Messages) -> str | None:
        reply = right(messages)
        if reply is not None:
            judged.set()
        return reply

    def late(messages: Messages) -> str:
        # Chunks beyond the first few are answered once a list has been judged.
        assert next(made) < 4 or judged.wait(60)
        return asked(messages)

    with Simulated(reply=late, judge=judging) as server:
        resolved = settings_for(server, concurrency=2)
        kinds = [type(event) for event in Pipeline(resolved).run(documents())]
    assert judged.is_set()
    assert kinds.count(ChunkDone) > 4


def test_with_open_alone_the_proven_are_left_to_the_rules() -> None:
    seen: set[str] = set()

    def counting(question: str, answer: str, passage: str) -> tuple[bool, str]:
        seen.add(question)
        return truth(question, answer, passage)

    with Simulated(reply=asked, judge=judge(counting)) as server:
        result = run(documents(), settings_for(server, check="open")).result
    assert result.judge
    assert result.judge.trusted
    opened = {pair.question for pair in pairs_of(result) if pair.verdict != "proven"}
    assert opened
    assert opened <= seen
    assert 0 < result.judge.asked < sum(chunk.parsed for chunk in result.chunks)
    assert {pair.question for pair in result.kept if pair.verdict == "open"} == opened


def test_a_short_run_trusts_a_judge_known_from_other_jobs(tmp_path: Path) -> None:
    short = [Text(text=sentence(5) + sentence(7), name="kurz")]
    with Simulated(reply=asked, judge=judge(truth)) as server:
        alone = run(short, settings_for(server), tmp_path / "alone").result
        assert alone.judge
        assert not alone.judge.trusted
        run(documents(), settings_for(server))
        known = run(short, settings_for(server)).result
        again = run(short, settings_for(server)).result
    assert known.judge
    assert known.judge.trusted
    assert known.judge.model_copy(update={"trusted": False}) == alone.judge
    assert again.judge == known.judge
    assert len(known.kept) < len(alone.kept)


def test_another_backend_judges_with_its_own_width_and_the_shared_budget(tmp_path: Path) -> None:
    with Simulated(reply=asked) as cheap, Simulated(judge=judge(truth), latency=0.05) as strong:
        table = {
            "base_url": strong.base_url,
            "model": strong.model,
            "concurrency": 3,
        }
        resolved = settings_for(cheap, judge="strong", concurrency=1)
        resolved = resolved.model_copy(update={"backends": {"strong": table}})
        done = run(documents(), resolved, tmp_path / "j")
        chunks = len(done.result.chunks)
        assert (cheap.checks, len(cheap.calls)) == (0, chunks)
        assert (strong.checks, len(strong.calls)) == (chunks, 0)
        assert done.result.judge
        assert done.result.judge.trusted
        assert done.result.usage.calls == 2 * chunks
        again = resume_job(done.job, journal=tmp_path / "j")
        assert account(again.result) == account(done.result)
        assert (strong.checks, again.result.usage.calls) == (chunks, 0)
        few = run(
            documents(),
            resolved.model_copy(
                update={"settings": resolved.settings.model_copy(update={"max_calls": 5})}
            ),
            tmp_path / "few",
        ).result
        assert few.usage.calls == 5
        on = resume_job(_only_job(tmp_path / "few"), journal=tmp_path / "few")
        assert account(on.result) == account(done.result)


def _only_job(path: Path) -> str:
    with Journal(path) as journal:
        (job,) = Jobs(journal).all()
    return job.id


def test_planted_pairs_are_asked_and_nowhere_told(planting: Planting) -> None:
    shown: set[str] = set()

    def noting(messages: Messages) -> str | None:
        found = LIST.search(messages[-1]["content"])
        shown.update([found["pairs"]] if found else [])
        return judge(truth)(messages)

    with Simulated(reply=asked, judge=noting) as server:
        done = run(documents(), settings_for(server))
    assert len(planting.planted) >= 12
    made = {(pair.question, pair.answer) for pair in pairs_of(done.result)}
    items = [
        (question, answer) for content in shown for _, question, answer in ITEM.findall(content)
    ]
    assert len(items) == len(set(items)) == len(made) + len(planting.planted)
    with Journal() as journal:
        outcomes = Jobs(journal).outcomes(done.job)
        job = Jobs(journal).find(done.job)
    assert sum(one.parsed for one in outcomes) == len(pairs_of(done.result))
    assert job.progress.pairs
    assert job.progress.pairs.total == len(pairs_of(done.result))
