"""How rightly labelled pairs of strong models are kept and merged, with and without a judge.

    python -m bench.judging TOOLS DATA

TOOLS is the folder of ``score-strong`` and ``judges.py``, which play the models; DATA that of the
labelled sets ``strong`` and ``rewordings``. Takes some ten minutes; results go to
bench/results/judging.json, by set, judge and kind of pair.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.report import save_result

JUDGES = ("recorded", "noisy:0.85:0.95", "coin", "yes", "no", "nonsense")
SETS = ("strong", "rewordings")
_FIGURES = re.compile(r"^(FIGURES \w+|ALL):? (.*)$", re.MULTILINE)
_KINDS = re.compile(r"^(\w+, \w+ pairs) by kind: (.*)$", re.MULTILINE)
_RECORD = re.compile(r"the judge is (\w+): (\{.*\})")


def measure(tools: Path, data: Path, name: str, judge: str, options: str) -> dict[str, object]:
    """The figures of one set.

    Args:
        tools: The folder of the scoring tool.
        data: The folder of the sets.
        name: The set.
        judge: How the judge judges; empty for none.
        options: Further options of ``qa3 extract``.
    """
    folders = [str(one.parent) for one in (data / name).glob("*/set.json")]
    with tempfile.TemporaryDirectory() as folder:
        counts, log = Path(folder) / "tokens", Path(folder) / "log"
        environment = {
            **os.environ,
            "JUDGES": str(tools / "judges.py"),
            "JUDGE": judge,
            "SETS": os.pathsep.join(folders),
            "TOKENS": str(counts),
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "QA3_LOG": str(log),
        }
        command = [sys.executable, str(tools / "score-strong"), "--data", str(data / name)]
        command += ["--python", sys.executable, f"--extra={options}"]
        if judge:
            command += ["--judge", str(Path(__file__).with_name("judge_double.py"))]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        said = log.read_text(encoding="utf-8") if log.exists() else ""
        tokens = [int(line) for line in counts.read_text().split()] if counts.exists() else []
    found: dict[str, object] = dict(_FIGURES.findall(done.stdout))
    found["by kind"] = dict(_KINDS.findall(done.stdout))
    if judge:
        found["judge"] = [[word, json.loads(record)] for word, record in _RECORD.findall(said)]
        found["judge's prompt tokens"] = sum(tokens)
    return found


def asked_tokens(data: Path, name: str) -> int:
    """Prompt tokens of the requests that ask for the pairs of a set, as ``--dry-run`` tells."""
    total = 0
    for folder in data.glob(f"{name}/*/docs"):
        command = [sys.executable, "-m", "app_cli", "extract", str(folder), "-b", "gpt-3.5"]
        command += ["--chunk-size", "1200", "--check", "off", "--dry-run", "--json"]
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                command,
                env={**os.environ, "QA3_JOURNAL": f"{home}/journal.sqlite"},
                capture_output=True,
                text=True,
                check=True,
            )
        total += json.loads(done.stdout)["prompt"]
    return total


def main() -> None:
    """Measures every set without a judge and with each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--judges", nargs="*", default=JUDGES, help="which judges")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    for name in SETS:
        results = {"no judge": measure(options.tools, options.data, name, "", "--check off")}
        for judge in options.judges:
            results[judge] = measure(options.tools, options.data, name, judge, "--check all")
        figures[name] = results
        for judge, result in results.items():
            print(name, judge, result.get("ALL"))
    figures["prompt tokens of asking"] = {name: asked_tokens(options.data, name) for name in SETS}
    print(save_result("judging", figures))


if __name__ == "__main__":
    main()
