"""How far a run is, folded from what it tells."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from bench.runs import long_text, material, settings_for
from bench.simulated import Faults, Simulated
from chains.events import ChunkDone, Done, Event, Prepared, Verified
from chains.jobs.progress import JobProgress, RunProgress
from chains.jobs.runner import Runner
from chains.journal.replies import Journal
from chains.run.inputs import Text, read_inputs
from chains.run.pipeline import Pipeline
from loaders.records import Span
from pairs.records import ChunkOutcome, ChunkState, TokenUsage


def chunk(at: int, done: int, parsed: int, state: ChunkState = "pairs") -> ChunkDone:
    outcome = ChunkOutcome(chunk_id="", span=Span(start=0, end=1), state=state, parsed=parsed)
    usage = TokenUsage(calls=done, prompt=10 * done, completion=done)
    return ChunkDone(index=at, outcome=outcome, done=done, total=10, usage=usage)


@pytest.mark.parametrize("more", [{"check": "off"}, {"passes": 2, "verify": True}])
def test_the_fold_of_a_whole_run_is_its_list(more: dict[str, object]) -> None:
    with Simulated(faults=Faults(refused_word="Quebec")) as server:
        events = list(Pipeline(settings_for(server, **more)).run(material(6)))
    done = events[-1]
    assert isinstance(done, Done)
    progress = RunProgress()
    for event in events[:-1]:
        progress.take(event)
    now = progress.snapshot()
    states = done.result.states()
    assert progress.pairs() == [
        pair.model_copy(update={"verified": None, "answer_again": ""}) for pair in done.result.kept
    ]
    assert now.pairs == len(done.result.kept)
    assert now.aside == len(done.result.duplicates) + len(done.result.rejected)
    assert now.failed == len(progress.failed()) == states["failed"]
    assert (now.calls, now.done) == (done.result.usage.calls, now.total)
    assert bool(progress.verified[1]) == ("verify" in more)
    assert not progress.over
    progress.take(done)
    assert progress.over


def test_a_chunk_asked_twice_counts_once() -> None:
    progress = RunProgress()
    for event in (chunk(0, 1, 3), chunk(1, 2, 0, "failed"), chunk(0, 3, 5), chunk(1, 4, 2)):
        progress.take(event)
    assert (progress.snapshot().aside, progress.snapshot().failed) == (7, 0)


def test_the_rest_is_guessed_by_the_last_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = RunProgress()
    begun = Prepared(
        job="j", files=1, chunks=10, tokens=1, backend="b", model="m", embeddings="lexical"
    )
    progress.take(begun)
    assert progress.snapshot().eta is None
    etas = []
    # Four chunks at once from the journal, then one in half a minute, then one in two minutes.
    for at, done in ((1, 4), (31, 5), (61, 6), (91, 7), (211, 8)):
        clock[0] = at
        progress.take(chunk(done, done, 1))
        etas.append(progress.snapshot().eta)
    assert etas[-2:] == [90.0, 240.0]
    clock[0] = 300  # nothing new: the speed of the chunk before, and slower with every second
    assert progress.snapshot().eta == 2 * 209.0
    progress.take(Verified(done=1, total=3, usage=TokenUsage(calls=9)))
    assert (progress.verified, progress.snapshot().calls) == ((1, 3), 9)


def test_a_job_that_goes_on_is_followed_from_the_new_beginning(
    server: Simulated, home: object
) -> None:
    assert home
    read = read_inputs([Text(text=long_text(4), name="a")], chunk_size=20, overlap=0)
    with Journal() as journal, closing(Runner(journal)) as runner:
        job = runner.begin(read, settings_for(server, max_calls=1, concurrency=1))
        followed = JobProgress(runner, job)
        first: list[Event] = [one[1] for one in runner.listen(job, None, 60) if one]
        followed.catch_up()
        assert followed.over
        runner.resume_job(job)
        second = [one[1] for one in runner.listen(job, None, 60) if one]
        followed.catch_up()
        assert followed.over
        asked = followed.snapshot()
    assert len(second) >= len(first)
    assert asked.done == len(read.chunks) == asked.total
