"""The journal's jobs, to be opened again from any chat."""

from __future__ import annotations

from typing import Any

from chains.jobs import Jobs
from chains.records import Job

from .engine import Engine

MOST_JOBS = 200


def jobs_of(engine: Engine) -> list[dict[str, Any]]:
    """What the list of jobs shows, the newest first.

    Raises:
        JournalError: The journal cannot be read.
    """
    return [_row(job) for job in Jobs(engine.journal).all()[:MOST_JOBS]]


def _row(job: Job) -> dict[str, Any]:
    counts = job.counts
    running = job.state in ("running", "broken off")
    done = sum(count for state, count in counts.items() if running and state != "not asked")
    names = [source.replace("\\", "/").rpartition("/")[2] for source in job.sources]
    return {
        "id": job.id,
        "state": job.state,
        "names": names,
        "backend": str(job.backend.get("name", "")),
        "created": job.created,
        "kept": counts.get("kept"),
        "done": done if running else None,
        "chunks": sum(counts.values()) if running else counts.get("chunks"),
    }
