"""What a newcomer types wrong: one sentence on the error output, what to do, and the exit code."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fpdf import FPDF

from bench.simulated import Faults, Simulated
from chains.journal.jobs import Jobs
from chains.journal.lists import load_list
from chains.journal.replies import Journal
from chains.settings import Settings
from cli.main import run
from messages import LANGUAGES

INPUTS: list[tuple[str, str]] = [
    # documents
    ("extract gone.txt", "gone.txt"),
    ("load folder", "folder"),
    ("extract folder", ""),
    ("extract ''", ""),
    ("extract empty.txt", "empty.txt"),
    ("load binary.txt", "UTF-8"),
    ("extract binary.bin", "binary.bin"),
    ("load locked.pdf", "locked.pdf"),
    ("load locked.pdf --password no", "locked.pdf"),
    # who answers
    ("extract a.txt -b oracle", "qa3.toml"),
    ("extract a.txt -b gpt-3.5", "OPENAI_API_KEY"),
    ("extract a.txt -b deepseek", "qa3 config --backend deepseek"),
    ("extract a.txt -b chatglm3 --base-url http://127.0.0.1:9/v1", "--base-url"),
    ("extract a.txt --model gone.gguf", "gone.gguf"),
    ("model download nobody", "bge-large-zh-v1.5"),
    # settings files
    ("extract a.txt --config gone.toml", "--config"),
    ("extract a.txt --config bad.toml", "bad.toml"),
    ("extract a.txt --config type.toml", "1 … 256"),
    ("config --config typo.toml", "thresold"),
    ("extract a.txt --config table.toml -b mine", "base_url"),
    ("extract a.txt --config field.toml -b mine", "base_ulr"),
    # values
    ("extract a.txt --chunk-size 99999999999999999999", "20 … 8000"),
    ("extract a.txt --chunk-size ten", "20 … 8000"),
    ("extract a.txt --concurrency -1", "1 … 256"),
    ("extract a.txt --threshold nan", "0 … 1"),
    ("extract a.txt --language fr", "zh"),
    ("extract a.txt --kinds whence", "why"),
    ("--lang fr jobs", "zh"),
    ("export latest -o a.csv --validation 2", "0-0.9"),
    ("endpoint --device tpu", "cuda"),
    ("serve --port 99999", "0-65535"),
    ("ui --port soon", "0-65535"),
    ("serve --port {taken}", "--port"),
    ("ui --port {taken}", "--port"),
    ("endpoint --port {taken} --model folder", "--port"),
    ("serve --host 0.0.0.0", "QA3_TOKEN"),
    ("completion ksh", "bash"),
    # where it goes
    ("extract a.txt -o list.pptx", "jsonl"),
    ("extract a.txt -o list.json --format word", "jsonl"),
    ("extract a.txt -o list", "--format"),
    ("extract a.txt -o folder", "folder"),
    ("extract a.txt -o nowhere/list.csv", "-o"),
    ("extract a.txt -o taken.csv", "--force"),
    ("extract a.txt -o a.csv -o b.csv", "b.csv"),
    ("extract a.txt --log folder", "folder"),
    # the journal
    ("show 00000000", "qa3 jobs"),
    ("resume latest", "qa3 extract"),
    ("chat --job 00000000", "qa3 jobs"),
    ("jobs delete 00000000", "qa3 jobs"),
    ("jobs --journal newer.sqlite", "--journal"),
    ("jobs --journal a.txt", "--journal"),
    # lists
    ("dedupe columns.csv -o list.jsonl", "question"),
    ("dedupe gone.csv -o list.jsonl", "gone.csv"),
    ("dedupe a.txt -o list.jsonl", "a.txt"),
    # words
    ("extrac a.txt", "extract"),
    ("extract a.txt --modle x", "--model"),
    ("extract a.txt --model", "--model"),
    ("extract", "qa3 extract --help"),
    ("dedupe a.jsonl", "--output"),
    ("show latest again", "again"),
    ("extract a.txt --quiet=yes", "--quiet"),
    ("chat --job latest --file a.txt", "--file"),
    ("jobs delete", "--older-than"),
    ("jobs delete latest --older-than 3d", "--older-than"),
    ("jobs delete --older-than soon", "30d"),
    ("edit latest 1", "--answer"),
    ("endpoint convert folder out --quantize 4", "gguf"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the files that the commands name."""
    folder = tmp_path_factory.mktemp("newcomer")
    texts = {
        "a.txt": "The Forth Bridge was opened in 1890.\n",
        "bridges.txt": "The Forth Bridge was opened in 1890.\n\n"
        "The Tower Bridge was opened in 1894.\n"
        "\nThe bridge at Menai was opened in 1826 by its engineer, Thomas Telford.\n",
        "empty.txt": "",
        "bad.toml": "model = glm\n",
        "type.toml": "concurrency = 'many'\n",
        "typo.toml": "thresold = 0.5\n",
        "table.toml": "[backends.mine]\nbase_url = 3\n",
        "field.toml": "[backends.mine]\nbase_ulr = 'http://127.0.0.1:9/v1'\n",
        "columns.csv": "name,age\nAda,36\n",
        "taken.csv": "mine\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("binary.txt", "binary.bin"):
        (folder / name).write_bytes(bytes(range(256)) * 8)
    (folder / "folder").mkdir()
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="user")
    pdf.add_page()
    pdf.output(str(folder / "locked.pdf"))
    newer = sqlite3.connect(folder / "newer.sqlite")
    newer.execute("PRAGMA user_version = 99")
    newer.commit()
    newer.close()
    return folder


@pytest.fixture(scope="module")
def taken() -> Iterator[str]:
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("typed", "remedy"), INPUTS, ids=[typed for typed, _ in INPUTS])
def test_a_wrong_input_is_one_sentence(
    typed: str,
    remedy: str,
    language: str,
    place: Path,
    taken: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("QA3_RETRY_SECONDS", "0")
    before = sorted(path.name for path in place.iterdir())
    words = [word.strip("'") for word in typed.format(taken=taken).split()]
    assert run(["--lang", language, *words]) == 2
    shown = capsys.readouterr()
    (sentence,) = [line for line in shown.err.splitlines() if line.startswith("qa3: ")]
    assert remedy in sentence
    assert "Traceback" not in shown.out + shown.err
    assert not any(word in sentence for word in ("None", "['", "Errno", "Error"))
    assert any("\u4e00" <= char <= "\u9fff" for char in sentence) == (language == "zh")
    assert sorted(path.name for path in place.iterdir()) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slip_of_the_pen_changes_nothing_of_a_finished_job(
    language: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(place)
    with Simulated(faults=Faults(refused_word="Tower")) as server:
        asking = ["-b", "chatglm3", "--base-url", server.base_url, "-m", server.model]
        asking += ["--check", "off", "--chunk-size", "20", "--quiet"]
        measured = ["--embeddings", "lexical"]
        assert run(["extract", "a.txt", "-o", "other.jsonl", *asking, *measured]) == 0
        extract = ["extract", "bridges.txt", *asking]
        assert run([*extract, *measured]) == 1  # one chunk is refused
        before = everything()
        calls = sum(server.asked.values())
        for slip in (
            ["resume", "latest", "--embeddings", "magic"],
            ["retry", "latest", "--embeddings", "magic"],
            ["retry", "latest", "--embeddings", "http://127.0.0.1:9/v1"],
            ["resume", "latest", "--threshold", "7"],
            ["resume", "latest", "--threshhold", "0.7"],
            ["retry", "latest", "--timeout", "soon"],
            ["retry", "latest", "-o", "other.jsonl"],
            ["retry", "latest", "-o", "nowhere/list.jsonl"],
            [*extract, *measured, "-o", "other.jsonl"],
            [*extract, "--embeddings", "magic"],
        ):
            assert run(["--lang", language, *slip]) == 2, slip
            assert everything() == before, slip
        assert sum(server.asked.values()) == calls
    (place / "other.jsonl").unlink()
    assert "Traceback" not in capsys.readouterr().err


def everything() -> list[object]:
    """All that the journal knows of its jobs, their chunks and lists."""
    with Journal(Settings().journal) as journal:
        jobs = Jobs(journal)
        return [(job, jobs.outcomes(job.id), load_list(journal, job.id)) for job in jobs.all()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_input_among_good_ones_costs_only_itself(
    language: str,
    place: Path,
    server: Simulated,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(place)
    asking = ["-b", "chatglm3", "--base-url", server.base_url, "-m", server.model, "--check", "off"]
    command = ["--lang", language, "extract", "a.txt", "gone.txt", *asking]
    assert run([*command, "--embeddings", "lexical"]) == 1
    shown = capsys.readouterr()
    assert "gone.txt" in shown.err
    assert "1890" in shown.out
