"""What others wrote drives nobody's terminal, begins no line of its own, and turns no letters."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench.simulated import Simulated
from cli.main import run
from cli.options import Translator

# A window's title, a colour, a lone control sequence of eight bits, a bell, text turned round.
DRIVING = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202eknab\u2066"
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NAME = f"a{DRIVING}\nqa3: all is well 一切正常.md"
TEXT = f"# 标题{DRIVING}\n\nThe bridge{DRIVING} was opened in 1890. 赵州桥{DRIVING}全长64.4米。\n"
TEXT += "\nIt is a bridge of many plain words. 这座桥有很多平常的话可说。\n" * 60


def reply(_: list[dict[str, str]]) -> str:
    pairs = [
        {"question": f"When was the bridge{DRIVING} opened?", "answer": f"in{DRIVING} 1890"},
        {"question": "赵州桥全长多少？", "answer": f"{DRIVING}64.4米"},
    ]
    return json.dumps({"pairs": pairs}, ensure_ascii=False)


def check(capfd: pytest.CaptureFixture[str], *, said: bool = True) -> None:
    out, err = capfd.readouterr()
    assert bool(out + err) or not said
    assert not FORBIDDEN.search(out + err), FORBIDDEN.findall(out + err)
    assert not re.search(r"^qa3: all is well", out + err, re.MULTILINE)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_command_lets_a_document_drive_the_terminal(
    language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / NAME
    document.write_text(TEXT, "utf-8")
    with Simulated(reply=reply) as server:
        asked = ["extract", str(document), "--backend", "chatglm3", "--base-url", server.base_url]
        asked += ["--model", server.model, "--embeddings", "lexical", "--evidence", "keep"]
        run(["--lang", language, *asked, "-o", str(tmp_path / f"{NAME}.jsonl")])
    check(capfd)
    for command in (["load", str(document)], ["split", str(document)], ["jobs"]):
        assert run(["--lang", language, *command]) == 0
        check(capfd)
    run(["jobs", "--json"])
    job = json.loads(capfd.readouterr().out)[0]["id"]
    for command in (["jobs", "show", job], ["jobs", "delete", job]):
        assert run(["--lang", language, *command]) == 0
        check(capfd)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_failure_repeats_what_drives_the_terminal(
    language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / NAME)
    for command in (
        ["load", missing],
        ["extract", missing],
        ["dedupe", missing, "-o", str(tmp_path / "b.jsonl")],
        ["jobs", "show", DRIVING],
        ["config", "--config", missing],
        ["extract", "--chunk-size", DRIVING, missing],
        [DRIVING],
    ):
        assert run(["--lang", language, *command]) != 0
        check(capfd)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_file_of_settings_drives_no_terminal(
    language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "qa3.toml"
    mine = f'base_url = "http://127.0.0.1:1/v1"\nmodel = {json.dumps(DRIVING)}\n'
    file.write_text(f'backend = "mine"\n[backends.mine]\n{mine}', "utf-8")
    run(["--lang", language, "config", "--config", str(file)])
    check(capfd)


def test_a_sentence_keeps_the_names_of_files_whole() -> None:
    said = Translator("zh")("load.missing", file=Path("报告　2023  final.pdf"))
    assert "报告　2023  final.pdf" in said
