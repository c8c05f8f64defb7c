"""A fault of ours costs the pair or the chunk it happens to, and no run."""

from __future__ import annotations

import logging
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench import runs
from bench.runs import account, long_text, material, resume_job, run
from bench.simulated import Simulated
from chains.events import Failed
from chains.jobs import runner
from chains.jobs.report import write_job_view
from chains.jobs.runner import Runner
from chains.journal.replies import Journal
from chains.run import duplicates
from chains.run.inputs import read_inputs
from chains.run.rules import rulings
from cli.main import run as main
from messages import LANGUAGES, end_log, say, start_log
from pairs.compare import judge
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.files.export import write_pairs
from pairs.records import PairList

settings_for = partial(runs.settings_for, check="off")
"""Of runs whose pairs nobody checks: every call is one about a chunk."""
MARK = "车间共有16名工"


def broken(original: Any, *, at: int) -> Any:
    """The original, but for what is about one workshop."""

    def called(*given: Any, **named: Any) -> Any:
        if MARK in str(given[at]):
            raise KeyError("a fault of ours")
        return original(*given, **named)

    return called


def accounted(result: PairList) -> None:
    parsed = sum(chunk.parsed for chunk in result.chunks)
    assert parsed == len(result.kept) + len(result.duplicates) + len(result.rejected)


@pytest.mark.parametrize("where", ["ground", "reason_against"])
def test_a_fault_about_a_pair_costs_that_pair(
    where: str,
    server: Simulated,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = run(material(8), settings_for(server), tmp_path / "whole").result
    lost = [pair for pair in whole.kept if MARK in pair.question]
    assert 0 < len(lost) < len(whole.kept)
    with monkeypatch.context() as patch:
        if where == "ground":
            patch.setattr(Passage, "ground", broken(Passage.ground, at=1))
        else:
            patch.setattr(rulings, where, broken(reason_against, at=0))
        done = run(material(8), settings_for(server), tmp_path / "journal")
        again = run(material(8), settings_for(server), tmp_path / "journal")
    accounted(done.result)
    assert done.result.complete
    assert account(again.result) == account(done.result)
    assert again.result.usage.calls == 0
    faults = [one for one in done.result.rejected if one.reason.code == "pair.fault"]
    assert {one.item.question for one in faults} == {pair.question for pair in lost}
    assert set(done.result.kept) == set(whole.kept) - set(lost)
    assert all("KeyError" in one.reason.say(each) for one in faults for each in LANGUAGES)
    told = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert len(told) == 2 * len(lost)
    assert all(one.exc_info and one.exc_info[0] is KeyError for one in told)
    # Once it is mended, going on with the job brings the pair back, and costs no call.
    mended = resume_job(done.job, journal=tmp_path / "journal")
    assert account(mended.result) == account(whole)
    assert mended.result.usage.calls == 0


def test_a_list_with_such_a_pair_is_viewed_and_exported(
    server: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Passage, "ground", broken(Passage.ground, at=1))
    done = run(material(8), settings_for(server), tmp_path / "journal")
    for name in ("a.jsonl", "a.json", "a.csv", "a.xlsx", "a.md"):
        file = tmp_path / name
        write_pairs(done.result.kept, file)
        assert file.stat().st_size
    with Journal(tmp_path / "journal") as journal:
        write_job_view(journal, done.job, tmp_path / "a.html", language="zh")
    assert "qa3 自身出错" in (tmp_path / "a.html").read_text("utf-8")


def test_a_fault_about_a_chunk_costs_that_chunk(
    server: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(material(8), settings_for(server), tmp_path / "whole").result

    def fails(chunk: Any, *given: Any) -> Passage:
        if MARK in chunk.text:
            raise ValueError("a fault of ours")
        return Passage(chunk, *given)

    with monkeypatch.context() as patch:
        patch.setattr(rulings, "Passage", fails)
        done = run(material(8), settings_for(server), tmp_path / "journal")
    accounted(done.result)
    failed = [one for one in done.result.chunks if one.state == "failed"]
    assert failed
    assert all(one.reason and one.reason.code == "chunk.unexpected" for one in failed)
    ids = {one.chunk_id for one in failed}
    faults = [one for one in done.result.rejected if one.reason.code == "pair.fault"]
    assert {one.item.chunk_id for one in faults} == ids
    assert set(done.result.kept) == {pair for pair in whole.kept if pair.chunk_id not in ids}
    mended = resume_job(done.job, again=True, journal=tmp_path / "journal")
    assert account(mended.result) == account(whole)


@pytest.mark.parametrize("embeddings", ["lexical", "packaged"])
def test_a_fault_while_duplicates_are_judged_costs_one_pair(
    embeddings: str, server: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = settings_for(server, embeddings=embeddings)
    whole = run(material(8), resolved, tmp_path / "whole").result
    original = judge.Judging.judge

    def fails(self: Any, asked: Any, rows: Any) -> Any:
        if any(MARK in one.item.question for one in asked):
            raise IndexError("a fault of ours")
        return original(self, asked, rows)

    monkeypatch.setattr(judge.Judging, "judge", fails)
    done = run(material(8), resolved, tmp_path / "journal")
    accounted(done.result)
    assert done.result.complete
    faults = {one.item.question for one in done.result.rejected if one.reason.code == "pair.fault"}
    assert faults == {pair.question for pair in whole.kept if MARK in pair.question}
    assert {pair for pair in whole.kept if pair.question not in faults} == set(done.result.kept)


def test_judging_that_fails_whatever_the_pairs_ends_the_run(
    server: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise IndexError("a fault of ours")

    monkeypatch.setattr(judge.Judging, "judge", fails)
    monkeypatch.setattr(duplicates, "MOST_FAULTS", 2)
    with pytest.raises(IndexError):
        run(material(8), settings_for(server), tmp_path / "journal")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_says_how_many_pairs_were_lost(
    language: str,
    server: Simulated,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a.txt").write_text(long_text(8), "utf-8")
    monkeypatch.setattr(Passage, "ground", broken(Passage.ground, at=1))
    arguments = ["extract", str(tmp_path / "a.txt"), "--backend", "chatglm3", "--chunk-size", "20"]
    arguments += ["--base-url", server.base_url, "--model", server.model]
    arguments += ["--embeddings", "lexical", "-o", str(tmp_path / "out.jsonl"), "--force"]
    assert main(["--lang", language, *arguments]) == 0
    said = capsys.readouterr().err
    assert say("show.faults", language, count=1) in said
    assert say("cli.how_to_log", language) in said
    log = tmp_path / "qa3.log"
    assert main(["--lang", language, "--log", str(log), *arguments]) == 0
    said = capsys.readouterr().err
    assert say("show.faults", language, count=1) in said
    assert say("cli.how_to_log", language) not in said
    assert log.name in said
    assert "in called" in log.read_text("utf-8")


@pytest.mark.parametrize("kept", [True, False])
def test_a_fault_that_ends_a_job_leaves_its_traceback(
    *, kept: bool, server: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(runner, "resume", fails)
    if kept:
        start_log(file=tmp_path / "qa3.log")
    try:
        with Journal(tmp_path / "journal") as journal, closing(Runner(journal)) as running:
            read = read_inputs(material(2), chunk_size=20, overlap=0)
            *_, last = running.listen(running.begin(read, settings_for(server)))
    finally:
        end_log()
    assert last is not None
    (_, event) = last
    assert isinstance(event, Failed)
    assert event.reason.code == ("job.unexpected_logged" if kept else "job.unexpected")
    assert all(("qa3.log" in event.reason.say(each)) == kept for each in LANGUAGES)
    assert not kept or "in fails" in (tmp_path / "qa3.log").read_text("utf-8")
