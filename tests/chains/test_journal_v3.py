"""A journal that version 0.1.0 wrote opens, resumes and exports as it did there."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.simulated import Simulated
from chains import Jobs, Journal, load_list
from cli.main import run

WRITTEN = Path(__file__).resolve().parent.parent / "data" / "journal_v3"
DONE, STOPPED = "d937eb1e", "f251bc59"


@pytest.fixture
def journal(home: Path) -> Path:
    place = home / "data" / "journal.sqlite"
    place.parent.mkdir(parents=True)
    shutil.copyfile(WRITTEN / "journal.sqlite", place)
    return place


def test_its_jobs_are_listed_with_their_numbers(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["jobs", "--json"]) == 0
    jobs = {job["id"]: job for job in json.loads(capsys.readouterr().out)}
    assert {id_: job["state"] for id_, job in jobs.items()} == {DONE: "done", STOPPED: "stopped"}
    with Journal(journal) as opened:
        assert [job.id for job in Jobs(opened).all()] == [STOPPED, DONE]
        assert len(load_list(opened, DONE, edited=False).kept) == 10
        assert len(load_list(opened, DONE).kept) == 9


def test_a_finished_job_exports_the_same_bytes(journal: Path, tmp_path: Path) -> None:
    assert journal.is_file()
    target = tmp_path / "list.jsonl"
    assert run(["export", DONE, "-o", str(target)]) == 0
    assert target.read_bytes() == (WRITTEN / "exported.jsonl").read_bytes()


def test_a_stopped_job_goes_on_and_pays_for_the_missing_chunk_alone(
    journal: Path, tmp_path: Path, server: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = _answered(journal)
    assert answered
    # The address is part of every request's key; the simulated model is reached as its proxy.
    monkeypatch.setenv("HTTP_PROXY", server.base_url.removesuffix("/v1"))
    target = tmp_path / "list.jsonl"
    assert run(["resume", STOPPED, "-o", str(target)]) == 0
    assert server.calls.total() == 1
    assert target.read_bytes() == (WRITTEN / "resumed.jsonl").read_bytes()
    assert answered.items() <= _answered(journal).items()


def test_a_finished_job_resumed_asks_nothing(journal: Path, tmp_path: Path) -> None:
    """Nobody answers at its address: every reply comes from the journal, under the same keys."""
    with Journal(journal) as opened:
        made = load_list(opened, DONE, edited=False)
    assert run(["resume", DONE, "-o", str(tmp_path / "again.jsonl")]) == 0
    with Journal(journal) as opened:
        again = load_list(opened, DONE, edited=False)
    assert again.usage.calls == 0
    assert again.kept == made.kept


def _answered(journal: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Every reply of a journal, letter for letter, and every chunk that has its pairs."""
    with closing(sqlite3.connect(journal)) as opened:
        replies = opened.execute("SELECT 'reply', key, attempt, reply, created FROM replies")
        chunks = opened.execute(
            "SELECT 'chunk', job, place, chunk, outcome FROM chunks WHERE state = 'pairs'"
        )
        return {row[:3]: row[3:] for row in (*replies, *chunks)}
