"""Pairs while they come: as lines of JSON, and on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.simulated import Simulated
from cli.main import run as main
from messages import LANGUAGES, say
from pairs.files.importing import import_pairs

FIRST = "第1号车间于1801年在河边落成。Its workers built three engines in a year."
FULLER = "第1号车间于1801年在河边落成，由当地的工匠建造。"


def arguments(server: Simulated, folder: Path) -> list[str]:
    (folder / "a.txt").write_text(FIRST, "utf-8")
    (folder / "b.txt").write_text(FULLER, "utf-8")
    asked = ["extract", str(folder / "a.txt"), str(folder / "b.txt"), "-b", "chatglm3"]
    asked += ["--base-url", server.base_url, "-m", server.model, "--embeddings", "lexical"]
    return [*asked, "--check", "off", "--concurrency", "1", "-o", str(folder / "out.jsonl")]


def test_lines_that_are_read_to_the_end_are_the_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulated() as server:
        assert main([*arguments(server, tmp_path), "--stream", "--quiet"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    pairs = {line["id"]: line for line in lines if "id" in line}
    gone = [line["withdrawn"] for line in lines if "withdrawn" in line]
    assert [pairs[id_]["answer"] for id_ in gone] == ["第1号车间于1801年在河边落成。"]
    left = {id_: line for id_, line in pairs.items() if id_ not in gone}
    assert left == {one.id: json.loads(_line(one)) for one in import_pairs(tmp_path / "out.jsonl")}


def _line(pair: object) -> str:
    from pairs import FORMATS, QAPair

    assert isinstance(pair, QAPair)
    return b"".join(FORMATS["jsonl"].write([pair], "", False)).decode()


@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_shows_pairs_while_they_come(
    quiet: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    with Simulated() as server:
        assert main([*arguments(server, tmp_path), *["--quiet"] * quiet]) == 0
    assert ("关于“第1号车间于18”说了什么？" in capsys.readouterr().err) is not quiet


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_things_cannot_be_printed_at_once(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--lang", language, "extract", str(tmp_path), "--stream", "--json"]
    assert main(asked) == 2
    assert say("cli.stream_or_json", language) in capsys.readouterr().err
