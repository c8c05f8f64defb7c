"""The scripts a newcomer copies from run as they stand."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def shown_by(cell: str, names: dict[str, Any]) -> object:
    """What a notebook shows below a cell: the value of its last line, if that is an expression."""
    *body, last = ast.parse(cell).body
    is_value = isinstance(last, ast.Expr)
    whole = ast.Module(body=body if is_value else [*body, last], type_ignores=[])
    exec(compile(whole, "cell", "exec"), names)  # noqa: S102 - our own notebook
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307 - as above


def test_the_notebook_runs_from_the_top(
    server: Simulated, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"BACKEND": "chatglm3", "BASE_URL": server.base_url, "MODEL": server.model}
    for name, value in given.items():
        monkeypatch.setenv(f"QA3_{name}", value)
    monkeypatch.chdir(EXAMPLES)
    notebook = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        assert not cell["outputs"]
        shown = shown_by("".join(cell["source"]), names)
        page = getattr(shown, "_repr_html_", None)
        assert shown is None or page is None or "<table" in page()
    assert names["corrected"][0].answer.endswith("（已核对）")
    said = capsys.readouterr().out
    assert '"formatting": "alpaca"' in said
    assert "PairList(" in said
