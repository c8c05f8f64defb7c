"""Further passes: only what nobody asked about is asked, and nothing is lost or paid twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bench import runs
from bench.runs import account, material, resume_job, run
from bench.simulated import MATERIAL, Simulated, pairs_reply
from chains.events import ChunkDone, Done
from chains.journal.replies import Journal
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from pairs.evidence.coverage import coverage
from pairs.records import PairList

settings_for = partial(runs.settings_for, check="off")
"""Of runs whose pairs nobody checks: every call is one about a chunk."""
ZH = (
    "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
    "桥面的石板来自附近的采石场。每年春天当地都要举行庙会。庙会上有戏曲和集市可看。"
)
EN = (
    "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh. "
    "Its towers were built of steel from Scottish mills. Painting the bridge took many years. "
    "Trains to the north have crossed it every day since then."
)
AGAIN = ("已经问过一遍", "asked about before")
Messages = list[dict[str, str]]


def lazy(*, again: Callable[[Messages], str] = pairs_reply) -> Callable[[Messages], str]:
    """A model that asks about the first sentence alone, until it is asked again."""

    def reply(messages: Messages) -> str:
        if any(word in said["content"] for said in messages for word in AGAIN):
            return again(messages)
        return "\n".join(pairs_reply(messages).split("\n")[:2])

    return reply


def both() -> list[Text]:
    return [Text(text=ZH, name="桥"), Text(text=EN, name="bridge")]


def share(result: PairList, name: str, text: str) -> float:
    return coverage(text, [pair for pair in result.kept if pair.source == name]).share


def test_what_nobody_asked_about_is_asked_once_more() -> None:
    seen: list[str] = []

    def noting(messages: Messages) -> str:
        found = MATERIAL.search(messages[-1]["content"])
        assert found
        seen.append(found[1])
        return pairs_reply(messages)

    with Simulated(reply=lazy(again=noting)) as server:
        once = run(both(), settings_for(server, chunk_size=500)).result
        assert not seen
        twice = run(both(), settings_for(server, chunk_size=500, passes=2)).result
        assert set(server.calls.values()) == {1}
    assert len(once.chunks) == len(twice.chunks) == len(seen) == 2
    for name, text, told in (("桥", ZH, "李春"), ("bridge", EN, "1890")):
        assert share(once, name, text) < 0.5
        assert share(twice, name, text) == 1
        asked = next(one for one in seen if one[-9:] in text)
        assert told in asked  # the sentence before: what the rest speaks of
        assert len(asked) <= len(text)
    assert {pair.id for pair in once.kept} <= {pair.id for pair in twice.kept}
    assert len({pair.prompt for pair in twice.kept}) == 4


def test_one_pass_is_the_default_and_leaves_a_job_what_it_was() -> None:
    with Simulated(reply=lazy()) as server:
        plain = run(both(), settings_for(server))
        same = run(both(), settings_for(server, passes=1, verify=False))
        more = run(both(), settings_for(server, passes=2))
    assert plain.job == same.job != more.job
    assert account(plain.result) == account(same.result)


def test_nothing_is_asked_again_where_everything_is_asked_about() -> None:
    with Simulated() as server:
        one = run(both(), settings_for(server)).result
        calls = sum(server.calls.values())
        two = run(both(), settings_for(server, passes=3)).result
        assert sum(server.calls.values()) == calls
    assert account(one) == account(two)


def test_passes_end_when_little_comes_of_them() -> None:
    nothing = "没有可以提问的内容。There is nothing to ask about."
    with Simulated(reply=lazy(again=lambda _: nothing)) as server:
        result = run(both(), settings_for(server, chunk_size=500, passes=5)).result
        assert sum(server.calls.values()) == 4
    assert result.states()["pairs"] == 2
    assert result.complete


def test_progress_counts_what_is_asked_again() -> None:
    with Simulated(reply=lazy()) as server:
        resolved = settings_for(server, chunk_size=500, passes=2, concurrency=1)
        events = list(Pipeline(resolved).run(both()))
    told = [event for event in events if isinstance(event, ChunkDone)]
    assert [event.done for event in told] == [1, 2, 3, 4]
    assert [event.total for event in told] == [2, 2, 4, 4]
    assert sum(len(event.pairs) for event in told) == len(events[-1].result.kept)  # type: ignore[union-attr]  # the last is Done


@pytest.mark.parametrize("width", [1, 8])
def test_a_failing_second_pass_loses_nothing_and_can_be_gone_on_with(
    width: int, tmp_path: Path
) -> None:
    good = True

    def again(messages: Messages) -> str:
        return pairs_reply(messages) if good else "????"

    inputs = material(16)
    with Simulated(reply=lazy(again=again)) as server:
        given = {"chunk_size": 120, "passes": 2, "concurrency": width}
        expected = run(inputs, settings_for(server, **given), tmp_path / "well.sqlite").result
        first = run(inputs, settings_for(server, chunk_size=120)).result
        good = False
        done = run(inputs, settings_for(server, **given))
        states = done.result.states()
        assert states["failed"] > 0
        assert not done.result.complete
        assert {pair.id for pair in first.kept} <= {pair.id for pair in done.result.kept}
        good = True
        assert account(resume_job(done.job, again=True).result) == account(expected)


def test_stopped_in_the_second_pass_and_gone_on_with(tmp_path: Path) -> None:
    inputs = material(20)
    with Simulated(reply=lazy()) as server:
        resolved = settings_for(server, chunk_size=120, passes=2, concurrency=1)
        expected = run(inputs, resolved, tmp_path / "well.sqlite").result
        server.calls.clear()
        stop = threading.Event()
        with Journal() as journal:
            for event in Pipeline(resolved, journal=journal, stop=stop).run(inputs):
                if isinstance(event, ChunkDone) and event.done > len(expected.chunks):
                    stop.set()
        assert isinstance(event, Done)
        assert event.result.states()["not asked"] > 0
        assert len(event.result.kept) >= len(event.result.chunks)
        assert account(resume_job(event.job).result) == account(expected)
        assert set(server.calls.values()) == {1}


def test_a_budget_spent_in_the_first_pass_makes_no_second() -> None:
    with Simulated(reply=lazy()) as server:
        resolved = settings_for(server, chunk_size=120, passes=2, max_calls=3)
        result = run(material(20), resolved).result
        assert sum(server.calls.values()) == 3
    assert result.states()["not asked"] == len(result.chunks) - 3


@pytest.mark.parametrize("check", ["off", "all"])
def test_pairs_that_are_too_many_for_memory_lie_in_the_journal_until_the_list_is_made(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = {}
    for most in (0, 3, 20_000):
        monkeypatch.setattr("chains.run.checked_pairs.MOST_HELD", most)
        with Simulated(reply=lazy()) as server, Journal(tmp_path / f"{most}.sqlite") as journal:
            resolved = settings_for(server, check=check, passes=3)
            count = "SELECT COUNT(*) FROM checked_so_far"
            run_of = Pipeline(resolved, journal=journal).run([*material(8), *both()])
            *stored, (last, (left,)) = ((event, journal.rows(count)[0]) for event in run_of)
            assert isinstance(last, Done)
            assert any(rows for _, (rows,) in stored) == (most < 20_000)
            assert left == 0
            lists[most] = account(last.result)
    assert lists[0] == lists[3] == lists[20_000]
    assert lists[0].kept
