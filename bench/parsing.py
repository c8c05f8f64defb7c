"""Measures the reply parser: recall and wrong pairs by format, and time by size.

    python bench/parsing.py                  # the project's own replies
    python bench/parsing.py --data FOLDER    # FOLDER/llm_outputs/outputs.jsonl

A pair counts as read where its question and its answer equal the gold ones but for white space,
bullets, quotes and bold marks; every other pair that comes out is a wrong one.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from collections import Counter
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from chains.errors import ReplyError  # noqa: E402 - the checkout comes first
from chains.parsing.parser import PairParser  # noqa: E402

_UNCOUNTED = re.compile(r"[\s\-*•\"'“”‘’`_]+")
_MEGABYTE = 1_000_000
# Replies of looping small models, and hostile ones.
_HOSTILE = {
    "labels": "问题1：什么？\n答案1：好。\n",
    "one line": "问题一：啊？答案一：好。",
    "JSON": '{"question": "a", "answer": "b"},',
    "broken JSON": "{'question': 'a, 'answer': 'b'}\n",
    "braces": "{",
    "brackets": "[",
    "quotes": '"',
    "blanks": " ",
    "blank lines": "\n",
    "digits": "1",
    "stars": "*",
    "pipes": "|",
    "thinking": "<think>",
    "turns": "<|user|>x<|assistant|>",
    "one character a line": "a\n",
    "open quotes": "“",
    "nested": '{"a":',
}


def _key(question: str, answer: str) -> tuple[str, str]:
    return _UNCOUNTED.sub("", question), _UNCOUNTED.sub("", answer)


def _read(row: dict[str, Any]) -> tuple[list[tuple[str, str]], str]:
    try:
        read = PairParser().read(row["raw"], truncated=row.get("truncated", False))
    except ReplyError as error:
        return [], error.code
    return [_key(pair.question, pair.answer) for pair in read.drafts], ""


def score(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line a format: replies, gold pairs, those read, wrong ones, reasons that were not met."""
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = lines.setdefault(
            row["format"],
            {"format": row["format"], "replies": 0, "gold": 0, "read": 0, "wrong": 0, "reasons": 0},
        )
        gold = Counter(_key(pair["q"], pair["a"]) for pair in row["pairs"])
        pairs, reason = _read(row)
        met = sum((gold & Counter(pairs)).values())
        line["replies"] += 1
        line["gold"] += sum(gold.values())
        line["read"] += met
        line["wrong"] += len(pairs) - met
        line["reasons"] += reason != row.get("reason", reason)
    return list(lines.values())


def seconds_by_content() -> dict[str, float]:
    """Seconds of CPU for a reply of one megabyte (UTF-8) of each hostile content."""
    taken = {}
    for name, unit in _HOSTILE.items():
        text = unit * (_MEGABYTE // len(unit.encode()))
        begin = time.process_time()
        _read({"raw": text})
        taken[name] = round(time.process_time() - begin, 3)
    return taken


def _print_scores(lines: list[dict[str, Any]], total: dict[str, Any]) -> None:
    print(f"{'format':<64} {'replies':>7} {'gold':>5} {'read':>5} {'wrong':>5} {'reasons':>7}")
    for line in [*lines, total]:
        print(
            f"{line['format'][:64]:<64} {line['replies']:>7} {line['gold']:>5} {line['read']:>5}"
            f" {line['wrong']:>5} {line['reasons']:>7}"
        )
    print(f"recall {total['recall']:.1%}, wrong pairs {total['wrong']}")


def main() -> None:
    """Prints the tables and writes ``bench/results/parsing.json``."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--data", type=Path, help="folder that holds llm_outputs/outputs.jsonl")
    data: Path | None = arguments.parse_args().data
    source = data / "llm_outputs" / "outputs.jsonl" if data else HERE / "parsing_set.jsonl"
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    lines = score(rows)
    total: dict[str, Any] = {
        key: sum(line[key] for line in lines)
        for key in ("replies", "gold", "read", "wrong", "reasons")
    }
    total = {"format": "all", **total, "recall": total["read"] / max(total["gold"], 1)}
    _print_scores(lines, total)
    seconds = seconds_by_content()
    for name, taken in seconds.items():
        print(f"1 MB of {name:<24} {taken:6.2f} s")
    result = {
        "data": "outputs.jsonl" if data else source.name,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("langchain-core", "pydantic")},
        "total": total,
        "formats": lines,
        "seconds_for_1_MB": seconds,
    }
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / "parsing.json").write_text(
        json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
