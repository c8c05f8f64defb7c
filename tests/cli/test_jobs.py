"""Jobs at the command line: listed, shown, gone on with, asked again, deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.simulated import Faults, Simulated
from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.records import Job
from cli.main import run
from pairs.records import Reason

ZH = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
EN = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "bridges.txt"
    file.write_text(f"{ZH}\n\n{EN}\n", encoding="utf-8")
    return file


def extract(document: Path, server: Simulated, *more: str) -> list[str]:
    small = ["--chunk-size", "20", "--embeddings", "lexical", "--check", "off"]
    asking = ["-b", "chatglm3", "--base-url", server.base_url, "-m", server.model]
    return ["extract", str(document), *asking, *small, *more]


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run(["jobs", "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_a_budget_stops_and_resume_writes_the_file_first_named(
    document: Path, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "pairs.jsonl"
    assert run(extract(document, server, "-o", str(output), "--max-calls", "1")) == 1
    (job,) = listed(capsys)
    assert job["state"] == "stopped"
    assert sum(server.calls.values()) == 1
    short = output.read_bytes()
    document.unlink()
    assert run(["--lang", "en", "resume", job["id"][:5]]) == 0
    said = capsys.readouterr().err
    assert job["id"] in said
    assert output.read_bytes().startswith(short)
    assert len(output.read_text(encoding="utf-8").splitlines()) == 4
    assert set(server.calls.values()) == {1}
    assert listed(capsys)[0]["state"] == "done"
    assert listed(capsys)[0]["usage"]["calls"] == sum(server.calls.values())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_failed_chunk_is_shown_and_asked_again(
    language: str, document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulated(faults=Faults(refused_word="Forth Bridge")) as server:
        assert run(["--lang", language, *extract(document, server)]) == 1
        said = capsys.readouterr().err
        (job,) = listed(capsys)
        assert job["state"] == "partial"
        assert f"qa3 retry {job['id']}" in said
        assert run(["--lang", language, "jobs", "show", job["id"]]) == 0
        assert "this text is not welcome" in capsys.readouterr().out
        assert run(["retry", job["id"]]) == 1
        server.faults = Faults()
        assert run(["retry", job["id"]]) == 0
        assert "Forth Bridge" in capsys.readouterr().out
        assert run(["--lang", language, "jobs"]) == 0
        assert "bridges.txt" in capsys.readouterr().out
        assert set(server.calls.values()) == {1}


def test_a_deleted_job_is_gone(
    document: Path, server: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(extract(document, server)) == 0
    (job,) = listed(capsys)
    assert run(["jobs", "delete", job["id"]]) == 0
    assert listed(capsys) == []
    for command in (["jobs", "show"], ["jobs", "delete"], ["resume"], ["retry"]):
        assert run([*command, job["id"]]) == 2
        assert job["id"] in capsys.readouterr().err
    assert run(extract(document, server)) == 0
    assert set(server.calls.values()) == {2}


def test_a_dry_run_asks_nothing_and_a_timed_one_asks_once(
    document: Path, server: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(extract(document, server, "--dry-run", "--json")) == 0
    expected = json.loads(capsys.readouterr().out)
    assert not server.calls
    assert expected["eta"] is None
    assert expected["known"] == 0
    assert run(extract(document, server, "--dry-run", "--time-one", "--json")) == 0
    timed = json.loads(capsys.readouterr().out)
    assert sum(server.calls.values()) == 1
    assert timed["one"] > 0
    assert timed["eta"] == pytest.approx(timed["one"] * (timed["calls"] - 1))
    assert run(extract(document, server)) == 0
    assert sum(server.calls.values()) == expected["calls"]
    assert set(server.calls.values()) == {1}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_job_of_every_state_is_listed(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    reason = Reason(code="load.nothing")
    with Journal() as journal:
        jobs = Jobs(journal)
        for state in ("waiting", "failed", "done", "partial", "stopped", "running"):
            jobs.add(Job(id=state, fingerprint=state))
            jobs.fail(state, reason)
            if state != "failed":
                with journal.writing() as db:
                    db.execute("UPDATE jobs SET state = ? WHERE id = ?", (state, state))
    assert run(["--lang", language, "jobs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert run(["--lang", language, "jobs", "show", "failed"]) == 0
    assert reason.say(language) in capsys.readouterr().out
