"""``qa3 chat``: piped questions, its commands in both languages, and what it leaves on stderr."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bench.simulated import Simulated
from cli.main import run

DOCUMENTS = Path(__file__).resolve().parent.parent.parent / "examples" / "documents"
QUESTION = {
    "en": ("apollo11.pdf", "Who was the commander of Apollo 11?", "not in these documents"),
    "zh": ("hzmb.pdf", "港珠澳大桥全长多少公里？", "没有提到"),
}
STRANGE = {"en": "How is a good beef stew cooked?", "zh": "怎样煮出好吃的红烧肉？"}


def asking(server: Simulated) -> list[str]:
    return ["--backend", "chatglm3", "--base-url", server.base_url, "--model", server.model]


def chat(
    arguments: list[str],
    lines: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[int, str, str]:
    """The exit code, the answers, and all that is said beside them."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def told(messages: list[dict[str, str]]) -> str:
    """The whole request on one line."""
    return " / ".join(message["content"].replace("\n", " ") for message in messages)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_piped_conversation_remembers_until_told_otherwise(
    language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    new, leave = ("/new", "/quit") if language == "en" else ("/新对话", "/退出")
    with Simulated(reply=told) as server:
        command = ["--lang", language, "chat", "--system", "SYS", *asking(server)]
        lines = ["alpha", "beta", new, "gamma", leave, "delta"]
        code, out, err = chat(command, lines, capsys, monkeypatch)
    answers = out.splitlines()
    assert code == 0
    assert answers == ["SYS / alpha", "SYS / alpha / SYS / alpha / beta", "SYS / gamma"]
    assert "/help" in err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_document_is_asked_without_making_pairs(
    language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    document, question, declined = QUESTION[language]
    show = "/sources" if language == "en" else "/来源"
    with Simulated(reply=lambda _: "Neil / 55") as server:
        command = ["--lang", language, "chat", "--file", str(DOCUMENTS / document)]
        lines = [question, show, STRANGE[language], show, "/xyz"]
        code, out, err = chat([*command, *asking(server)], lines, capsys, monkeypatch)
        asked = len(server.calls)
    assert code == 0
    assert out.splitlines()[0] == "Neil / 55"
    assert declined in out.splitlines()[1]
    assert asked == 1
    assert f"[1] {document}" in err
    assert "/xyz" in err


def test_a_job_answers_its_own_questions_without_a_call(
    server: Simulated, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    document = str(DOCUMENTS / "hzmb.pdf")
    assert run(["extract", document, "--json", "--quiet", *asking(server)]) == 0
    kept = json.loads(capsys.readouterr().out)["kept"]
    assert run(["jobs", "--json"]) == 0
    (job,) = json.loads(capsys.readouterr().out)
    calls = sum(server.asked.values())
    command = ["chat", "--job", job["id"], *asking(server)]
    code, out, err = chat(command, [kept[0]["question"]], capsys, monkeypatch)
    assert code == 0
    assert out.strip() == kept[0]["answer"]
    assert "hzmb.pdf" in err
    assert sum(server.asked.values()) == calls


def test_a_backend_that_is_down_is_said_and_the_chat_lives_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulated() as server:
        command = ["chat", *asking(server)]
    code, out, err = chat(command, ["你好", "hello", "/help"], capsys, monkeypatch)
    assert code == 1
    assert out == ""
    assert err.count("does not answer") == 2
    assert "Ctrl-D" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--job", "nosuch"],
        ["--file", "nosuch.pdf"],
        ["--job", "a", "--file", "b"],
        ["--backend", "nosuch"],
        ["--system", " "],
        ["--temperature", "9"],
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = chat(["chat", *arguments], ["hello"], capsys, monkeypatch)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_an_answer_cannot_drive_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulated(reply=lambda _: "a\x1b[2Jb\x07\u202ec\nd") as server:
        _, out, _ = chat(["chat", *asking(server)], ["hi"], capsys, monkeypatch)
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert out.endswith("c\nd\n")


def test_ctrl_c_stops_an_answer_and_not_the_conversation(home: Path) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def reply(messages: list[dict[str, str]]) -> str:
        if messages[-1]["content"] == "slow":
            asked.set()
            let_go.wait(60)
        return "quick answer"

    with Simulated(reply=reply) as server:
        command = [sys.executable, "app_cli.py", "chat", *asking(server)]
        environment = {**os.environ, "QA3_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        root = DOCUMENTS.parent.parent
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=environment, cwd=root, text=True, **pipes) as process:  # type: ignore[call-overload]  # pipes by name
            process.stdin.write("slow\n")
            process.stdin.flush()
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate("fast\n", timeout=60)
            let_go.set()
    assert "(stopped)" in err
    assert out.strip() == "quick answer"
    assert process.returncode == 0
