"""Keys stay in the environment: not in the journal, an output, a message or a log."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from bench.runs import long_text
from bench.simulated import Faults, Simulated
from chains import extract_pairs
from chains.environment import user_folder
from cli.main import run

PASSWORD = "open-sesame-4711"
KEY = "sk-very-secret-0123456789"


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_key_is_written_nowhere(
    *,
    accepted: bool,
    language: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    (tmp_path / "a.txt").write_text(long_text(4), "utf-8")
    faults = Faults(too_many=0.2, broken=0.2, malformed=0.2)
    with Simulated(key=KEY if accepted else "sk-other", faults=faults) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        arguments = ["--lang", language, "extract", str(tmp_path / "a.txt"), "--backend", "gpt-3.5"]
        arguments += ["--model", server.model, "--embeddings", "lexical"]
        run([*arguments, "--chunk-size", "20", "-o", str(tmp_path / "out.jsonl")])
        run(["config"])
        run(["doctor"])
        run(["jobs", "--json"])
    out, err = capfd.readouterr()
    assert out
    assert KEY not in out + err
    assert KEY not in caplog.text
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" for path in written)
    assert not [path for path in written if KEY.encode() in path.read_bytes()]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_journal_is_its_owners_alone(tmp_path: Path, server: Simulated) -> None:
    (tmp_path / "a.txt").write_text(long_text(2), "utf-8")
    old = os.umask(0)
    try:
        arguments = ["extract", str(tmp_path / "a.txt"), "--backend", "chatglm3"]
        arguments += ["--base-url", server.base_url, "--model", server.model]
        run([*arguments, "--embeddings", "lexical"])
    finally:
        os.umask(old)
    kept = [path for path in user_folder("data").rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path.name


def locked(path: Path) -> Path:
    """A PDF that only its password opens."""
    canvas = Canvas(str(path), encrypt=StandardEncryption(PASSWORD, "owner"))
    canvas.drawString(72, 700, "The Dene bridge was opened in 1911 by Ann Moss.")
    canvas.save()
    return path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_password_opens_documents_and_is_written_nowhere(
    language: str,
    server: Simulated,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    source = str(locked(tmp_path / "locked.pdf"))
    asked: dict[str, Any] = {
        "backend": "chatglm3",
        "base_url": server.base_url,
        "model": server.model,
    }
    options = [f"--{name.replace('_', '-')}={value}" for name, value in asked.items()]
    out, debug = str(tmp_path / "out.jsonl"), str(tmp_path / "debug.log")
    begin = ["--lang", language, "--debug", "--log", debug]
    for command in (
        ["load", source],
        ["split", source, *options[:1]],
        ["extract", source, "--dry-run", *options],
        ["extract", source, "-o", out, "--check", "off", *options],
    ):
        assert run([*begin, *command]) == 2
        assert run([*begin, *command, "--password", "wrong"]) == 2
        assert run([*begin, *command, "--password", PASSWORD]) == 0
    assert run([*begin, "jobs", "--json"]) == 0
    assert extract_pairs(source, password=PASSWORD, check="off", **asked).kept
    told, err = capfd.readouterr()
    assert "1911" in told
    assert PASSWORD not in told + err + caplog.text
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" for path in written)
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]
