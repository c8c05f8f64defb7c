"""What a user installs: the wheel alone, away from the sources, without torch or the extras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from bench.simulated import Simulated

ROOT = Path(__file__).resolve().parent.parent
# The base install has none of these; the child below is denied them.
EXTRAS = ("torch", "transformers", "sentence_transformers", "chainlit", "fastapi", "uvicorn")
DENYING = f"""
import sys
for name in {EXTRAS!r}:
    sys.modules[name] = None
from app_cli import main
main()
"""


def test_the_wheel_installs_bare_and_does_the_main_job_elsewhere(
    server: Simulated, tmp_path: Path
) -> None:
    wheels, bare, elsewhere = tmp_path / "wheels", tmp_path / "bare", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT)]
    subprocess.run([*pip, *build], check=True, cwd=elsewhere)
    (wheel,) = wheels.glob("qa3-*.whl")
    venv.create(bare, with_pip=False)
    python = bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = next(bare.rglob("site-packages"))
    install = ["install", "--no-deps", "--no-index", "--no-compile", "--target", str(site)]
    subprocess.run([*pip, *install, str(wheel)], check=True)
    # Its dependencies, as the set-up installed them; our own editable copy does not come along.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    output = elsewhere / "pairs.jsonl"
    command = ["extract", str(ROOT / "examples/documents/hzmb.pdf"), "-o", str(output)]
    asking = ["-b", "chatglm3", "--base-url", server.base_url, "--model", server.model]
    child = subprocess.run(
        [str(python), "-I", "-c", DENYING, *command, *asking],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "QA3_HOME": str(tmp_path / "home")},
    )
    assert child.returncode == 0, child.stderr
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 5
    where = [str(python), "-I", "-c", "import app_cli, chains; print(chains.__file__)"]
    shown = subprocess.run(where, capture_output=True, text=True, check=True, cwd=elsewhere)
    assert str(bare) in shown.stdout
