"""Jobs that outlive their listeners and their server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from doubles import WAIT, Gate
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.runs import long_text, settings_for
from bench.simulated import Simulated
from chains.errors import BackendError, BusyError, JournalError
from chains.events import ChunkDone, Done, Event, Failed, Prepared
from chains.jobs.event_log import EventLog
from chains.jobs.runner import Runner
from chains.journal.jobs import Jobs
from chains.journal.lists import load_list
from chains.journal.replies import Journal
from chains.run.inputs import Inputs, Text, read_inputs
from chains.run.pipeline import Pipeline
from pairs.records import PairList, Reason


@pytest.fixture
def journal() -> Iterator[Journal]:
    with Journal() as opened:
        yield opened


def read(paragraphs: int = 4, name: str = "报告") -> Inputs:
    return read_inputs([Text(text=long_text(paragraphs), name=name)], chunk_size=20, overlap=0)


def heard(runner: Runner, job: str, after: str | None = None) -> list[tuple[str, Event]]:
    return [one for one in runner.listen(job, after, WAIT) if one is not None]


def told(number: int) -> Event:
    return Failed(job="j", reason=Reason(code="x", fields={"n": number}))


def prepared() -> Event:
    return Prepared(
        job="j", files=1, chunks=1, tokens=1, backend="b", model="m", embeddings="lexical"
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.lists(st.integers(0, 15), max_size=4))
def test_every_listener_hears_every_event_once_in_order(count: int, comes: list[int]) -> None:
    """Whenever it comes, and wherever it was before."""
    log = EventLog()
    everything = [prepared() for _ in range(count - 1)]
    events: list[Event] = [*everything, told(count)]
    results: list[list[tuple[str, Event] | None]] = [[] for _ in comes]

    def listen(place: int, after: int) -> None:
        last = f"{log.token}-{after}" if after else None
        results[place].extend(log.listen(last, 0.001))

    threads = []
    for number, event in enumerate(events):
        for place, after in enumerate(comes):
            if min(after, count - 1) == number:
                threads.append(threading.Thread(target=listen, args=(place, min(after, number))))
                threads[-1].start()
        log.tell(event)
    for thread in threads:
        thread.join(WAIT)
    whole = [(f"{log.token}-{n}", event) for n, event in enumerate(events, 1)]
    for place, after in enumerate(comes):
        said = [one for one in results[place] if one is not None]
        assert said == whole[min(after, count - 1) :]
    assert log.since(0).events == whole
    assert log.since(0).over


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=30))
def test_any_last_event_id_is_a_place_to_go_on_from(after: str) -> None:
    log = EventLog()
    log.tell(prepared())
    assert log.place(after) == 0
    assert log.place(f"{log.token}-{after}") in (0, 1)


def test_a_job_runs_to_its_list_with_any_number_of_listeners(
    journal: Journal, server: Simulated, gate: Gate
) -> None:
    runner = Runner(journal)
    job = runner.begin(read(), settings_for(server, check="off"))
    results: list[list[tuple[str, Event]]] = []
    threads = [
        threading.Thread(target=lambda: results.append(heard(runner, job))) for _ in range(8)
    ]
    for thread in threads[:4]:
        thread.start()
    assert gate.reached.acquire(timeout=WAIT)
    assert runner.is_running(job)
    woken = threading.Event()
    with runner.watching(job, woken.set):
        gate.open.set()
        assert woken.wait(WAIT)
    for thread in threads[4:]:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    first = results[0]
    assert all(one == first for one in results)
    events = [event for _, event in first]
    assert isinstance(events[0], Prepared)
    assert all(isinstance(event, ChunkDone) for event in events[1:-1])
    done = events[-1]
    assert isinstance(done, Done)
    assert load_list(journal, job) == done.result
    assert Jobs(journal).find(job).state == "done"
    for place, (id_, _) in enumerate(first):
        assert heard(runner, job, id_) == first[place + 1 :]
    assert not runner.is_running(job)
    assert list(runner.listen("unknown")) == []
    runner.close()


def test_no_more_wait_than_may(journal: Journal, server: Simulated, gate: Gate) -> None:
    runner = Runner(journal, at_once=1, waiting=2)
    resolved = settings_for(server)
    running = runner.begin(read(name="a"), resolved)
    assert gate.reached.acquire(timeout=WAIT)
    waiting = [runner.begin(read(name=name), resolved) for name in ("b", "c")]
    assert all(runner.is_waiting(job) for job in waiting)
    with pytest.raises(BusyError):
        runner.begin(read(name="d"), resolved)
    assert len(Jobs(journal).all()) == 3
    # One that waits ends at once when it is told to, and makes room.
    assert runner.stop(waiting[0])
    (*_, (_, last)) = heard(runner, waiting[0])
    assert isinstance(last, Done)
    assert last.result.states()["not asked"] > 0
    assert Jobs(journal).find(waiting[0]).state == "stopped"
    runner.begin(read(name="e"), resolved)
    gate.open.set()
    assert isinstance(heard(runner, running)[-1][1], Done)
    runner.close()


def test_a_stopped_job_goes_on_and_nothing_is_asked_twice(
    journal: Journal, server: Simulated, gate: Gate
) -> None:
    runner = Runner(journal)
    job = runner.begin(read(6), settings_for(server, concurrency=1))
    assert gate.reached.acquire(timeout=WAIT)
    assert runner.stop(job)
    assert runner.is_stopping(job)
    gate.open.set()
    heard(runner, job)
    assert Jobs(journal).find(job).state == "stopped"
    assert not runner.stop(job)
    runner.resume_job(job, retry=True)
    with pytest.raises(JournalError, match=job):
        runner.resume_job(job)
    done = heard(runner, job)[-1][1]
    assert isinstance(done, Done)
    assert done.result.complete
    assert set(server.calls.values()) == {1}
    runner.close()


def test_what_a_closing_server_leaves_the_next_one_finishes(
    server: Simulated, gate: Gate, tmp_path: Path
) -> None:
    place = tmp_path / "journal.sqlite"
    with Journal(place) as journal:
        runner = Runner(journal, at_once=1)
        resolved = settings_for(server, concurrency=1)
        jobs = [runner.begin(read(6, name), resolved) for name in ("a", "b")]
        cancelled = runner.begin(read(6, "c"), resolved)
        assert gate.reached.acquire(timeout=WAIT)
        assert runner.stop(cancelled)
        assert heard(runner, cancelled)
        closing = threading.Thread(target=runner.close)
        closing.start()
        gate.open.set()
        closing.join(WAIT)
        for job in jobs:
            # Nobody is told that a list cut short by us is the list.
            assert not any(isinstance(event, Done) for _, event in heard(runner, job))
            news = runner.news(job)
            assert news is not None
            assert news.elsewhere
        states = {job.id: job.state for job in Jobs(journal).all()}
        assert [states[job] for job in jobs] == ["waiting", "waiting"]
        assert states[cancelled] == "stopped"
    paid = sum(server.calls.values())
    assert paid < 6
    with Journal(place) as journal, ExitStack() as open_:
        runner = Runner(journal)
        open_.callback(runner.close)
        assert runner.adopt(waiting=False) == []
        assert runner.adopt() == jobs
        assert runner.adopt() == []
        for job in jobs:
            done = heard(runner, job)[-1][1]
            assert isinstance(done, Done)
            assert done.result.complete
        assert set(server.calls.values()) == {1}


def test_a_job_that_fails_says_so_to_whoever_listens(journal: Journal, server: Simulated) -> None:
    runner = Runner(journal)
    server.model = "another"
    job = runner.begin(read(), settings_for(server, model="simulated", retry_seconds=0))
    (*_, (_, failed)) = heard(runner, job)
    assert isinstance(failed, Failed)
    assert failed.reason.code == "backend.not_found"
    assert Jobs(journal).find(job).failure == failed.reason
    gone = runner.begin(read(), settings_for(server, model="simulated", retry_seconds=0))
    heard(runner, gone)
    Jobs(journal).delete(gone)
    with pytest.raises(JournalError):
        runner.resume_job(gone)
    assert PairList().complete
    runner.close()
    late = runner.begin(read(), settings_for(server))
    assert Jobs(journal).find(late).state == "waiting"
    assert heard(runner, late) == []


def test_a_job_of_the_command_line_is_the_servers_once_it_goes_on_there(
    server: Simulated, journal: Journal
) -> None:
    pipeline = Pipeline(settings_for(server, max_calls=1), journal=journal)
    *_, begun = pipeline.run([Text(text=long_text(4), name="报告")])
    assert isinstance(begun, Done)
    assert not Jobs(journal).find(begun.job).served
    with closing(Runner(journal)) as runner:
        runner.resume_job(begun.job)
        *_, (_, last) = heard(runner, begun.job)
    assert isinstance(last, Done)
    job = Jobs(journal).find(begun.job)
    assert (job.state, job.served) == ("done", True)


def answered(runner: Runner, server: Simulated, stop: threading.Event, name: str) -> EventLog:
    return runner.answer(read(6, name), settings_for(server, concurrency=1), stop)


def test_an_answer_goes_before_jobs_that_wait_and_ends_with_who_waits_for_it(
    journal: Journal, server: Simulated, gate: Gate
) -> None:
    with closing(Runner(journal, at_once=1, waiting=1)) as runner:
        runner.begin(read(name="a"), settings_for(server))
        assert gate.reached.acquire(timeout=WAIT)
        waiting = runner.begin(read(name="b"), settings_for(server))
        stop = threading.Event()
        log = answered(runner, server, stop, "c")
        assert gate.reached.acquire(timeout=WAIT)
        assert runner.is_waiting(waiting)
        stop.set()
        gate.open.set()
        *_, last = [one for one in log.listen(None, WAIT) if one]
        done = last[1]
    assert isinstance(done, Done)
    assert done.result.states()["not asked"] > 0
    job = Jobs(journal).find(done.job)
    assert (job.state, job.served) == ("stopped", False)


def test_an_answer_cut_short_by_the_end_is_none_and_nobody_takes_it_up(
    journal: Journal, server: Simulated, gate: Gate
) -> None:
    runner = Runner(journal, answers=1)
    logs = [answered(runner, server, threading.Event(), name) for name in ("a", "b")]
    assert gate.reached.acquire(timeout=WAIT)
    runner.stop_all()
    gate.open.set()
    runner.close()
    late = answered(runner, server, threading.Event(), "c")
    for log in (*logs, late):
        assert log.over
        assert not any(isinstance(event, Done) for event in log.events)
    with closing(Runner(journal)) as other:
        assert other.adopt() == []
    (job,) = Jobs(journal).all()
    assert job.state == "stopped"


def test_an_answer_that_fails_says_why(journal: Journal, server: Simulated) -> None:
    server.model = "another"
    resolved = settings_for(server, model="simulated", retry_seconds=0)
    with closing(Runner(journal)) as runner:
        log = runner.answer(read(), resolved, threading.Event())
        *_, last = [one for one in log.listen(None, WAIT) if one]
    assert isinstance(last[1], Failed)
    assert isinstance(log.error, BackendError)
    assert log.error.code == last[1].reason.code == "backend.not_found"


def test_what_is_looked_for_every_few_seconds_does_not_grow_with_the_journal(
    journal: Journal, server: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Runner(journal)) as runner:
        ended = [runner.begin(read(1, name), settings_for(server)) for name in "一二三"]
        for job in ended:
            heard(runner, job)
        jobs, looked_at = Jobs(journal), []
        assert [job.id for job in jobs.all(1, 1)] == [jobs.all()[1].id]
        assert len(jobs) == len(ended)
        monkeypatch.setattr("chains.journal.jobs._read", lambda _, row: looked_at.append(row))
        assert runner.adopt(waiting=False) == []
        assert looked_at == []
