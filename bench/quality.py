"""Takes the figures of the quality card that come from labelled sets outside this project.

    python -m bench.quality --tools FOLDER --data FOLDER [--held FOLDER] [--only PART ...]

TOOLS holds the scorers ``score-strong``, ``judges.py``, ``score-replies``, ``score-pdf`` and
``check-cases``; DATA the sets they score (``strong``, ``rewordings``, ``pdf_order``, ``tables``,
``cases``, ``llm_outputs/outputs2.jsonl``). HELD holds the third of each that was put aside while
the rules were made, as ``NAME-held``: of these only totals are kept. Results go to
bench/results/quality.json; parts that are not asked for keep their earlier figures.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.judging import measure
from bench.report import RESULTS, save_result

ROOT = Path(__file__).resolve().parent.parent
JUDGES = {"rules alone": "", "strong judge": "recorded", "middling judge": "noisy:0.85:0.95"}
"""Of the sets of pairs: how a judge judges; the middling one is right about 85 % of the bad pairs
and 95 % of the good ones."""
_TOTALS = ("ALL", "FIGURES en", "FIGURES zh", "judge")

Figures = dict[str, object]


def pairs(name: str) -> Callable[[Path, Path], Figures]:
    """What measures a set of labelled pairs, by judge.

    Args:
        name: The set.
    """

    def measured(tools: Path, place: Path) -> Figures:
        found: Figures = {}
        for judge, kind in JUDGES.items():
            options = "--check all" if kind else "--check off"
            figures = measure(tools, place.parent, place.name, kind, options)
            found[judge] = {key: figures[key] for key in _TOTALS if key in figures}
        return found

    measured.__name__ = name
    return measured


def replies(tools: Path, place: Path) -> Figures:
    """Of raw replies: pairs read and wrong ones.

    Args:
        tools: The folder of scorers.
        place: The file of replies.
    """
    said = _said(tools / "score-replies", str(place))
    found = re.findall(r"^all +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)", said, re.MULTILINE)[-1]
    names = ("replies", "read without a fault", "pairs", "right", "wrong", "lost")
    return dict(zip(names, map(int, found), strict=True))


def order(tools: Path, place: Path) -> Figures:
    """Of PDF pages: the share of lines that follow each other as they should.

    Args:
        tools: The folder of scorers.
        place: The folder of pages.
    """
    return _figures(_said(tools / "score-pdf", "order", "--data", str(place)))


def tables(tools: Path, place: Path) -> Figures:
    """Of tables in PDF: recall, precision and F1 of neighbouring cells.

    Args:
        tools: The folder of scorers.
        place: The folder of documents.
    """
    return _figures(_said(tools / "score-pdf", "tables", "--data", str(place)))


def cases(tools: Path, place: Path) -> Figures:
    """Of documents that users complained of: how many are read as wanted.

    Args:
        tools: The folder of scorers.
        place: The folder of documents.
    """
    said = _said(tools / "check-cases", "--data", str(place), fails=True)
    good, every = re.findall(r"read as wanted: (\d+)/(\d+)", said)[-1]
    return {"as wanted": int(good), "of": int(every)}


PARTS: dict[str, tuple[Callable[[Path, Path], Figures], str, str]] = {
    "strong": (pairs("strong"), "strong", "strong-held"),
    "rewordings": (pairs("rewordings"), "rewordings", "rewordings-held"),
    "replies": (replies, "llm_outputs/outputs2.jsonl", "outputs2-held.jsonl"),
    "reading order": (order, "pdf_order", "pdf_order-held"),
    "tables": (tables, "tables", "tables-held"),
    "cases": (cases, "cases", "cases-held"),
}
"""What measures a part, the whole set's place in DATA and that of its third in HELD."""


def _said(tool: Path, *arguments: str, fails: bool = False) -> str:
    """What a scorer prints about this checkout."""
    given = [] if tool.name == "score-replies" else ["--python", sys.executable]
    done = subprocess.run(
        [sys.executable, str(tool), *arguments, *given],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or (fails and done.stdout), done.stderr[-2000:]
    return done.stdout


def _figures(said: str) -> Figures:
    """The names and numbers of a scorer's line of figures."""
    line = said.rpartition("FIGURES ")[2].partition(": ")[2]
    found = (re.fullmatch(r"\s*(.+?) ([\d.]+)\s*", part) for part in line.split(","))
    return {one[1]: float(one[2]) for one in found if one}


def main() -> None:
    """Measures, prints, and saves after each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--held", type=Path)
    parser.add_argument("--only", nargs="*", choices=list(PARTS))
    given = parser.parse_args()
    file = RESULTS / "quality.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    figures: dict[str, Figures] = known.get("parts", {})
    for part, (measured, whole, held) in PARTS.items():
        if given.only and part not in given.only:
            continue
        figures[part] = {"whole": measured(given.tools.resolve(), given.data.resolve() / whole)}
        if given.held:
            place = given.held.resolve() / held
            figures[part]["put aside"] = measured(given.tools.resolve(), place)
        print(part, json.dumps(figures[part], ensure_ascii=False, indent=1), flush=True)
        save_result("quality", {"parts": figures}, ("pypdfium2", "rapidfuzz"))


if __name__ == "__main__":
    main()
