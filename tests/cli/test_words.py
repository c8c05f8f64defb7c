"""What load, split, config, doctor and jobs say is for people: sentences, in one language."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.records import Job
from chains.settings import Settings
from cli.main import build_app, run
from messages import LANGUAGES

DOCUMENTS = Path(__file__).resolve().parent.parent.parent / "examples" / "documents"
RAW = re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|\[\[|\['|\{'|sha256")
ENGLISH = re.compile(
    r"\b(page \d|tokens?|default|environment|given|not set|note|FAIL|boilerplate)\b"
)

EMBEDDING = {"extract", "resume", "retry", "dedupe", "chat"}
ASKING = {"extract", "chat", "doctor"}
CONCERNED = {
    "journal": {*EMBEDDING, "show", "edit", "export", "view", "jobs", "doctor"},
    "embeddings": {*EMBEDDING, "doctor"},
    "embedding_backend": EMBEDDING,
    "threshold": EMBEDDING - {"chat"},
    "include": {"extract", "load", "split", "chat"},
    "backend": {*ASKING, "split"},
    "model": {*ASKING, "split"},
    "base_url": ASKING,
    "max_tokens": ASKING,
    "timeout": {*ASKING, "resume", "retry"},
    "retry_seconds": {"extract", "chat", "resume", "retry"},
    "max_calls": {"extract", "resume", "retry"},
    "chunk_size": {"extract", "split"},
    "language": {"extract", "split"},
    "check": {"extract", "resume", "retry"},
    "processes": {"extract", "resume", "retry"},
}
"""Settings, and the commands that act on them."""


@pytest.mark.parametrize("setting", CONCERNED)
def test_a_setting_is_an_option_wherever_it_acts(setting: str) -> None:
    root: Any = typer.main.get_command(build_app("en"))
    context = root.make_context("qa3", ["show"])
    taking = {
        name
        for name, command in root.commands.items()
        if setting in {param.name for param in command.get_params(context)}
    }
    assert CONCERNED[setting] <= taking


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "typed",
    [
        ["load", "{text}"],
        ["load", "{pdf}"],
        ["split", "{pdf}", "--chunk-size", "100"],
        ["config", "--config", "{toml}"],
        ["doctor", "--config", "{toml}"],
        ["backends"],
    ],
    ids=" ".join,
)
def test_a_person_reads_sentences(
    typed: list[str], language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, toml = tmp_path / "a.md", tmp_path / "qa3.toml"
    text.write_text("# 桥\n\n## 赵州桥\n\n赵州桥全长六十四米。\n", encoding="utf-8")
    toml.write_text("keep_reasoning = true\ntimeout = 60\n", encoding="utf-8")
    places = {"text": text, "pdf": DOCUMENTS / "hzmb.pdf", "toml": toml}
    run(["--lang", language, *(word.format(**places) for word in typed)])
    shown = capsys.readouterr().out
    assert shown
    assert not RAW.search(shown)
    # Lines of a settings file and names of files are the same in every language.
    said = re.sub(r"^ +[\w.]+ = .*$|\S*/\S*", "", shown, flags=re.MULTILINE)
    assert language == "en" or not ENGLISH.search(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_jobs_are_deleted_by_age(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    day = 86_400
    ages = {"old": 40 * day, "young": 3 * day, "waiting": 40 * day}
    with Journal(Settings().journal) as journal:
        for name in ages:
            Jobs(journal).add(Job(id=name, fingerprint=name, state="waiting"))
        with journal.writing() as db:
            for name, age in ages.items():
                state = "waiting" if name == "waiting" else "done"
                db.execute(
                    "UPDATE jobs SET created = ?, state = ? WHERE id = ?",
                    (time.time() - age, state, name),
                )
    speak = ["--lang", language, "jobs", "delete", "--older-than"]
    assert run([*speak, "8w"]) == 0
    assert run([*speak, "30d"]) == 0
    assert "old" in capsys.readouterr().out
    with Journal(Settings().journal) as journal:
        assert {job.id for job in Jobs(journal).all()} == {"young", "waiting"}
    assert run([*speak, "1h"]) == 0
    with Journal(Settings().journal) as journal:
        assert {job.id for job in Jobs(journal).all()} == {"waiting"}
