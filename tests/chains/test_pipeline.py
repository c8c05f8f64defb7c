"""The run as a whole: the same list at any width, in order, stopped and gone on with at will."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from bench import runs
from bench.runs import account, long_text, material, resume_job, run
from bench.simulated import Faults, Simulated, pairs_reply
from chains.embedding.load import NamedEmbeddings
from chains.errors import EmbeddingError, JournalError, SettingsError
from chains.events import ChunkDone, Done, Prepared
from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.run.workers import WorkerPool
from pairs.records import PairList

settings_for = partial(runs.settings_for, check="off")
"""Of runs whose pairs nobody checks: every call is one about a chunk."""
ZH = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
EN = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."


class Uneven(Simulated):
    """A server whose replies overtake one another."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.reply = self._late

    def _late(self, messages: list[dict[str, str]]) -> str:
        text = pairs_reply(messages)
        threading.Event().wait(len(text) % 7 * 0.005)
        return text


@settings(deadline=None, max_examples=6, suppress_health_check=list(HealthCheck))
@given(paragraphs=st.integers(1, 12), width=st.integers(2, 16), repeat=st.booleans())
def test_the_list_is_the_same_at_any_width(
    paragraphs: int, width: int, *, repeat: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inputs = material(paragraphs) + [Text(text=ZH, name="b")] * (1 + repeat)
    folder = tmp_path_factory.mktemp("journals")
    with Uneven() as server:
        results = [
            run(inputs, runs.settings_for(server, concurrency=each), folder / f"{each}").result
            for each in (1, width)
        ]
    assert results[0] == results[1]
    assert results[0].complete
    spans = [(one.source, one.span.start) for one in results[0].chunks if one.source == "report"]
    assert spans == sorted(spans)
    assert results[0].states()["repeated"] >= repeat


def test_events_tell_of_every_chunk_once_and_the_first_pair_at_once() -> None:
    with Simulated(latency=0.05) as server:
        resolved = settings_for(server, concurrency=1)
        events = list(Pipeline(resolved).run([Text(text=ZH + "\n\n" + EN)]))
    first, last = events[0], events[-1]
    assert isinstance(first, Prepared)
    assert isinstance(last, Done)
    told = [event for event in events if isinstance(event, ChunkDone)]
    assert sorted(event.index for event in told) == list(range(first.chunks))
    assert [event.done for event in told] == list(range(1, first.chunks + 1))
    assert told[0].pairs
    assert told[-1].usage == last.result.usage


def test_boilerplate_is_asked_last_and_stands_in_its_place() -> None:
    contents = "\n".join(f"第{n}章 桥梁{n}{'.' * 30}{n * 3}" for n in range(1, 25))
    asked: list[str] = []

    def noting(messages: list[dict[str, str]]) -> str:
        asked.append(messages[-1]["content"])
        return pairs_reply(messages)

    with Simulated(reply=noting) as server:
        inputs = [Text(text=f"目录\n{contents}"), Text(text=ZH), Text(text=EN)]
        result = run(inputs, settings_for(server, concurrency=1, chunk_size=1000)).result
    assert len(asked) == len(result.chunks) > 1
    assert "桥梁" not in asked[0]
    assert "桥梁" in asked[-1]
    assert result.chunks[-1].span.end == len(EN)


def test_two_runs_of_the_same_at_once_pay_once() -> None:
    results: list[Done] = []
    with Simulated(latency=0.05) as server:
        resolved = settings_for(server, concurrency=4)
        threads = [
            threading.Thread(target=lambda: results.append(run(material(8), resolved)))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(server.calls.values()) == {1}
    assert account(results[0].result) == account(results[1].result) == account(results[2].result)
    assert len({done.job for done in results}) == 3
    assert sum(done.result.usage.calls for done in results) == len(server.calls)


def test_stopped_and_resumed_without_the_document(tmp_path: Path) -> None:
    document, prompt = tmp_path / "report.txt", tmp_path / "mine.txt"
    document.write_text(long_text(10), encoding="utf-8")
    prompt.write_text("Ask {questions}.\n\nText:\n{text}", encoding="utf-8")
    with Simulated() as server:
        resolved = settings_for(server, prompt=str(prompt))
        whole = run([document], resolved, tmp_path / "whole.sqlite").result
        server.calls.clear()
        stop = threading.Event()
        with Journal() as journal:
            for event in Pipeline(resolved, journal=journal, stop=stop).run([document]):
                if isinstance(event, ChunkDone) and event.pairs:
                    stop.set()
        assert isinstance(event, Done)
        states = event.result.states()
        assert states["not asked"] > 0
        assert states["pairs"] > 0
        with Journal() as journal:
            assert Jobs(journal).find(event.job[:6]).state == "stopped"
        document.unlink()
        prompt.unlink()
        done = resume_job(event.job)
        assert account(done.result) == account(whole)
        assert done.job == event.job
        assert set(server.calls.values()) == {1}
        with Journal() as journal:
            job = Jobs(journal).find(event.job)
        assert job.state == "done"
        assert job.usage.calls == len(server.calls)
        assert job.progress.pairs
        assert job.progress.pairs.kept == len(whole.kept)


def test_a_consumer_that_leaves_ends_the_run() -> None:
    with Simulated(latency=0.02) as server:
        resolved = settings_for(server, concurrency=2)
        events = Pipeline(resolved).run(material(20))
        for event in events:
            if isinstance(event, ChunkDone):
                break
        events.close()  # type: ignore[attr-defined]  # a generator
        asked = sum(server.asked.values())
        assert asked < 30
        with Journal() as journal:
            (job,) = Jobs(journal).all()
        assert job.state == "stopped"
        assert run(material(20), resolved).job == job.id
        assert set(server.calls.values()) == {1}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"embeddings": "no such thing"}, EmbeddingError),
        ({"prompt": "no such file"}, SettingsError),
    ],
)
def test_what_cannot_work_is_said_before_a_call_is_paid_for(
    given: dict[str, str], error: type[Exception]
) -> None:
    with Simulated() as server:
        with pytest.raises(error):
            run(material(5), settings_for(server, **given))
        assert not server.asked


def test_a_disk_without_room_is_said_before_a_call_is_paid_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chains.run.disk_room.LEAST_FREE", 10**18)
    with Simulated() as server:
        with pytest.raises(JournalError) as caught:
            run(material(5), settings_for(server))
        assert caught.value.code == "journal.room"
        assert not server.asked


def test_a_disk_that_fills_up_ends_the_run_and_costs_nothing_twice(tmp_path: Path) -> None:
    with Simulated() as server:
        expected = run(material(40), settings_for(server), tmp_path / "well.sqlite").result
        server.calls.clear()
        with Journal() as journal:
            events = Pipeline(settings_for(server), journal=journal).run(material(40))
            assert isinstance(next(events), Prepared)
            pages = journal.rows("PRAGMA page_count")[0][0]
            journal.rows(f"PRAGMA max_page_count = {pages + 3}")
            with pytest.raises(JournalError) as caught:
                list(events)
        assert caught.value.code == "journal.write"
        before = len(server.calls)
        assert before
        done = run(material(40), settings_for(server))
        assert account(done.result) == account(expected)
        assert sum(server.calls.values()) <= len(server.calls) + 1


def test_the_journal_answers_even_where_the_backend_does_not() -> None:
    with Simulated() as server:
        some = run(material(6), settings_for(server, max_calls=5)).result
        server.faults = Faults(broken=1, always=True)
        again = run(material(6), settings_for(server, retry_seconds=0)).result
    assert again.kept == some.kept
    assert again.states() == some.states()


def test_embeddings_load_beside_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def reply(messages: list[dict[str, str]]) -> str:
        asked.set()
        return pairs_reply(messages)

    def slow(name: str, *_: object) -> NamedEmbeddings:
        assert asked.wait(20), "no question left while the embedding was loading"
        return NamedEmbeddings(name, None, 1.0)

    monkeypatch.setattr("chains.run.pipeline.load_embeddings", slow)
    with Simulated(reply=reply) as server:
        assert run([Text(text=ZH)], settings_for(server)).result.kept


def test_a_fault_of_ours_fails_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> str:
        if "64.4" in text:
            raise RecursionError("深")
        return "en"

    monkeypatch.setattr("chains.run.chain.language_of", broken)
    with Simulated() as server:
        result = run([Text(text=ZH), Text(text=EN)], settings_for(server, chunk_size=100)).result
    (failed,) = (one for one in result.chunks if one.state == "failed")
    assert failed.reason
    assert "RecursionError" in failed.reason.say("zh")
    assert result.kept


def test_documents_of_any_loader_with_lone_surrogates() -> None:
    with Simulated() as server:
        broken = [Document(page_content=ZH + "\ud800" + EN, metadata={"source": "x"})]
        result = run([broken, Text(text="好\ud83d。" + EN)], settings_for(server)).result
    assert isinstance(result, PairList)
    assert result.kept


def test_a_window_loses_nothing_and_begins_nothing_once_left() -> None:
    stop = threading.Event()

    def work(n: int) -> int:
        if n % 3 == 0:
            raise ValueError(n)
        return n * 2

    with WorkerPool(work, range(100), 7, stop) as window:
        results = dict(one for batch in window.batches() for one in batch)
    assert sorted(results) == list(range(100))
    assert all(
        isinstance(came, ValueError) if n % 3 == 0 else came == n * 2 for n, came in results.items()
    )
    begun: list[int] = []
    with WorkerPool(begun.append, range(10_000), 2, stop) as left:
        next(left.batches())
    assert len(begun) < 200
