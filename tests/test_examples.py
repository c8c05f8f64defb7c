"""The scripts a newcomer copies from run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.simulated import Simulated

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.mark.parametrize(
    ("script", "arguments", "settings"),
    [
        ("one_pdf.py", ["documents/hzmb.pdf"], {"QA3_BACKEND": "chatglm3"}),
        ("long_text.py", ["documents/apollo11.md", "{out}.json"], {"QA3_BACKEND": "chatglm3"}),
        ("folder_with_gpt.py", ["documents", "{out}.csv"], {"OPENAI_API_KEY": "any"}),
    ],
)
def test_a_script_runs_as_it_stands(
    script: str, arguments: list[str], settings: dict[str, str], server: Simulated, tmp_path: Path
) -> None:
    given = [
        one.format(out=tmp_path / "pairs") if "{" in one else str(EXAMPLES / one)
        for one in arguments
    ]
    ours = {"QA3_BASE_URL": server.base_url, "QA3_MODEL": server.model}
    child = subprocess.run(
        [sys.executable, str(EXAMPLES / script), *given],
        env={**os.environ, **ours, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert "pairs" in child.stdout or "kept" in child.stdout
    written = [one for one in given if one.startswith(str(tmp_path))]
    assert all(Path(one).stat().st_size > 500 for one in written)
