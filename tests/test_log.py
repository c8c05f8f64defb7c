"""The log: silent until asked for, whole where asked for, and never a place where secrets lie."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app_rest import create_app
from bench.simulated import Faults, Simulated
from cli import extract
from cli.main import run
from endpoint.protocol.errors import answer_errors
from messages import LANGUAGES, SaidError, end_log, keep_out_of, log_file, say, start_log
from messages.rotating_file import BYTES, RotatingFile
from rest.error_handlers import add_refusals

KEY = "sk-very-secret-0123456789"
MARK = "紫色长颈鹿在月球上种了四十二棵卷心菜"
ENGLISH = Path(__file__).resolve().parent.parent / "examples" / "documents" / "apollo11.md"
TEXT = f"{MARK}。赵州桥由隋朝工匠李春设计建造。\n\n" * 3


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    end_log()


def extracted(server: Simulated, folder: Path, *flags: str) -> int:
    (folder / "a.txt").write_text(TEXT, "utf-8")
    arguments = [*flags, "extract", str(folder / "a.txt"), "--backend", "gpt-3.5"]
    arguments += ["--base-url", server.base_url, "--model", server.model]
    arguments += ["--embeddings", "lexical", "--quiet", "-o", str(folder / "out.jsonl"), "--force"]
    return run(arguments)


@pytest.mark.parametrize("level", ["", "--verbose", "--debug"])
@pytest.mark.parametrize("accepted", [True, False])
def test_neither_a_key_nor_a_document_stands_in_the_log(
    level: str,
    *,
    accepted: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("QA3_LOG", str(tmp_path / "qa3.log"))
    faults = Faults(too_many=0.4, broken=0.4)
    with Simulated(key=KEY if accepted else "sk-other-key", faults=faults) as server:
        extracted(server, tmp_path, *filter(None, [level]))
    shown, written = capfd.readouterr().err, (tmp_path / "qa3.log").read_text("utf-8")
    assert "read " in written
    assert "characters" in written
    assert ("read " in shown) == bool(level)
    assert (" DEBUG " in written) == (level == "--debug")
    for text in (shown, written):
        assert KEY not in text
        assert "Bearer sk" not in text
        assert "Authorization" not in text
        assert MARK not in text
    assert log_file() is None


@pytest.mark.parametrize(
    "text", [f"b'Bearer {KEY}'", f"Incorrect API key: {KEY}", f"api_key='{KEY}'"]
)
def test_a_key_in_the_words_of_an_error_is_blotted_out(
    text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    start_log(logging.DEBUG)
    logging.getLogger("chains.x").error("%s", text, exc_info=ValueError(text))
    shown = capfd.readouterr().err
    assert "Traceback" in shown
    assert "***" in shown
    assert KEY not in shown


def test_nothing_is_said_unless_asked() -> None:
    script = (
        "import logging, messages\n"
        "for name in ('chains.a', 'loaders', 'rest.b', 'ui.c', 'endpoint.d', 'cli.e', 'pairs'):\n"
        "    logging.getLogger(name).error('loud')\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert said.stdout + said.stderr == b""


def test_a_script_that_logs_gets_ours_too(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("chains.a").warning("heard")
    assert "heard" in caplog.text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("where", ["nowhere", "--debug", "--log"])
def test_an_unexpected_fault_is_one_sentence_and_its_traceback_is_kept(
    where: str,
    language: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: object, **__: object) -> int:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(extract, "_extract", fails)
    file = tmp_path / "qa3.log"
    flags = {"nowhere": [], "--debug": ["--debug"], "--log": ["--log", str(file)]}[where]
    assert run(["--lang", language, *flags, "extract", "a.txt"]) == 1
    *before, sentence = capfd.readouterr().err.splitlines()
    assert sentence.startswith("qa3: ")
    assert "ZeroDivisionError" in sentence
    assert ("QA3_LOG" in sentence) == (where == "nowhere")
    assert (str(file) in sentence) == (where == "--log")
    traceback = "\n".join(before) if where == "--debug" else ""
    if where == "--log":
        traceback = file.read_text("utf-8")
    assert bool(traceback) == (where != "nowhere")
    assert not traceback or ("in fails" in traceback and "ZeroDivisionError" in traceback)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_is_its_owners_alone_and_bounded(tmp_path: Path) -> None:
    assert BYTES == 10_000_000
    old = os.umask(0)
    try:
        start_log(file=tmp_path / "qa3.log")
        (handler,) = (
            one for one in logging.getLogger("chains").handlers if isinstance(one, RotatingFile)
        )
        handler.maxBytes = 1000
        for number in range(100):
            logging.getLogger("chains.a").info("line %d of a log that is kept short", number)
    finally:
        os.umask(old)
    files = sorted(tmp_path.glob("qa3.log*"))
    assert len(files) == 4
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert sum(file.stat().st_size for file in files) <= 4000
    assert "line 99 " in (tmp_path / "qa3.log").read_text("utf-8")


def test_a_file_that_another_process_has_begun_anew_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "qa3.log"
    start_log(file=file)
    logging.getLogger("rest.a").warning("one")
    file.rename(tmp_path / "qa3.log.1")
    logging.getLogger("rest.a").warning("two")
    assert "two" in file.read_text("utf-8")


def test_a_name_begins_no_line_and_drives_no_terminal(tmp_path: Path) -> None:
    start_log(file=tmp_path / "qa3.log")
    logging.getLogger("chains.a").info("read %s", "a\n2026-01-01 ERROR all is lost\x1b[31m\udc80")
    (line,) = (tmp_path / "qa3.log").read_text("utf-8").splitlines()
    assert "\x1b" not in line


def test_a_file_that_cannot_be_written_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SaidError, match="cannot be written"):
        start_log(file=tmp_path / "no" / "qa3.log")
    assert run(["--log", str(tmp_path), "config"]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_a_server_of_ones_own_writes_the_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA3_LOG", str(tmp_path / "qa3.log"))
    app = create_app()
    try:
        assert log_file() == (tmp_path / "qa3.log").resolve()
    finally:
        app.state.service.close()


def test_a_handler_of_another_package_can_be_kept_clear_of_ours() -> None:
    handler = logging.NullHandler()
    keep_out_of(handler)
    keep_out_of(handler)
    assert len(handler.filters) == 1
    for name, passes in {"ui.handlers": False, "uvicorn": True, "chainlit": True}.items():
        record = logging.LogRecord(name, logging.INFO, "", 0, "", (), None)
        assert bool(handler.filter(record)) == passes


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("add", [add_refusals, answer_errors])
def test_a_servers_fault_is_in_the_log_and_its_answer_names_it(
    add: Callable[[FastAPI], None], *, kept: bool, tmp_path: Path
) -> None:
    app = FastAPI()
    add(app)

    @app.get("/fails")
    def fails() -> None:
        raise ZeroDivisionError(MARK)

    if kept:
        start_log(file=tmp_path / "qa3.log")
    answer = TestClient(app, raise_server_exceptions=False).get("/fails")
    assert answer.status_code == 500
    assert MARK not in answer.text
    assert ("qa3.log" in answer.text) == kept
    # A client of the REST service has no environment to set: whoever runs it has.
    advice = "whoever runs this service" if add is add_refusals else "QA3_LOG"
    assert (advice in answer.text) == (not kept)
    if kept:
        written = (tmp_path / "qa3.log").read_text("utf-8")
        assert "in fails" in written
        assert "ZeroDivisionError" in written
        assert MARK not in written


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_of_the_log_in_its_own_terms(language: str) -> None:
    for code, more in {"page.unexpected": {}, "page.unexpected_logged": {"log": "a.log"}}.items():
        said = say(code, language, kind="KeyError", **more)
        assert "QA3_LOG" not in said
        assert "--debug" not in said
        assert ("a.log" in said) == bool(more)


@pytest.mark.parametrize(
    "flags", [["--verbose"], ["--debug", "--lang", "zh"], ["--lang=zh", "--verbose"]]
)
def test_the_options_of_every_command_may_stand_behind_it(
    flags: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["split", str(ENGLISH), *flags]) == 0
    assert " INFO " in capfd.readouterr().err


def test_a_file_named_like_an_option_is_still_a_file(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["load", "--", "--verbose"]) == 2
    assert "--verbose" in capfd.readouterr().err


def test_a_log_that_cannot_be_written_ends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert Path("/dev/full").exists()
    assert run(["split", str(ENGLISH), "--log", "/dev/full"]) == 0
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("flags", [["--log"], ["--lang"], ["--log", "~nobody-at-all/x"]])
def test_a_log_option_without_a_usable_value_is_said(
    flags: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["split", str(ENGLISH), *flags]) == 2
    shown = capfd.readouterr().err
    assert shown.count("\n") == 1
    assert flags[0] in shown or flags[-1] in shown
