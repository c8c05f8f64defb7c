"""What a script imports: the names of qa3, and what it is told where its own files hide ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import chains
import loaders
import pairs
import qa3

ROOT = Path(__file__).resolve().parent.parent


def run_script(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    script = folder / "make_pairs.py"
    script.write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_names_of_qa3_are_those_of_the_packages() -> None:
    assert len(qa3.__all__) == len(set(qa3.__all__))
    for name in qa3.__all__:
        ours = getattr(qa3, name)
        homes = [room for room in (chains, pairs, loaders) if name in room.__all__]
        assert homes or name == "SaidError", name
        assert all(getattr(room, name) is ours for room in homes)


def test_a_script_imports_what_it_needs(tmp_path: Path) -> None:
    done = run_script(
        tmp_path, "from qa3 import *\nprint(extract_pairs.__name__, Settings().backend)"
    )
    assert done.stdout.strip() == "extract_pairs embedded", done.stderr


@pytest.mark.parametrize("hiding", ["prompts.py", "messages/__init__.py", "pairs.py", "loaders.py"])
def test_a_file_that_hides_a_package_of_ours_is_named(tmp_path: Path, hiding: str) -> None:
    file = tmp_path / hiding
    file.parent.mkdir(exist_ok=True)
    file.write_text("MINE = 1\n", encoding="utf-8")
    done = run_script(tmp_path, "from qa3 import extract_pairs\n")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: qa3 needs its own package")
    assert str(file) in last
    assert "请将其改名" in last


def test_a_folder_without_code_hides_nothing(tmp_path: Path) -> None:
    """A regular package wins over a namespace folder, wherever it stands on the path."""
    (tmp_path / "prompts").mkdir()
    done = run_script(tmp_path, "import qa3\nprint(qa3.Settings().language)\n")
    assert done.stdout.strip() == "auto", done.stderr
