"""Measures what is read of web pages on a public benchmark of articles.

    python -m bench.webpage FOLDER

FOLDER is a copy of github.com/scrapinghub/article-extraction-benchmark: pages of news sites and
blogs, and the text of each article as people marked it. As there, F1 is that of the means of
precision and recall over runs of four words. ``put_aside`` are the pages that the rules were not
tuned on, some two in five by their names; their scores, not their texts, were seen before.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import mean

from bench.report import save_result
from loaders.webpage import parse_html

_WORDS = 4
_ASIDE = 3  # every third page


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The runs of four words of a text, each with how often it stands there."""
    words = re.findall(r"\w+", text)
    runs = (tuple(words[at : at + _WORDS]) for at in range(max(1, len(words) - _WORDS + 1)))
    return Counter(run for run in runs if run)


def shares(truth: str, read: str) -> tuple[float, float]:
    """Precision and recall of a text that was read.

    Args:
        truth: The article as people marked it.
        read: What was read of its page.
    """
    wanted, found = shingles(truth), shingles(read)
    if wanted == found:
        return 1.0, 1.0
    common = (wanted & found).total()
    return common / max(found.total(), 1), common / max(wanted.total(), 1)


def figures(pairs: list[tuple[float, float]]) -> dict[str, float]:
    """Means and F1 of several pages, by name.

    Args:
        pairs: Precision and recall of each.
    """
    precision, recall = mean(one[0] for one in pairs), mean(one[1] for one in pairs)
    f1 = 2 * precision * recall / (precision + recall)
    named = {"f1": f1, "precision": precision, "recall": recall, "pages": len(pairs)}
    return {name: round(value, 4) for name, value in named.items()}


def main() -> None:
    """Reads all pages of the benchmark and saves the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    read: dict[str, tuple[float, float]] = {}
    whole: dict[str, tuple[float, float]] = {}
    seconds = 0.0
    for key in truth:
        markup = gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()).decode()
        began = time.process_time()
        page = parse_html(markup, key, choose=True)
        seconds += time.process_time() - began
        read[key] = shares(truth[key]["articleBody"], page.text)
        everything = parse_html(markup, key, frozenset(["page"]), choose=True)
        whole[key] = shares(truth[key]["articleBody"], everything.text)
    aside = [key for key in truth if int(key[:8], 16) % _ASIDE == 0]
    result = {
        "all": figures(list(read.values())),
        "put_aside": figures([read[key] for key in aside]),
        "whole_pages": figures(list(whole.values())),
        "processor_seconds_a_page": round(seconds / len(truth), 3),
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    save_result("webpage", result, ("trafilatura", "lxml"))


if __name__ == "__main__":
    main()
