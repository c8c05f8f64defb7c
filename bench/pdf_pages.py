"""Measures in which order the lines of PDF pages are read, this version beside another.

    python -m bench.pdf_pages --data FOLDER [--before CHECKOUT]

The folder holds ``pages/`` and ``joins.jsonl``: for each page the ends of lines and the starts of
those that follow in the same block; the share found in the text counts. Marks, dashes and white
space are left out on both sides.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

from .report import save_result

HERE = Path(__file__).resolve().parent
_READ = """
import json, sys
from loaders import load
for name in sys.stdin.read().split("\\n"):
    try:
        text = "\\n\\n".join(document.page_content for document in load(name))
    except Exception as error:
        text = ""
    print(json.dumps(text), flush=True)
"""
_LEFT_OUT = re.compile(r"[\s|#*`_\\~\-\u2010-\u2015\u2022\u25cf\u25aa\u25e6·\[\]\"'“”‘’\u00ad]+")


def plain(text: str) -> str:
    """A text as joins are compared."""
    return _LEFT_OUT.sub("", unicodedata.normalize("NFKC", text))


def measure(data: Path, checkout: Path) -> dict[str, Any]:
    """The shares of joins that a checkout of the project reads rightly.

    Args:
        data: The folder of pages.
        checkout: Where the code to be measured lies.
    """
    rows = [json.loads(line) for line in (data / "joins.jsonl").read_text("utf-8").splitlines()]
    names = "\n".join(str((data / "pages" / row["file"]).resolve()) for row in rows)
    run = subprocess.run(
        [sys.executable, "-c", _READ], input=names, capture_output=True, text=True,
        cwd=checkout, env={"PYTHONPATH": str(checkout)}, check=True,
    )  # fmt: skip
    shares = []
    for row, line in zip(rows, run.stdout.splitlines(), strict=True):
        text = plain(json.loads(line))
        shares.append(sum(plain(join) in text for join in row["joins"]) / len(row["joins"]))
    return {
        "pages": len(shares),
        "joined": round(sum(shares) / len(shares), 3),
        "below_half": sum(share < 0.5 for share in shares),
        "above_nine_tenths": sum(share > 0.9 for share in shares),
    }


def main() -> None:
    """Measures, prints and writes ``results/pdf_pages.json``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--before", type=Path, help="another checkout")
    options = parser.parse_args()
    figures = {
        name: measure(options.data, checkout)
        for name, checkout in (("before", options.before), ("now", HERE.parent))
        if checkout
    }
    print(json.dumps(figures, indent=1))
    save_result("pdf_pages", figures, ("pypdfium2",))


if __name__ == "__main__":
    main()
