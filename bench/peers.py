"""Compares qa3 with other tools on the same documents and the same model.

    python -m bench.peers                       about ten minutes, and installing at the first run
    python -m bench.peers --only fenced gbk     some cases, kept beside the others' earlier figures
    python -m bench.peers --data FOLDER         with a set of labelled pairs, see peers_strong.py

A simulated model answers over real HTTP; it knows which pairs a request deserves, however a tool
cuts its text. Each tool runs in an environment of its own, made here, under the best settings its
documentation names. How sixty pairs are reviewed is taken from bench.desk for qa3, and from their
own pages and documentation for the others. Results go to bench/results/peers.json, and as tables to
peers.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bench.peers_documents import Document, bilingual, plain, restated, write
from bench.peers_pages import (
    asking_tables,
    asking_wrapped,
    merged_in_docx,
    tables_in_pdf,
    three_columns,
)
from bench.peers_report import tables
from bench.peers_runs import CONTEXT, Case, Outcome, carry_out, words
from bench.peers_strong import carry_out as of_labelled
from bench.peers_tools import TOOLS, environment
from bench.report import RESULTS, save_result
from bench.simulated import Faults, Simulated

_LABELLED = "strong"
STORM = (0.3, 12.0)  # seconds after the first call


def main() -> None:
    """Measures, prints the tables, and saves the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    every = cases()
    parser.add_argument("--only", nargs="*", choices=[case.name for case in every] + [_LABELLED])
    parser.add_argument("--tools", nargs="*", choices=[tool.name for tool in TOOLS])
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache/qa3/peers")
    parser.add_argument("--data", type=Path, help="labelled pairs, which each tool is then given")
    options = parser.parse_args()
    known = earlier()
    versions: dict[str, str] = known.get("tools", {})
    figures: dict[str, Any] = known.get("cases", {})
    strong: dict[str, Any] = known.get("strong", {})
    programs = {}
    for tool in TOOLS:
        programs[tool.name] = tool.programs(options.environments)
        versions[tool.name] = tool.version(programs[tool.name])
    for case in every:
        if options.only and case.name not in options.only:
            continue
        for tool in TOOLS:
            if options.tools and tool.name not in options.tools:
                continue
            of_case = figures.setdefault(case.name, {})
            calls = figures.get("ordinary", {}).get(tool.name, {}).get("calls", 0)
            outcome = carry_out(tool, programs[tool.name], case, calls)
            of_case[tool.name] = row(outcome, case)
            if tool.name == "qa3" and case.name == "wide 8":
                of_case[tool.name]["first by Python"] = first_streamed(case)
            print(
                f"{case.name:12} {tool.name:19} {json.dumps(of_case[tool.name])[:190]}", flush=True
            )
        save(versions, figures, strong)
    labelled = options.data and (not options.only or _LABELLED in options.only)
    for tool in TOOLS if labelled else ():
        if not options.tools or tool.name in options.tools:
            strong[tool.name] = of_labelled(tool, programs[tool.name], options.data.resolve())
            print(f"strong       {tool.name:19} {json.dumps(strong[tool.name])}", flush=True)
            save(versions, figures, strong)
    print((RESULTS / "peers.md").read_text(encoding="utf-8"))


def save(versions: dict[str, str], figures: dict[str, Any], strong: dict[str, Any]) -> None:
    """Saves the results as JSON and as tables."""
    review = json.loads((RESULTS / "desk.json").read_text(encoding="utf-8"))["review"]
    settings = {tool.name: tool.settings for tool in TOOLS}
    result = {"tools": versions, "settings": settings, "context": CONTEXT, "cases": figures}
    save_result("peers", {**result, "strong": strong})
    text = tables(versions, figures, strong, review)
    (RESULTS / "peers.md").write_text(text, encoding="utf-8")


def cases() -> list[Case]:
    """All of them."""
    folder = (
        plain("china-1.txt", "zh", 60, 0),
        plain("china-2.txt", "zh", 60, 1),
        plain("england-1.txt", "en", 24, 0),
        plain("england-2.txt", "en", 24, 1),
    )
    lines = (plain("lines.txt", "zh", 50, 0, joint="\n"),)
    chinese = plain("chinese.txt", "zh", 40, 0)
    gbk = (Document(chinese.name, chinese.text, chinese.facts, encoding="gbk"),)
    # Beyond what a summary of the beginning would read.
    unwelcome = folder[2].facts[-20].sentences[0]
    long = (bilingual("long.txt", 156, 0),)
    twice = (restated("twice-zh.txt", "zh", 20, 0), restated("twice-en.txt", "en", 20, 0))
    columns = three_columns()
    return [
        Case("ordinary", folder),
        Case("wide 8", long, seconds=(0.25, 0.75)),
        Case("wide 32", long, seconds=(0.25, 0.75), width=32),
        Case("lines", lines),
        Case("gbk", gbk),
        Case("fenced", folder, form="fenced"),
        Case("labels", folder, form="lines"),
        Case("truncated", folder, Faults(truncated=0.1)),
        Case("storm", folder, Faults(storm=STORM)),
        Case("refused", folder, Faults(refused_word=unwelcome)),
        Case("invented", folder, inventions=0.3),
        Case("half", folder, form="half"),
        Case("thinking", folder, form="thinking"),
        Case("moderated", folder, Faults(filtered_word=unwelcome)),
        Case("table", tables_in_pdf(), asked=asking_tables),
        Case("merged", merged_in_docx(), asked=asking_tables),
        Case("columns", columns, asked=asking_wrapped(columns)),
        Case("restated", twice),
        Case("killed", folder, seconds=(0.4, 0.8), kill=True),
    ]


def row(outcome: Outcome, case: Case) -> dict[str, Any]:
    """A tool's figures in one case."""
    ended, score = outcome.ended, outcome.score
    ideal = outcome.ideal(case.width)
    figures: dict[str, Any] = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "exit": ended.code,
        "calls": outcome.calls,
        "facts": score.facts,
        "recovered": score.recovered,
        "wrong": score.wrong,
        "repeated": score.repeated,
        "repeated letter for letter": score.equal,
        "seconds": round(ended.seconds, 2),
        "asking": round(outcome.asking, 2),
        "ideal": round(ideal, 2),
        "asking/ideal": round(outcome.asking / ideal, 2) if ideal else None,
        "seconds/ideal": round(ended.seconds / ideal, 2) if ideal else None,
        "first": None if ended.first is None else round(ended.first, 2),
        "MB": ended.memory,
        "said": words(ended.output),
    }
    if case.kill:
        figures |= {"on disk": outcome.on_disk, "answered twice": outcome.again}
    return figures


def first_streamed(case: Case) -> float:
    """Seconds from the start of a script of qa3's Python interface to the first pair it prints."""
    model = case.model()
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulated(reply=model.reply, context=CONTEXT) as server,
    ):
        documents = write(case.documents, Path(folder) / "documents")
        script = [sys.executable, "-m", "bench.peers_stream", str(documents), server.base_url]
        started = time.monotonic()
        with subprocess.Popen(
            [*script, str(case.width)],
            stdout=subprocess.PIPE,
            env=environment(QA3_HOME=folder),
        ) as child:
            assert child.stdout
            line = child.stdout.readline()
            seconds = time.monotonic() - started
            child.kill()
    assert line, "no pair came"
    return round(seconds, 2)


def earlier() -> dict[str, Any]:
    """The figures of the last run; empty where there is none."""
    file = RESULTS / "peers.json"
    known: dict[str, Any] = {}
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
    return known


if __name__ == "__main__":
    main()
