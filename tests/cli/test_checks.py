"""What the command line tells of a judge and of the pairs it doubts, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bridges import (
    NAMES,
    judging,
    knows,
    overlooks,
    pairs_of,
    pairs_with_slips,
    refuses_all,
    refuses_two,
    talks,
    text_of,
)

from bench.simulated import Simulated
from chains import Jobs, Journal, load_list
from chains.journal.replies import default_path
from cli.main import run
from messages import LANGUAGES, say
from pairs.files.export import read_pairs

COUNTS = ("caught", "planted", "refused", "sure")


def told_of(record: dict[str, Any], standing: str, language: str) -> str:
    counts = {name: record[name] for name in COUNTS}
    return say(f"show.judge_{standing}", language, model="simulated", **counts)


@pytest.fixture
def asking(tmp_path: Path, server: Simulated) -> Callable[..., list[str]]:
    """The command line that makes a list of a text in a language."""
    server.reply, server.judge = pairs_of, judging(knows)

    def command(language: str, *more: str) -> list[str]:
        file = tmp_path / f"{language}.txt"
        file.write_text(text_of(language), encoding="utf-8")
        model = ["-b", "chatglm3", "--base-url", server.base_url, "-m", server.model]
        small = ["--chunk-size", "40", "--embeddings", "lexical"]
        return ["--lang", language, "extract", str(file), *model, *small, *more]

    return command


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_good_judge_is_told_with_its_record(
    asking: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], language: str
) -> None:
    assert run(asking(language, "--json")) == 0
    out, told = capsys.readouterr()
    record = json.loads(out)["judge"]
    assert record["trusted"]
    assert record["planted"] >= 12
    assert told_of(record, "trusted", language) in told
    with Journal(default_path()) as journal:
        (job,) = Jobs(journal).all()
    assert job.progress.judge is not None
    assert job.progress.judge.model_dump() == record
    assert run(["--lang", language, "jobs", "show", job.id]) == 0
    assert told_of(record, "trusted", language) in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_judge_that_refuses_everything_only_marks(
    asking: Callable[..., list[str]],
    server: Simulated,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    server.judge = judging(refuses_all)
    assert run(asking(language, "--json")) == 0
    out, told = capsys.readouterr()
    made = json.loads(out)
    assert told_of(made["judge"], "weak", language) in told
    assert say("show.doubtful", language, count=len(made["kept"])) not in told
    assert {pair["objection"] for pair in made["kept"]} == {"not so"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_pairs_without_a_word_are_counted_and_the_exit_code_says_so(
    asking: Callable[..., list[str]],
    server: Simulated,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    server.judge = judging(talks)
    assert run(asking(language, "--json")) == 1
    out, told = capsys.readouterr()
    record = json.loads(out)["judge"]
    assert record["unanswered"] == record["asked"] > 0
    assert say("show.judge_unanswered", language, count=record["unanswered"]) in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_judge_refuses_is_one_line_of_the_summary(
    asking: Callable[..., list[str]],
    server: Simulated,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    server.judge = judging(refuses_two)
    assert run(asking(language, "--json")) == 0
    out, told = capsys.readouterr()
    rejected = [one["reason"] for one in json.loads(out)["rejected"]]
    named = [f"of {name}" for name in NAMES[language][3:5]]
    assert [one["fields"]["reason"] for one in rejected] == named
    reason = say("show.refused_by_judge", language)
    assert say("show.rejected", language, count=2, reason=reason) in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_estimate_names_the_price_of_both_ways(
    asking: Callable[..., list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    server: Simulated,
) -> None:
    config = tmp_path / "priced.toml"
    config.write_text(
        f'[backends.priced]\nbase_url = "{server.base_url}"\nmodel = "{server.model}"\n'
        "price = [100.0, 100.0]\n"
    )
    priced = [*asking(language, "--dry-run")]
    priced[priced.index("chatglm3")] = "priced"
    priced += ["--config", str(config)]
    assert run([*priced, "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)
    assert 0 < expected["cost_unchecked"] < expected["cost"]
    assert run(priced) == 0
    out = capsys.readouterr().out
    assert say("show.estimate_cost", language, cost=f"{expected['cost']:.2f}") in out
    cost = f"{expected['cost_unchecked']:.2f}"
    assert say("show.estimate_unchecked", language, cost=cost) in out
    assert run([*priced, "--check", "off"]) == 0
    assert say("show.estimate_unchecked", language, cost=cost) not in capsys.readouterr().out
    assert not server.calls


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_export_of_proven_pairs_leaves_out_what_is_in_doubt(
    asking: Callable[..., list[str]],
    server: Simulated,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    command = asking(language, "-q", "-o", str(tmp_path / "made.jsonl"))
    server.reply, server.judge = pairs_with_slips, judging(overlooks)
    assert run(command) == 0
    with Journal(default_path()) as journal:
        (job,) = Jobs(journal).all()
        kept = load_list(journal, job.id).kept
    assert read_pairs(tmp_path / "made.jsonl") == list(kept)
    proven, all_pairs = tmp_path / "proven.jsonl", tmp_path / "all.jsonl"
    assert run(["--lang", language, "export", job.id, "-o", str(proven), "--proven"]) == 0
    assert run(["--lang", language, "export", job.id, "-o", str(all_pairs)]) == 0
    told = capsys.readouterr().err
    sound = [pair for pair in kept if not pair.doubtful]
    assert len(kept) - len(sound) == 2
    assert say("show.written", language, count=len(sound), file=str(proven)) in told
    assert read_pairs(proven) == sound
    assert read_pairs(all_pairs) == list(kept)


def test_the_line_of_the_checks_waits_for_the_chunks(
    asking: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.progress.SECONDS_BETWEEN_LINES", 0.0)
    assert run(asking("en", "--concurrency", "1")) == 0
    lines = capsys.readouterr().err.splitlines()
    checks = [at for at, line in enumerate(lines) if line.startswith("Checking: ")]
    chunks = [at for at, line in enumerate(lines) if " chunks, " in line and " left" in line]
    assert checks
    assert max(chunks) < min(checks)
