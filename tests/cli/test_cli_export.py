"""A finished job taken away in every format, and looked at; a person's edits in all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.simulated import Simulated
from chains.journal.lists import leave_out, load_list, reword
from chains.journal.replies import Journal, default_path
from cli.main import run
from pairs.files.export import read_pairs
from pairs.files.formats import FORMATS
from pairs.records import QAPair

ZH = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
EN = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."
SUFFIX = {"xlsx": "xlsx", "csv": "csv", "markdown": "md", "jsonl": "jsonl"}


@pytest.fixture
def job(tmp_path: Path, server: Simulated, capsys: pytest.CaptureFixture[str]) -> str:
    """A finished job over two documents."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "zh.txt").write_text(ZH, encoding="utf-8")
    (folder / "en.txt").write_text(EN, encoding="utf-8")
    asking = ["-b", "chatglm3", "--base-url", server.base_url, "-m", server.model]
    small = ["--chunk-size", "20", "--embeddings", "lexical", "-q"]
    assert run(["extract", str(folder), *asking, *small]) == 0
    capsys.readouterr()
    assert run(["jobs", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    return str(found["id"])


@pytest.fixture
def changed(job: str) -> list[QAPair]:
    """The job's list after a person changed one pair and took one out."""
    with Journal(default_path()) as journal:
        first, second, *_ = load_list(journal, job).kept
        reword(journal, job, first.id, question="=谁改了这一问？")
        leave_out(journal, job, second.id)
        kept = load_list(journal, job).kept
    assert "=谁改了这一问？" in {pair.question for pair in kept}
    return list(kept)


def questions(file: Path, name: str) -> list[str]:
    """The questions a file holds, as what reads it would read them."""
    import pandas as pd

    if name == "jsonl":
        return [pair.question for pair in read_pairs(file)]
    if name == "csv":
        return [asked.removeprefix("'") for asked in pd.read_csv(file)["question"]]
    if name == "xlsx":
        return list(pd.read_excel(file)["question"])
    if name == "markdown":
        lines = file.read_text("utf-8").splitlines()
        return [line.split("**")[1] for line in lines if line[:1].isdigit()]
    rows: list[Any] = (
        [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        if name in ("openai", "flat")
        else json.loads(file.read_text("utf-8"))
    )
    asked: Any = {
        "json": lambda row: row["question"],
        "alpaca": lambda row: row["instruction"],
        "sharegpt": lambda row: row["conversations"][0]["value"],
        "openai": lambda row: row["messages"][0]["content"],
        "flat": lambda row: row["query"],
    }[name]
    return [asked(row) for row in rows]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_what_a_person_made_of_the_list(
    name: str, job: str, changed: list[QAPair], tmp_path: Path
) -> None:
    file = tmp_path / f"list.{SUFFIX.get(name, 'json')}"
    assert run(["export", job[:6], "--format", name, "-o", str(file)]) == 0
    assert questions(file, name) == [pair.question for pair in changed]
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_name_says_the_format_and_the_count_is_told(
    language: str, job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.csv"
    assert run(["--lang", language, "export", job, "-o", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert str(len(questions(file, "csv"))) in said.err
    assert str(file) in said.err


def test_a_system_text_a_split_and_an_entry_for_llama_factory(
    job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "train.json"
    asked = ["--format", "sharegpt", "--system", "你是桥梁专家。", "--validation", "0.5"]
    assert run(["export", job, "-o", str(file), *asked]) == 0
    said = capsys.readouterr().err
    info = json.loads((tmp_path / "dataset_info.json").read_text("utf-8"))
    assert set(info) == {"train", "train.validation"}
    parts = []
    for entry in info.values():
        rows = json.loads((tmp_path / entry["file_name"]).read_text("utf-8"))
        assert rows
        assert {row[entry["columns"]["system"]] for row in rows} == {"你是桥梁专家。"}
        parts.append({row["source"] for row in rows})
        assert entry["file_name"] in said
    assert parts[0].isdisjoint(parts[1])
    assert "dataset_info.json" in said
    assert "50%" in said


def test_only_a_jobs_own_file_is_replaced(
    job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.jsonl"
    for command in (["export", job, "-o", str(file)], ["view", job, "-o", str(file)]):
        file.write_text("mine", "utf-8")
        assert run(command) == 2
        assert "--force" in capsys.readouterr().err
        assert file.read_text("utf-8") == "mine"
        assert run([*command, "--force"]) == 0
        assert run(command) == 0
        file.write_text(file.read_text("utf-8") + "\n", "utf-8")
        assert run(command) == 2
    second = tmp_path / "list.validation.jsonl"
    file.unlink()
    second.write_text("mine", "utf-8")
    assert run(["export", job, "-o", str(file), "--validation", "0.5"]) == 2
    assert not file.exists()
    assert second.read_text("utf-8") == "mine"


def test_another_jobs_file_is_not_replaced(
    job: str, tmp_path: Path, server: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.jsonl"
    other = tmp_path / "other.txt"
    other.write_text(f"{EN} {EN}", encoding="utf-8")
    asking = ["-b", "chatglm3", "--base-url", server.base_url, "-m", server.model, "-q"]
    assert run(["extract", str(other), *asking, "--embeddings", "lexical", "-o", str(file)]) == 0
    before = file.read_bytes()
    assert run(["export", job, "-o", str(file)]) == 2
    assert "list.jsonl" in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_cannot_be_done_is_said(
    language: str, job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "list.json")
    for more in (
        ["export", "nobody", "-o", file],
        ["view", "nobody", "-o", file],
        ["export", job, "-o", file, "--format", "parquet"],
        ["export", job, "-o", str(tmp_path / "list.docx")],
        ["export", job, "-o", file, "--validation", "0.95"],
        ["export", job, "-o", file, "--validation", "nan"],
        ["export", job, "-o", str(tmp_path / "no" / "list.json")],
        ["view", job, "-o", str(tmp_path / "no" / "list.html")],
        ["export", job],
    ):
        assert run(["--lang", language, *more]) == 2, more
        said = capsys.readouterr().err
        assert said.startswith("qa3: ")
        assert said.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".json"] == []


def test_one_document_cannot_be_split(
    tmp_path: Path, server: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "a.txt"
    document.write_text(ZH, encoding="utf-8")
    asking = ["-b", "chatglm3", "--base-url", server.base_url, "-m", server.model, "-q"]
    assert run(["extract", str(document), *asking, "--embeddings", "lexical"]) == 0
    capsys.readouterr()
    assert run(["jobs", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    file = tmp_path / "list.json"
    assert run(["export", found["id"], "-o", str(file), "--validation", "0.2"]) == 2
    assert "--validation" in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_a_job_shows_its_edited_list(
    language: str, job: str, changed: list[QAPair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    launched: list[str] = []
    monkeypatch.setattr("typer.launch", launched.append)
    assert run(["--lang", language, "view", job]) == 0
    assert launched == []
    page = (tmp_path / f"qa3-{job}.html").read_text("utf-8")
    content = json.loads(page.split('id="content">')[1].split("</script>")[0])
    kept = {item["question"] for item in content["items"] if item["state"] == "kept"}
    assert kept == {pair.question for pair in changed}
    assert [text["name"] for text in content["texts"]] == ["en.txt", "zh.txt"]
    assert job in page
    assert run(["--lang", language, "view", job, "--open"]) == 0
    assert launched == [(tmp_path / f"qa3-{job}.html").as_uri()]
