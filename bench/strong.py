"""Keeps how rightly labelled pairs are judged, by kind, before and after, and what each rule adds.

    python bench/strong.py TOOL --data FOLDER --label after          # figures of this checkout
    python bench/strong.py TOOL --data FOLDER --label before --checkout OLDER
    python bench/strong.py TOOL --data FOLDER --rules                # each rule left out in turn

TOOL is a program that runs ``PYTHON -m app_cli extract`` on the labelled documents of a folder and
prints lines ``NAME, good pairs by kind: ...`` and ``FIGURES NAME: ...``. Neither it nor the data
is part of this project. Results of other labels and folders in ``bench/results/strong.json`` stay.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.report import RESULTS, save_result  # noqa: E402 - checkout first
from pairs.evidence import grounding  # noqa: E402
from pairs.evidence.tables import Table  # noqa: E402

_BY_KIND = re.compile(r"^(\S+), (good|bad) pairs by kind: (.*)$", re.MULTILINE)
_FIGURES = re.compile(r"^FIGURES (\S+): (.*)$", re.MULTILINE)
_ALL = re.compile(r"^ALL (.*)$", re.MULTILINE)

Figures = dict[str, object]


def _never(*_: object, **__: object) -> bool:
    return False


RULES: dict[str, Callable[[], None]] = {
    "another row": lambda: setattr(Table, "_other_row", _never),
    "another column": lambda: setattr(Table, "_other_column", _never),
    "another code or title": lambda: setattr(grounding, "is_about_another", _never),
    "the cell that is named": lambda: setattr(grounding, "_fitting", lambda _, places, __: places),
    "units of the header": lambda: setattr(Table, "amounts", lambda *_: ""),
    "words of the header": lambda: setattr(Table, "forms_above", lambda *_: frozenset()),
}
"""Each rule on tables and names, with what leaves it out."""


def leave_out(rule: str) -> None:
    """Switches off one rule in this process.

    Args:
        rule: A key of ``RULES``.

    Raises:
        KeyError: There is no such rule.
    """
    RULES[rule]()


def measured(tool: Path, data: Path, checkout: Path, rule: str = "", extra: str = "") -> Figures:
    """What the tool prints of one run: by language its figures and every kind's fates.

    Args:
        tool: The program.
        data: The folder of labelled documents.
        checkout: The project's folder that is measured.
        rule: A key of ``RULES`` that is left out; empty for none.
        extra: More options of ``qa3 extract``, such as ``--check off``.

    Raises:
        CalledProcessError: The tool failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        python = Path(sys.executable)
        if rule:
            python = Path(folder) / "python"
            python.write_text(_without(rule), encoding="utf-8")
            python.chmod(0o755)
        command = [sys.executable, str(tool), "--data", str(data), "--python", str(python)]
        command.append(f"--extra={extra}")
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    kinds: dict[str, dict[str, dict[str, str]]] = {}
    for name, label, told in _BY_KIND.findall(done.stdout):
        split = (kind.strip().partition(" ") for kind in told.split(";"))
        kinds.setdefault(name, {})[label] = {kind: fates for kind, _, fates in split}
    return {
        "all": "".join(_ALL.findall(done.stdout)),
        **{name: {"figures": told, **kinds[name]} for name, told in _FIGURES.findall(done.stdout)},
    }


def _without(rule: str) -> str:
    """An interpreter that leaves out a rule, and then runs a module as ``-m`` does."""
    return (
        f"#!{sys.executable}\n"
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from bench.strong import leave_out\n"
        f"leave_out({rule!r})\n"
        "sys.argv = sys.argv[2:]\n"
        "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)\n"
    )


def main() -> None:
    """Measures, and adds the result to ``bench/results/strong.json``."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("tool", type=Path)
    arguments.add_argument("--data", type=Path, required=True, action="append")
    arguments.add_argument("--label", default="after")
    arguments.add_argument("--checkout", type=Path, default=ROOT)
    arguments.add_argument("--rules", action="store_true", help="leave out each rule in turn")
    arguments.add_argument("--extra", default="", help="more options of qa3 extract")
    given = arguments.parse_args()
    file = RESULTS / "strong.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    runs: dict[str, Figures] = known.get("runs", {})
    for data in given.data:
        for rule in RULES if given.rules else ("",):
            label = f"without {rule}" if rule else given.label
            found = measured(given.tool, data.resolve(), given.checkout, rule, given.extra)
            runs.setdefault(data.name, {})[label] = found if not rule else found["all"]
            print(f"{data.name}, {label}: {found['all']}", flush=True)
            save_result("strong", {"runs": runs})


if __name__ == "__main__":
    main()
