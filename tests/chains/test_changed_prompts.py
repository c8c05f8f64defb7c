"""An upgrade that changes prompts asks nothing twice unsaid: old jobs go on with what they have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from bench import runs
from bench.runs import account, long_text, material, resume_job, run
from bench.simulated import Faults, Simulated
from chains.events import Prepared
from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.run.pipeline import Pipeline
from chains.settings import Resolved
from cli.main import run as main
from messages import LANGUAGES, say
from pairs.records import PairList
from prompts import load_prompt

unchecked = partial(runs.settings_for, check="off")


@contextmanager
def other_prompts() -> Iterator[None]:
    """Prompts of another version: a word more in each."""

    def changed(*given: object, **named: object) -> object:
        template = load_prompt(*given, **named)  # type: ignore[arg-type]  # handed on as they came
        return template.__class__.from_messages([("system", "(0.2)"), *template.messages])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chains.run.chain.load_prompt", changed)
        yield


def words(result: PairList) -> list[tuple[str, str, object]]:
    return [(pair.question, pair.answer, pair.evidence) for pair in result.kept]


def prepared(resolved: Resolved, journal: Journal) -> Prepared:
    first, *_ = Pipeline(resolved, journal=journal).run(material(6))
    assert isinstance(first, Prepared)
    return first


def test_a_plain_rerun_says_what_it_asks_again_before_it_asks(server: Simulated) -> None:
    resolved = unchecked(server)
    with Journal() as journal:
        assert prepared(resolved, journal).asked_before is None
        assert prepared(resolved, journal).asked_before is None
        (old,) = Jobs(journal).all()
        calls = sum(server.calls.values())
        with other_prompts():
            events = Pipeline(resolved, journal=journal).run(material(6))
            first = next(events)
            assert isinstance(first, Prepared)
            assert sum(server.asked.values()) == calls
            told = first.asked_before
            assert told
            assert (told.job, told.chunks) == (old.id, calls)
            assert told.tokens > 100 * calls
            assert first.job != old.id
            list(events)
            assert sum(server.calls.values()) == 2 * calls
            assert prepared(resolved, journal).asked_before is None
            assert sum(server.calls.values()) == 2 * calls
        assert Jobs(journal).find(old.id) == old
        assert len(Jobs(journal).all()) == 2


@pytest.mark.parametrize("listed", [True, False])
def test_an_old_job_goes_on_with_its_answered_chunks(
    listed: bool,
    server: Simulated,
    tmp_path: Path,
) -> None:
    whole = run(material(8), unchecked(server), tmp_path / "whole").result
    server.calls.clear()
    old = run(material(8), unchecked(server, max_calls=6), tmp_path / "j")
    if not listed:  # as one that was killed
        with Journal(tmp_path / "j") as journal, journal.writing() as db:
            db.execute("DELETE FROM lists")
    with other_prompts():
        done = resume_job(old.job, journal=tmp_path / "j")
        assert set(server.calls.values()) == {1}
        states = done.result.states()
        assert len(server.calls) == states["pairs"] + states["nothing"]
        again = resume_job(old.job, journal=tmp_path / "j")
        assert again.result.usage.calls == 0
    assert words(done.result) == words(whole)
    assert account(again.result) == account(done.result)
    kept = {pair.id: pair for pair in done.result.kept}
    assert all(kept[pair.id] == pair for pair in old.result.kept if pair.id in kept)


def test_a_finished_one_asks_nothing_but_its_judge(server: Simulated, tmp_path: Path) -> None:
    done = run(material(8), runs.settings_for(server), tmp_path / "j")
    calls, checks = sum(server.calls.values()), server.checks
    with other_prompts():
        again = resume_job(done.job, journal=tmp_path / "j")
    assert (sum(server.calls.values()), server.checks) == (calls, checks)
    assert again.result.usage.calls == 0
    assert account(again.result) == account(done.result)


def test_failed_chunks_are_asked_by_the_new_prompts(tmp_path: Path) -> None:
    with Simulated(faults=Faults(refused_word="Workshop 3 was")) as server:
        old = run(material(8), unchecked(server), tmp_path / "j")
        assert old.result.states()["failed"] == 1
        before = len(server.calls)
        server.faults = Faults()
        with other_prompts():
            done = resume_job(old.job, journal=tmp_path / "j")
        assert len(server.calls) == before + 1
        assert done.result.complete
    assert len({pair.prompt for pair in done.result.kept}) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_line_says_so(
    language: str, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "a.txt"
    document.write_text(long_text(6), encoding="utf-8")
    command = ["--lang", language, "extract", str(document), "-b", "chatglm3", "--check", "off"]
    command += ["--base-url", server.base_url, "-m", server.model, "--embeddings", "lexical"]
    capsys.readouterr()
    assert main(command) == 0
    with Journal() as journal:
        (old,) = Jobs(journal).all()
    calls = sum(server.calls.values())
    assert f"qa3 resume {old.id}" not in capsys.readouterr().err
    with other_prompts():
        assert main(command) == 0
        said = capsys.readouterr().err
        assert f"qa3 resume {old.id}" in said
        assert say("show.asked_before", language, job=old.id, chunks=calls, tokens=0)[:20] in said
        assert main(["resume", old.id]) == 0
    assert sum(server.calls.values()) == 2 * calls
