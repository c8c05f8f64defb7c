"""The command line as a user meets it: its words, its exit codes, and what it leaves on disk."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.simulated import Faults, Simulated
from chains.settings import Settings
from cli.main import run

DOCUMENTS = Path(__file__).resolve().parent.parent / "examples" / "documents"
ENGLISH, CHINESE = DOCUMENTS / "apollo11.pdf", DOCUMENTS / "hzmb.pdf"


def asking(server: Simulated) -> list[str]:
    return ["--backend", "chatglm3", "--base-url", server.base_url, "--model", server.model]


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    captured = capsys.readouterr()
    return captured.out, captured.err


@pytest.mark.parametrize("document", [ENGLISH, CHINESE])
def test_a_document_becomes_a_list_with_evidence(
    document: Path, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "pairs.jsonl"
    assert run(["extract", str(document), "-o", str(output), *asking(server)]) == 0
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 5
    for row in rows:
        assert row["evidence"]["quote"] in row["evidence"]["sentence"]
        assert row["page"] in (1, 2, 3)
    out, err = said(capsys)
    assert rows[0]["question"] in out
    assert f"Wrote {len(rows)} pairs" in err


@pytest.mark.parametrize(("language", "word"), [("zh", "保留"), ("en", "kept")])
def test_it_speaks_the_users_language(
    language: str, word: str, server: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", language, "extract", str(CHINESE), *asking(server)]) == 0
    assert word in said(capsys)[1]


def test_the_same_command_again_asks_nothing(server: Simulated, tmp_path: Path) -> None:
    command = ["extract", str(ENGLISH), "-o", str(tmp_path / "a.csv"), *asking(server)]
    assert run(command) == 0
    once = sum(server.asked.values())
    first = (tmp_path / "a.csv").read_bytes()
    assert run(command) == 0
    assert sum(server.asked.values()) == once
    assert (tmp_path / "a.csv").read_bytes() == first


@pytest.mark.parametrize("document", [ENGLISH, CHINESE])
def test_a_document_given_twice_yields_the_list_of_one(
    document: Path, server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / f"copy{document.suffix}"
    copy.write_bytes(document.read_bytes())
    asked = [*asking(server), "--chunk-size", "100", "--json", "--quiet"]
    assert run(["extract", str(document), *asked]) == 0
    once = json.loads(said(capsys)[0])
    calls = sum(server.asked.values())
    assert run(["extract", str(document), str(copy), *asked]) == 0
    twice = json.loads(said(capsys)[0])
    assert twice["kept"] == once["kept"]
    assert sum(server.asked.values()) == calls
    states = [chunk["state"] for chunk in twice["chunks"]]
    assert states[: len(states) // 2] == [chunk["state"] for chunk in once["chunks"]]
    assert set(states[len(states) // 2 :]) == {"repeated"}


def test_a_finished_run_is_judged_anew_without_asking_or_embedding(
    server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "pairs.jsonl")
    assert run(["extract", str(ENGLISH), *asking(server), "-o", output, "--quiet"]) == 0
    calls = sum(server.asked.values())
    assert run(["jobs", "--json"]) == 0
    (job,) = json.loads(said(capsys)[0])
    assert run(["resume", job["id"], "--threshold", "0", "--json", "--quiet"]) == 0
    result = json.loads(said(capsys)[0])
    assert sum(server.asked.values()) == calls
    assert result["usage"]["calls"] == 0
    sorted_out = len(result["kept"]) + len(result["duplicates"]) + len(result["rejected"])
    assert sorted_out == sum(chunk["parsed"] for chunk in result["chunks"])


def test_a_file_of_the_users_is_never_replaced(
    server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "pairs.jsonl"
    output.write_text("mine\n", encoding="utf-8")
    command = ["extract", str(ENGLISH), "-o", str(output), *asking(server)]
    assert run(command) == 2
    assert "--force" in said(capsys)[1]
    assert output.read_text(encoding="utf-8") == "mine\n"
    assert not server.asked
    assert run([*command, "--force"]) == 0
    output.write_text(output.read_text(encoding="utf-8") + "edited\n", encoding="utf-8")
    assert run(command) == 2


def test_a_failed_chunk_is_said_and_the_rest_is_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "pairs.jsonl"
    with Simulated(faults=Faults(refused_word="Goldstone")) as server:
        command = ["extract", str(ENGLISH), "-o", str(output), "--chunk-size", "100"]
        assert run([*command, *asking(server)]) == 1
    err = said(capsys)[1]
    assert "this text is not welcome" in err
    assert "1 failed" in err
    assert output.read_text(encoding="utf-8").count("\n") >= 5


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["extract", "nowhere.pdf"], "nowhere.pdf"),
        (["extract", "{empty}"], "empty"),
        (["extract", "{doc}", "--backend", "oracle"], "qa3.toml"),
        (
            ["extract", "{doc}", "-b", "chatglm3", "--base-url", "http://127.0.0.1:9/v1"],
            "--base-url",
        ),
        (["extract", "{doc}", "-b", "gpt-3.5"], "OPENAI_API_KEY"),
        (["extract", "{doc}", "--threshold", "7"], "0 … 1"),
        (["extract", "{doc}", "--temperature", "warm"], "0 … 2"),
        (["extract", "{doc}", "--overlap", "11"], "0 … 10"),
        (["extract", "{doc}", "--timeout", "0"], "1 … 3600"),
        (["resume", "00", "--retry-seconds", "soon"], "0 … 3600"),
        (["extract", "{doc}", "-o", "{missing}/pairs.jsonl"], "-o"),
        (["extract", "{doc}", "-o", "pairs.pptx"], "jsonl"),
        (["extract", "{doc}", "--prompt", "nowhere.txt"], "nowhere.txt"),
        (["extract", "{doc}", "--embeddings", "magic"], "packaged"),
        (["extract", "{doc}", "--config", "nowhere.toml"], "--config"),
        (["extract", "{doc}", "--model", "nowhere.gguf"], "nowhere.gguf"),
        (["extract", "{doc}", "--journal", "{doc}/journal"], "--journal"),
        (["extract"], "--help"),
        (["extrac"], "--help"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_bad_input_gets_one_line_with_the_remedy(
    arguments: list[str],
    remedy: str,
    language: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty.txt").touch()
    places = {
        "{doc}": str(ENGLISH),
        "{empty}": str(tmp_path / "empty.txt"),
        "{missing}": str(tmp_path / "missing"),
    }
    given = arguments
    for name, place in places.items():
        given = [one.replace(name, place) for one in given]
    assert run(["--lang", language, *given]) == 2
    out, err = said(capsys)
    lines = [line for line in err.splitlines() if line.startswith("qa3: ")]
    assert len(lines) == 1
    assert remedy in lines[0]
    assert "Traceback" not in out + err


def test_a_wrong_key_and_an_unknown_model_stop_the_run_and_show_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulated(key="right") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-secret")
        assert run(["extract", str(ENGLISH), "-b", "gpt-3.5"]) == 2
        out, err = said(capsys)
        assert "OPENAI_API_KEY" in err
        assert "sk-wrong-secret" not in out + err
        monkeypatch.setenv("OPENAI_API_KEY", "right")
        assert run(["extract", str(ENGLISH), "-b", "gpt-3.5", "--model", "gpt-9"]) == 2
        assert "gpt-9" in said(capsys)[1]


def test_config_tells_where_each_value_comes_from_and_hides_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "qa3.toml"
    file.write_text(
        'threshold = 0.8\ntemperature = 0.5\n[backends.mine]\nbase_url = "http://127.0.0.1:1/v1"\n'
        'model = "m"\napi_key_env = "MINE"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("QA3_TEMPERATURE", "0.7")
    monkeypatch.setenv("MINE", "sk-secret")
    assert run(["config", "--config", str(file), "--json"]) == 0
    out = said(capsys)[0]
    shown = json.loads(out)
    assert shown["settings"]["threshold"] == {"value": 0.8, "from": f"file {file}"}
    assert shown["settings"]["temperature"] == {
        "value": 0.7,
        "from": "environment QA3_TEMPERATURE",
    }
    assert shown["settings"]["backend"]["from"] == "default"
    assert shown["backends"]["mine"]["api_key"] == "****"
    assert "sk-secret" not in out


def test_doctor_says_what_is_wrong_and_how_to_mend_it(
    server: Simulated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "qa3.toml"
    file.write_text(
        f'[backends.up]\nbase_url = "{server.base_url}"\nmodel = "simulated"\n'
        '[backends.down]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n',
        encoding="utf-8",
    )
    assert run(["doctor", "--config", str(file), "-b", "up"]) == 0
    assert run(["doctor", "--config", str(file), "-b", "down"]) == 1
    assert "FAIL" in said(capsys)[0]


def test_a_dry_run_asks_nothing(server: Simulated, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["extract", str(ENGLISH), "--dry-run", "--json", *asking(server)]) == 0
    expected = json.loads(said(capsys)[0])
    assert not server.asked
    assert expected["calls"] == expected["chunks"] > 0
    assert expected["prompt"] > expected["completion"] > 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_setting_of_a_run_has_its_flag(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", language, "extract", "--help"]) == 0
    shown = set(re.findall(r"--([a-z-]+)", said(capsys)[0]))
    # Texts of many lines, which --prompt and --examples name files with; and what jobs keep.
    files_only = {"prompt_text", "example_pairs", "prompt_version"}
    assert {name.replace("_", "-") for name in Settings.model_fields.keys() - files_only} <= shown


def test_a_flag_reaches_the_run(server: Simulated, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["extract", str(ENGLISH), "--dry-run", "--json", "--chunk-size", "200"]
    assert run([*command, *asking(server)]) == 0
    apart = json.loads(said(capsys)[0])
    given = ["--overlap", "2", "--timeout", "9.5", "--retry-seconds", "0"]
    assert run([*command, *given, *asking(server)]) == 0
    assert json.loads(said(capsys)[0])["prompt"] > apart["prompt"]


@pytest.mark.parametrize("command", ["load", "split"])
@pytest.mark.parametrize("document", [ENGLISH, CHINESE])
def test_a_user_can_look_before_paying(
    command: str, document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, str(document), "--json"]) == 0
    rows = [json.loads(line) for line in said(capsys)[0].splitlines()]
    assert rows
    assert run([command, str(document)]) == 0
    assert said(capsys)[0].count("==") >= len(rows)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_reading_says_what_it_took(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "a.html"
    page.write_text("<html><p>第一段 one paragraph", "utf-8")
    # In a process of its own: a reading process that is used again holds what it held before.
    command = [sys.executable, "-m", "app_cli", "load", str(page), "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    cost = json.loads(told.stderr.splitlines()[-1])
    assert cost["pages"] == 1
    assert 5 < cost["megabytes"] < 200
    assert run(["--lang", language, "load", str(page)]) == 0
    last = said(capsys)[1].splitlines()[-1]
    assert {"en": "Read 1 page(s) in ", "zh": "共读取 1 页"}[language] in last
    assert " MB" in last


def test_help_is_quick_and_imports_no_langchain() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "app_cli", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "langchain" not in shown.stderr
    started = time.process_time()
    subprocess.run(command[:1] + command[3:], check=True, stdout=subprocess.DEVNULL)
    assert time.process_time() - started < 5


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "app_cli", "load", str(ENGLISH)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert b"Traceback" not in child.stderr.read()
