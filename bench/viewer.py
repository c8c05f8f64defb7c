"""Measures how fast the HTML report opens and scrolls: 5,000 pairs over a document of 2 MB.

    python -m bench.viewer [--browser /usr/bin/chromium] [--runs 5]

A text in both languages is made up, every pair standing somewhere in it; the page is written, then
opened in Chromium. Opening ends when the first cards and the first lines are on the screen; frames
are timed by the browser itself while the list and the text are scrolled from end to end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.report import save_result
from loaders.records import Span
from pairs.records import (
    ChunkOutcome,
    Duplicate,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
)
from pairs.viewer import ViewedText, ViewFacts, write_view

SENTENCES = (
    "第{n}号桥于{year}年建成，全长{long}米，位于第{place}区的河上。",
    "Bridge {n} was opened in {year}; it is {long} metres long and stands in district {place}.",
    "该桥每年检修两次，费用由第{place}区承担，编号{n}。",
    "Its upkeep is paid for by district {place}, which has looked after bridge {n} since {year}.",
)
CHUNK = 600  # characters
_OPENED = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
  const card = document.querySelector('.card'), block = document.querySelector('.block');
  const seen = card && card.getBoundingClientRect().height > 0 && block.textContent.length > 0;
  done(seen ? performance.now() : -1);
})))"""
_SCROLL = """async ([host, steps]) => {
  const pane = document.querySelector(host);
  const frames = [];
  let last = await new Promise(requestAnimationFrame);
  for (let step = 1; step <= steps; step++) {
    pane.scrollTop = (pane.scrollHeight - pane.clientHeight) * step / steps;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return frames;
}"""
_WHEEL = """async ([host, steps]) => {
  const pane = document.querySelector(host);
  pane.scrollTop = pane.scrollHeight / 3;
  const frames = [];
  let last = await new Promise(requestAnimationFrame);
  for (let step = 1; step <= steps; step++) {
    pane.scrollTop += 60;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return frames;
}"""

# From the last key press to the filtered list, debounce included.
_SEARCHED = """async () => {
  const begun = performance.now(), whole = document.querySelector('#shown').textContent;
  while (document.querySelector('#shown').textContent === whole)
    await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


def sentences(size: int) -> Iterator[str]:
    """Sentences of both languages, until so many bytes of UTF-8 are reached.

    Args:
        size: In bytes.
    """
    done = n = 0
    while done < size:
        sentence = SENTENCES[n % len(SENTENCES)].format(
            n=n, year=1800 + n % 220, long=10 + n * 7 % 3000, place=n % 97
        )
        sentence += "\n\n" if n % 6 == 5 else ""
        done += len(sentence.encode())
        n += 1
        yield sentence


def large_list(count: int, size: int) -> tuple[PairList, ViewedText]:
    """A list of so many pairs, in every state, over a document of so many bytes.

    Args:
        count: Pairs in all.
        size: Of the document, in bytes of UTF-8.
    """
    pieces = list(sentences(size))
    text = "".join(pieces)
    starts = [0]
    for piece in pieces:
        starts.append(starts[-1] + len(piece))
    kept: list[QAPair] = []
    duplicates: list[Duplicate] = []
    rejected: list[Rejected] = []
    for n in range(count):
        at = n * len(pieces) // count
        pair = _pair(n, text, starts[at], starts[at] + len(pieces[at].rstrip()))
        if n % 10 == 8 and kept:
            duplicates.append(
                Duplicate(item=pair, duplicate_of=kept[-1], score=0.97, kind="semantic")
            )
        elif n % 10 == 9:
            rejected.append(Rejected(item=pair, reason=Reason(code="rejected.number")))
        else:
            kept.append(pair)
    chunks = tuple(_chunks(text, count))
    found = PairList(
        kept=tuple(kept),
        duplicates=tuple(duplicates),
        rejected=tuple(rejected),
        chunks=chunks,
        embeddings="packaged",
    )
    return found, ViewedText(source="bridges.txt", text=text)


def _pair(n: int, text: str, start: int, end: int) -> QAPair:
    quote = text[start:end]
    first = start + len(quote) // 3
    evidence = Evidence(
        match=("exact", "normalised", "fuzzy", "supported")[n % 4],
        span=Span(start=first, end=end),
        page=1 + start // 3000,
        quote=text[first:end],
        sentence=quote,
        score=1 if n % 4 < 2 else 0.91,
    )
    asked = f"第 {n} 问：{quote[: len(quote) // 3]}……后面说了什么？"
    return QAPair(
        id=f"{n:012x}",
        question=asked,
        answer=text[first:end],
        evidence=evidence,
        source="bridges.txt",
        page=evidence.page,
        chunk_id=f"chunk{start // CHUNK}",
    )


def _chunks(text: str, count: int) -> Iterator[ChunkOutcome]:
    """Chunks that account for the pairs, one in fifty of them failed."""
    left, places = count, range(0, len(text), CHUNK)
    for number, start in enumerate(places):
        failed = number % 50 == 49
        parsed = 0 if failed else min(left, 1 + count // len(places) * 2)
        left -= parsed
        last = number == len(places) - 1
        yield ChunkOutcome(
            chunk_id=f"chunk{number}",
            source="bridges.txt",
            span=Span(start=start, end=min(len(text), start + CHUNK)),
            state="failed" if failed else "pairs" if parsed else "nothing",
            parsed=parsed + (left if last else 0),
            reason=Reason(code="reply.empty") if not parsed else None,
        )


def measure(page: Any, address: str) -> dict[str, list[float]]:
    """One opening and both panes scrolled, in milliseconds.

    Args:
        page: Of the browser.
        address: Of the file.
    """
    page.goto(address, wait_until="load")
    opened = page.evaluate(_OPENED)
    assert opened > 0, "nothing was on the screen when the page had been loaded"
    frames: dict[str, list[float]] = {"opened": [opened]}
    for pane in ("#cards", "#text"):
        frames[f"{pane} leaps"] = page.evaluate(_SCROLL, [pane, 120])
        frames[f"{pane} rolled"] = page.evaluate(_WHEEL, [pane, 180])
    page.fill("#search", "4321")
    frames["searched"] = [page.evaluate(_SEARCHED)]
    return frames


def summary(frames: list[float]) -> dict[str, float]:
    """Median, 95th percentile and the longest of frame times, in milliseconds."""
    ordered = sorted(frames)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "longest": round(ordered[-1], 1),
    }


def main() -> None:
    """Measures and writes the figures down; others_at_work is the machine's load before."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    pairs, text = large_list(5000, 2_000_000)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        file = Path(folder) / "list.html"
        started = time.perf_counter()
        write_view(pairs, [text], file, facts=ViewFacts(job="bench", seconds=60))
        written = time.perf_counter() - started
        browser = play.chromium.launch(executable_path=given.browser, args=["--no-sandbox"])
        runs = [
            measure(browser.new_page(viewport={"width": 1280, "height": 900}), file.as_uri())
            for _ in range(given.runs)
        ]
        version, size = browser.version, file.stat().st_size
        browser.close()
    figures: dict[str, object] = {
        "pairs": 5000,
        "document_bytes": len(text.text.encode()),
        "page_bytes": size,
        "browser": f"Chromium {version}",
        "written_seconds": round(written, 2),
        "others_at_work": round(os.getloadavg()[0], 1),
    }
    for name in runs[0]:
        figures[f"{name}_ms"] = summary([frame for run in runs for frame in run[name]])
    for name, figure in figures.items():
        print(f"{name:24} {figure}")
    save_result("viewer", figures, ("playwright",))


if __name__ == "__main__":
    main()
