"""A job that another process runs: seen, stopped, and gone on with by another model."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from doubles import WAIT

from bench.runs import long_text, run, settings_for
from bench.simulated import Simulated
from chains.events import Done
from chains.jobs.runner import Runner
from chains.journal.jobs import Jobs
from chains.journal.lists import has_list, load_list
from chains.journal.names import name_job
from chains.journal.replies import Journal
from chains.journal.so_far import pairs_so_far
from chains.llm.backends import choose
from chains.run.inputs import Text, read_inputs
from chains.settings import resolve

# The heart of a run beats quickly here; it is no other than it is everywhere.
_COMMAND = (
    "import chains.journal.leases as l; l.BEAT_SECONDS = 0.2; from app_cli import main; main()"
)


@contextmanager
def elsewhere(document: Path, server: Simulated) -> Iterator[subprocess.Popen[bytes]]:
    """The command line, at work on a document in a process of its own."""
    arguments = [
        *("extract", str(document), "-o", str(document.with_suffix(".jsonl"))),
        *("--backend", "chatglm3", "--base-url", server.base_url, "--model", server.model),
        *("--chunk-size", "20", "--embeddings", "lexical"),
    ]
    with subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *arguments],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        yield child
        child.wait(WAIT)


def until(true: Callable[[], object]) -> None:
    last = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < last
        time.sleep(0.02)


def test_its_pairs_are_seen_and_it_obeys_a_wish_to_stop(tmp_path: Path) -> None:
    document = tmp_path / "report.txt"
    document.write_text(long_text(12), encoding="utf-8")
    with (
        Simulated(latency=0.15) as server,
        elsewhere(document, server) as child,
        Journal() as journal,
        closing(Runner(journal)) as runner,
    ):
        until(lambda: (jobs := Jobs(journal).all()) and pairs_so_far(journal, jobs[0].id))
        (job,) = Jobs(journal).all()
        seen = pairs_so_far(journal, job.id)
        assert job.state == "running"
        assert not runner.is_running(job.id)
        assert not runner.is_stopping(job.id)
        assert runner.stop(job.id)
        assert runner.is_stopping(job.id)
        until(lambda: Jobs(journal).find(job.id).state == "stopped")
        assert not runner.is_stopping(job.id)
        assert not runner.stop(job.id)  # it is over
        child.wait(WAIT)
        asked, server.latency = sum(server.calls.values()), 0.0
        made = load_list(journal, job.id)
        assert {pair.id for pair in seen} <= {pair.id for pair in made.kept}
        assert made.states()["not asked"] > 0
        assert pairs_so_far(journal, job.id) == []
        runner.resume_job(job.id)
        *_, (_, last) = filter(None, runner.listen(job.id, None, WAIT))
        assert isinstance(last, Done)
        assert last.result.complete
        assert sum(server.calls.values()) > asked
        assert set(server.calls.values()) == {1}


def test_one_that_waits_there_ends_when_its_turn_comes(server: Simulated) -> None:
    read = read_inputs([Text(text=long_text(4), name="报告")], chunk_size=20, overlap=0)
    with Journal() as journal, Journal() as other:
        with closing(Runner(journal)) as runner:
            runner.close()  # what it takes on now waits for the next server
            job = runner.begin(read, settings_for(server))
        with closing(Runner(other)) as second:
            assert second.stop(job)
        with closing(Runner(journal)) as third:
            assert third.adopt() == [job]
            list(third.listen(job, None, WAIT))
        assert Jobs(journal).find(job).state == "stopped"
        assert server.calls.total() == 0


def test_what_one_model_was_asked_is_not_asked_of_the_next(server: Simulated) -> None:
    text = [Text(text=long_text(6), name="report")]
    with Simulated(model="second") as second, Journal() as journal:
        first = run(text, settings_for(server, max_calls=6, check="off"), journal.path)
        assert first.result.kept
        instead = choose(
            resolve({"backend": "chatglm3", "base_url": second.base_url, "model": "second"})
        )
        with closing(Runner(journal)) as runner:
            runner.resume_job(first.job, backend=instead)
            *_, (_, last) = filter(None, runner.listen(first.job, None, WAIT))
        assert isinstance(last, Done)
        assert last.result.complete
        assert server.calls.total() == 6
        assert second.calls.total() <= first.result.states()["not asked"] + 1
        assert {pair.model for pair in last.result.kept} == {"simulated", "second"}
        kept = {pair.question for pair in last.result.kept}
        assert {pair.question for pair in first.result.kept} <= kept
        assert Jobs(journal).find(first.job).backend["model"] == "second"


@pytest.mark.parametrize("name", ["桥", '<b>"quoted"</b> & more'])
def test_a_job_is_called_what_a_person_calls_it(server: Simulated, name: str) -> None:
    with Journal() as journal:
        job = run([Text(text=long_text(1), name="report")], settings_for(server), journal.path).job
        jobs = Jobs(journal)
        assert has_list(journal, job)
        name_job(journal, job, f" {name} ")
        assert jobs.find(job).name == name
        name_job(journal, job, " ")
        assert jobs.find(job).name == ""
        jobs.delete(job)
