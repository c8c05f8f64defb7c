"""Shortcuts that run the pipeline against the simulated model; for tests and benchmarks."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.simulated import Simulated
from chains.events import Done
from chains.jobs.resume import resume
from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.run.inputs import RunInput, Text
from chains.run.pipeline import Pipeline
from chains.settings import Resolved, resolve
from pairs.records import PairList

SMALL = {"chunk_size": "20", "embeddings": "lexical", "backend": "chatglm3"}
"""Settings under which a sentence or two make a chunk."""


def long_text(paragraphs: int) -> str:
    """As many paragraphs, every other one Chinese."""
    return "\n\n".join(paragraph(n) for n in range(paragraphs))


def material(paragraphs: int) -> list[Text]:
    """The same as material for a pipeline."""
    return [Text(text=long_text(paragraphs), name="report")]


def paragraph(n: int) -> str:
    """Paragraph number n, which stands in no other."""
    if n % 2:
        return (
            f"Workshop {n} was opened in the spring of {1800 + n} beside the river. "
            f"Its {n + 12} workers built {n * 7 + 3} engines in the first year of the works."
        )
    return (
        f"第{n}号车间于{1800 + n}年在河边落成，由当地的工匠建造。"
        f"车间共有{n + 12}名工人，第一年制造了{n * 7 + 3}台机器。"
    )


def settings_for(server: Simulated, **given: Any) -> Resolved:
    """Settings that ask the server about small chunks."""
    asked = {"base_url": server.base_url, "model": server.model, "retry_seconds": 5}
    return resolve({**SMALL, **asked, **given})


def run(
    inputs: Iterable[RunInput],
    resolved: Resolved,
    journal: Path | None = None,
    stop: threading.Event | None = None,
) -> Done:
    """Runs the pipeline and returns its last event."""
    with Journal(journal) as opened:
        *_, last = Pipeline(resolved, journal=opened, stop=stop).run(inputs)
    assert isinstance(last, Done)
    return last


def resume_job(job: str, *, again: bool = False, journal: Path | None = None, **given: Any) -> Done:
    """Resumes a job and returns the last event."""
    with Journal(journal) as opened:
        found = Jobs(opened).find(job)
        *_, last = resume(opened, found, given, again=again)
    assert isinstance(last, Done)
    return last


def account(result: PairList) -> PairList:
    """The list with its usage set to zero."""
    return result.model_copy(update={"usage": PairList().usage})
