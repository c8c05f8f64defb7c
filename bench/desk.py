"""Measures the desk: how soon it opens, shows a key, stores an edit; and what a review costs.

    python -m bench.desk [--browser /usr/bin/chromium] [--runs 5] [--many 100000]

A list of 5,000 pairs over a text of 2 MB is put into a journal and opened in Chromium. Opening ends
when the first cards and the first lines are on the screen; a key is timed from its event to the
next frame; an edit from its request to the answer. Then 60 pairs are reviewed by a script, keys and
clicks counted, and beside it what the chat page of version 0.1 took for the same decisions.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.desk_server import serve_desk
from bench.report import save_result
from bench.viewer import large_list
from chains.journal.documents import save_documents
from chains.journal.jobs import Jobs
from chains.journal.lists import save_list
from chains.journal.replies import Journal
from chains.records import Job, SourceFile
from loaders.records import Chunk, Span
from pairs.records import PairList

_OPENED = """() => new Promise((done) => {
  const look = () => {
    const card = document.querySelector('.card'), block = document.querySelector('#text .block');
    if (card && block && block.textContent.length) return done(performance.now());
    requestAnimationFrame(look);
  };
  look();
})"""
_KEY = """(key) => new Promise((done) => {
  const begun = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
})"""
_STORED = """() => performance.getEntriesByType("resource")
  .filter((one) => one.name.endsWith("/changes")).map((one) => one.duration)"""
# Of the chat page of 0.1, as its own tests drove it: a rejection is a click on the pair, one on
# "leave out", and a turn of the wheel to the next; an edit opens a form, is typed and saved.
_BEFORE = {"reject": 3, "edit": 4, "accept": 1}
_DECISIONS = {"accept": 45, "reject": 10, "edit": 5}


def add(journal: Journal, pairs: PairList, text: str) -> str:
    """A finished job with one document."""
    with journal.writing() as db:
        db.execute("INSERT INTO owners VALUES ('bench', 'here', 1, ?)", (time.time(),))
    job, _ = Jobs(journal).open(Job(id="be5c0de5", fingerprint="bench", backend={}), "bench")
    file = SourceFile(source="bridges.txt", sha256="0" * 64, text=text, pages=((0, 1),))
    whole = Chunk(
        id="c", index=0, text=text, span=Span(start=0, end=len(text)), source="bridges.txt"
    )
    save_documents(journal, job.id, [file], [(0, whole)])
    save_list(journal, job.id, pairs)
    Jobs(journal).end(job.model_copy(update={"state": "done"}), "bench")
    return job.id


def measure(browser: Any, url: str) -> dict[str, float]:
    """One opening, twenty keys and twenty edits."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url)
    opened = page.evaluate(_OPENED)
    page.locator(".card").first.focus()
    steps = [page.evaluate(_KEY, "j") for _ in range(20)]
    accepts = [page.evaluate(_KEY, "a") for _ in range(20)]
    page.wait_for_timeout(3000)
    stored = page.evaluate(_STORED)
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    context.close()
    return {
        "opened_ms": opened,
        "step_ms": statistics.median(steps),
        "accept_ms": statistics.median(accepts),
        "accept_worst_ms": max(accepts),
        "stored_ms": statistics.median(stored),
        "stored_worst_ms": max(stored),
        "heap_mb": heap / 1e6,
    }


def review(browser: Any, url: str) -> dict[str, float]:
    """Sixty decisions by keyboard: the keys pressed, and the seconds they took."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url)
    page.evaluate(_OPENED)
    page.locator(".card").first.focus()
    keys = 0
    begun = time.perf_counter()
    for what, count in _DECISIONS.items():
        for _ in range(count):
            page.keyboard.press(what[0])
            keys += 1
            if what == "edit":
                page.keyboard.insert_text("x")  # what is typed counts for neither page
                page.keyboard.press("Control+Enter")
                page.keyboard.press("j")
                keys += 2
    seconds = time.perf_counter() - begun
    context.close()
    return {"keys": keys, "keys_a_pair": keys / sum(_DECISIONS.values()), "seconds": seconds}


def main() -> None:
    """Measures and saves the result."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--many", type=int, default=100_000)
    asked = parser.parse_args()
    result: dict[str, Any] = {"pairs": 5000, "text_bytes": 2_000_000, "runs": asked.runs}
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=asked.browser, args=["--no-sandbox"])
        pairs, text = large_list(5000, 2_000_000)
        with Journal(Path(folder) / "j.sqlite") as journal:
            job = add(journal, pairs, text.text)
        with serve_desk(Path(folder) / "j.sqlite") as url:
            first = measure(browser, f"{url}/{job}")  # the server opens the list, too
            rest = [measure(browser, f"{url}/{job}") for _ in range(asked.runs)]
            result["first_ms"] = first["opened_ms"]
            result |= {name: statistics.median(one[name] for one in rest) for name in first}
            result["review"] = review(browser, f"{url}/{job}")
        before = sum(_BEFORE[what] * count for what, count in _DECISIONS.items())
        result["review"]["clicks_of_0_1"] = before
        if asked.many:
            pairs, text = large_list(asked.many, 20_000_000)
            with Journal(Path(folder) / "many.sqlite") as journal:
                job = add(journal, pairs, text.text)
            with serve_desk(Path(folder) / "many.sqlite") as url:
                measure(browser, f"{url}/{job}")
                result["many"] = {"pairs": asked.many, **measure(browser, f"{url}/{job}")}
        browser.close()
    save_result("desk", result)


if __name__ == "__main__":
    main()
