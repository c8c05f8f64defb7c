"""``qa3 review``: the desk is served and opened; a workbook goes out and comes back corrected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bench.runs import material, settings_for
from bench.runs import run as run_job
from bench.simulated import Simulated
from chains.journal.lists import load_list
from chains.journal.replies import Journal, default_path
from cli.main import run
from messages import LANGUAGES, say


@pytest.fixture
def job(server: Simulated) -> str:
    return run_job([*material(4)], settings_for(server), default_path()).job


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_goes_out_and_its_corrections_come_in(
    job: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "审阅.xlsx"
    spoken = ["--lang", language]
    assert run([*spoken, "export", job, "--format", "review-xlsx", "-o", str(file)]) == 0
    assert f"--import {file}" in capsys.readouterr().err.replace("\n", " ")
    assert run([*spoken, "review", "--import", str(file)]) == 0
    with Journal(default_path()) as journal:
        made = load_list(journal, job)
    count = len(made.kept)
    rows = count + len(made.duplicates) + len(made.rejected)
    assert f" {rows}" in capsys.readouterr().err
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    sheet["A3"].value = say("review.rejected", language)
    sheet["C4"].value = "=1+1"
    sheet["H5"].value = "see page 3"
    book.save(file)
    assert run([*spoken, "review", job, "--import", str(file), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["rejected"], [note["row"] for note in report["notes"]]) == (1, [4])
    assert run([*spoken, "review", job, "--import", str(file)]) == 1
    told = capsys.readouterr().err
    assert say("review.formula", language) in told
    assert "see page 3" in told
    with Journal(default_path()) as journal:
        assert len(load_list(journal, job).kept) == count - 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_makes_no_sense_is_refused(
    job: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = ["export", job, "--format", "review-xlsx", "-o"]
    wrong: list[tuple[list[str], str]] = [
        (["review"], "review.what"),
        (["review", job, "--json"], "review.what"),
        (["review", "nobody"], "job.unknown"),
        (["review", "--import", str(tmp_path / "none.xlsx")], "load.missing"),
        ([*export, str(tmp_path / "a.csv")], "review.suffix"),
        ([*export, str(tmp_path / "a.xlsx"), "--proven"], "review.option"),
    ]
    for words, code in wrong:
        assert run(["--lang", language, *words]) == 2
        told = capsys.readouterr().err
        assert told.startswith("qa3: ")
        said = say(code, language, **dict.fromkeys(("job", "file", "name"), "\0"))
        assert max(said.split("\0"), key=len) in told


def test_the_desk_is_served_and_opened(job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def serve(host: str, port: int, config: Any, *, journal: Journal, ready: Any) -> None:
        assert (host, port, config) == ("127.0.0.1", 0, None)
        assert load_list(journal, job)
        ready(4321)

    monkeypatch.setattr("ui.server.serve", serve)
    monkeypatch.setattr("typer.launch", opened.append)
    assert run(["review", job[:6]]) == 0
    assert run(["review", job, "--no-open"]) == 0
    assert opened == [f"http://127.0.0.1:4321/desk/{job}"]
