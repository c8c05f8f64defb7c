"""Killed at any moment, a run goes on where it was; only calls in flight are paid for twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.runs import long_text
from bench.simulated import Simulated, judge_reply
from cli.main import run

PARAGRAPHS, CONCURRENCY, KILLS = 25, 4, 5


def command(document: Path, output: Path, server: Simulated) -> list[str]:
    return [
        *("extract", str(document), "-o", str(output)),
        *("--backend", "chatglm3", "--base-url", server.base_url, "--model", server.model),
        *("--concurrency", str(CONCURRENCY), "--chunk-size", "20", "--embeddings", "lexical"),
    ]


def run_to_the_end(
    arguments: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """The whole account of a run in this process, but for what it took."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QA3_HOME", str(home))
        capsys.readouterr()
        assert run([*arguments, "--json"]) == 0
    account: dict[str, Any] = json.loads(capsys.readouterr().out)
    del account["usage"]
    return account


def run_until(arguments: list[str], home: Path, server: Simulated, answered: int) -> bool:
    """Whether a run was killed: it is as soon as the server has answered so many calls."""
    with subprocess.Popen(
        [sys.executable, "-m", "app_cli", *arguments],
        env={**os.environ, "QA3_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        while child.poll() is None:
            if sum(server.calls.values()) >= answered:
                child.kill()
                child.wait()
                return True
            time.sleep(0.001)
    return False


def test_a_run_killed_again_and_again_equals_one_that_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(0)  # noqa: S311 - chooses moments
    document = tmp_path / "report.txt"
    document.write_text(long_text(PARAGRAPHS), encoding="utf-8")
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    with Simulated() as server:
        expected = run_to_the_end(command(document, whole, server), tmp_path / "one", capsys)
        assert set(server.calls.values()) == {1}
        chunks = len(server.calls)
        lists = server.checks
        assert lists
    judged: Counter[str] = Counter()

    def counting(messages: list[dict[str, str]]) -> str | None:
        said = judge_reply(messages)
        judged.update([messages[-1]["content"]] if said else [])
        return said

    with Simulated(latency=0.02, judge=counting) as server:
        again = command(document, killed, server)
        moments = sorted(chance.sample(range(1, chunks), KILLS))
        kills = sum(run_until(again, tmp_path / "two", server, moment) for moment in moments)
        assert kills >= KILLS - 1
        assert run_to_the_end(again, tmp_path / "two", capsys) == expected
        twice = sum(server.calls.values()) - len(server.calls)
        assert len(server.calls) == chunks
        assert twice <= kills * CONCURRENCY
        assert len(judged) == lists
        assert judged.total() - lists <= kills * CONCURRENCY
    assert killed.read_bytes() == whole.read_bytes()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
