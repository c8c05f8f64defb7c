"""Help in both languages: whole at 80 columns, its examples valid; refusals; completion."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from cli.help import wrapped
from cli.main import _general_first, build_app, run
from messages import LANGUAGES, say

FOREIGN = re.compile(
    r"usage|options?\b|arguments?\b|commands?\b|default|required|show this|text\b|integer|\bpath|"
    r"env var|\bargs|<\w+>|file\b|number|needed",
    re.IGNORECASE,
)
NAMED = ("--", "-", "qa3 ", "torch", "system prompt")


def commands(language: str) -> Iterator[tuple[list[str], Any]]:
    """Every command and group, with the words that are typed for it."""

    def below(path: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
        yield path, command
        for name, one in getattr(command, "commands", {}).items():
            yield from below([*path, name], one)

    yield from below([], typer.main.get_command(build_app(language)))


PATHS = [path for path, _ in commands("en")]


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS, ids=" ".join)
@pytest.mark.parametrize("width", [80, 44])
def test_help_is_whole_and_in_one_language(
    width: int,
    path: list[str],
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["--lang", language, *path, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "None" not in shown
    assert say("help.examples", language) in shown
    body, _, _ = shown.partition(say("help.examples", language))
    assert max(map(columns, body.splitlines())) <= width
    if width == 80:
        assert max(map(columns, shown.splitlines())) <= width
        for line in body.splitlines() if language == "zh" else ():
            # What is left are names of options, commands, files and programs.
            words = re.sub(r"-?-[\w-]+(/--[\w-]+)*|qa3 [a-z]+( [a-z]+)*|[\w-]+\.\w+", "", line)
            assert not FOREIGN.search(words), line


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_example_can_be_typed(path: list[str], language: str) -> None:
    lines = say(f"example.{'.'.join(path) or 'qa3'}", language).splitlines()
    typed = [line for line in lines if not line.startswith("#")]
    assert typed
    for line in typed:
        call = re.split(r"[|>]", line.rpartition("| qa3 ")[2] if "| qa3 " in line else line)[0]
        words = _general_first(shlex.split(call.removeprefix("qa3 ")))
        assert words[: len(path)] == path
        understood(words, language)


def understood(words: list[str], language: str) -> None:
    """Reads a command line without doing what it says."""
    command: Any = typer.main.get_command(build_app(language))
    context = command.make_context("qa3", list(words))
    while names := [*getattr(context, "_protected_args", ()), *context.args]:
        name, command, rest = context.command.resolve_command(context, names)
        context = command.make_context(name, rest, parent=context)


def test_an_example_of_no_command_is_not_kept() -> None:
    from messages.texts import _texts

    shown = {code for code in _texts("en") if code.startswith("example.")}
    assert shown == {f"example.{'.'.join(path) or 'qa3'}" for path in PATHS}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("赵州桥长，六十四米", ["赵州桥", "长，六十", "四米"]),
        ("一二三四）五六（七", ["一二三", "四）五六", "（七"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),
        ("长 qa3 长", ["长 qa3", "长"]),
        ("", []),
    ],
)
def test_lines_break_where_a_reader_expects_it(text: str, lines: list[str]) -> None:
    assert list(wrapped(text, 8)) == lines


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_typed_is_answered_with_help(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QA3_LANG", language)
    for nothing in ([], ["model"], ["--lang", language]):
        assert run(nothing) == 2
        shown = capsys.readouterr()
        assert say("help.commands", language) in shown.out
        assert shown.err == ""


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        (["extrac", "a.txt"], "extract"),
        (["jobs", "shwo"], "show"),
        (["extract", "a.txt", "--modle", "x"], "--model"),
        (["jobs", "--verbos"], "--verbose"),
        (["jobs", "show", "latest", "--jsno"], "--json"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_probably_meant_is_named(
    typed: list[str], near: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", language, *typed]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert say("cli.meant", language, near=near) in line
    assert line.isascii() == (language == "en")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_QA3_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("qa3 ext", "extract"), ("qa3 extract --dry", "--dry-run"), ("qa3 extract --check o", "open")],
)
def test_a_shell_is_told_what_may_follow(typed: str, offered: str) -> None:
    words = typed.split()
    told = subprocess.run(
        [sys.executable, "-m", "app_cli"],
        env={
            "_QA3_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
            "PYTHONPATH": ".",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert offered in told.stdout.split()
