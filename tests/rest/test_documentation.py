"""The clients of docs/rest.md and docs/rest.zh.md, run as they are shown but for their ports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.serving import Served, free_port
from bench.simulated import Simulated

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"(<!-- not run by the tests: [^>]+-->\n)?```(\w+)\n(.*?)```", re.DOTALL)
PORTS = re.compile(r"\b80(?:01|11|12)\b")
COMMANDS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}


def blocks(name: str) -> list[tuple[str, str]]:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    found = [(match[2], match[3]) for match in BLOCK.finditer(text) if not match[1]]
    return [(language, code) for language, code in found if language != "console"]


def test_both_languages_show_the_same_clients() -> None:
    shown = blocks("rest.md")
    assert [language for language, _ in shown] == ["sh", "python", "js"]
    assert blocks("rest.zh.md") == shown


@pytest.mark.parametrize(("language", "code"), blocks("rest.md")[:2])
def test_a_client_runs_as_shown(
    language: str, code: str, server: Simulated, tmp_path: Path
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    asked = {
        "QA3_BACKEND": "chatglm3",
        "QA3_BASE_URL": server.base_url,
        "QA3_MODEL": server.model,
        "QA3_EMBEDDINGS": "lexical",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    child = subprocess.run(
        [*COMMANDS[language], PORTS.sub(str(free_port()), code)],
        cwd=tmp_path,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    assert "Traceback" not in child.stderr
    for word in ("event: done", "question,answer") if language == "sh" else ("of", "关于"):
        assert word in child.stdout


def test_the_script_runs_in_a_browser_as_shown(
    server: Simulated, browser: Browser, tmp_path: Path
) -> None:
    (_, code) = blocks("rest.md")[2]
    with Served(tmp_path, server) as served, browser.new_page() as page:
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text))
        page.goto(f"{served.address}/docs")
        script = PORTS.sub(served.address.rpartition(":")[2], code)
        page.evaluate(f"(async () => {{ {script} }})()")
    assert any("赵州桥" in line for line in said), said
