"""Every block of the READMEs and of docs that a person would run, run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.simulated import Simulated

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- not run by the tests: [^>]+-->\n)?```(\w+)\n(.*?)```", re.DOTALL)
RUN = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
SHOWN = {"text", "json", "toml"}
COOKBOOK = sorted(page.relative_to(ROOT).as_posix() for page in ROOT.glob("docs/cookbook/*.md"))


def blocks(page: str, fewest: int = 6) -> list[tuple[str, str]]:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [(match[1], match[2], match[3]) for match in BLOCK.finditer(text)]
    assert len(found) >= fewest
    for excused, language, _ in found:
        assert excused or language in RUN or language in SHOWN, language
    return [
        (language, code) for excused, language, code in found if language in RUN and not excused
    ]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """One home for all blocks, so that a document is asked about once."""
    home = tmp_path_factory.mktemp("readme")
    (home / "cache").mkdir()
    (home / "cache" / "models").symlink_to(models, target_is_directory=True)
    return home


def answered_by(server: Simulated, home: Path) -> None:
    """Has the simulated model answer for the small one of this machine, which would take minutes.

    A table of the settings file takes a built-in backend's place, for commands that name none too.
    """
    table = f'[backends.embedded]\nbase_url = "{server.base_url}"\nmodel = "{server.model}"\n'
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "qa3.toml").write_text(table, encoding="utf-8")


@pytest.mark.model
@pytest.mark.parametrize(
    ("language", "code"),
    # Where both languages show the same commands, they are run once.
    dict.fromkeys(
        (
            *blocks("README.md"),
            *blocks("README.zh.md"),
            *blocks("docs/command-line.md", 1),
            *blocks("docs/command-line.zh.md", 1),
            *blocks("docs/prompts.md", 1),
            *blocks("docs/prompts.zh.md", 1),
            *blocks("docs/python.md", 4),
            *blocks("docs/python.zh.md", 4),
            *(block for page in COOKBOOK for block in blocks(page, 0)),
        )
    ),
)
def test_a_block_runs_as_it_stands(
    language: str, code: str, server: Simulated, shared_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    answered_by(server, shared_home)
    child = subprocess.run(
        [*RUN[language], code],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": path,
            "QA3_HOME": str(shared_home),
            "QA3_CHECK": "off",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    assert "Traceback" not in child.stderr
    assert child.stdout.strip()


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_comparison_shows_measured_rows(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    shown = text.partition("<!-- peers -->")[2].partition("<!-- end of peers -->")[0]
    rows = [line for line in shown.splitlines() if line.startswith("| ")]
    measured = (ROOT / "bench/results/peers.md").read_text(encoding="utf-8").splitlines()
    assert len(rows) > 8
    assert set(rows) <= set(measured)


def test_the_pages_of_docs_stand_in_both_languages_and_their_links_lead_somewhere() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    pages.remove(ROOT / "CHANGELOG.md")
    names = {page.relative_to(ROOT).as_posix() for page in pages}
    assert {name.replace(".zh.md", ".md") for name in names} == {
        name for name in names if not name.endswith(".zh.md")
    }
    assert len(names) % 2 == 0
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
