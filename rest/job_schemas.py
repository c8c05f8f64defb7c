"""A job as a client sees it: nothing of the server's world, and no key."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from chains import Job, Progress
from pairs import Duplicate, QAPair, Reason, TokenUsage

from .error_handlers import Refusal, reason_in
from .schemas import SHOWN

State = Literal["waiting", "running", "done", "partial", "stopped", "failed", "broken off"]


class JobShown(BaseModel):
    """One job."""

    id: str
    state: State = Field(
        description="waiting, running, done, partial (some chunks failed: retry asks them again),"
        " stopped (some were not asked: retry goes on), failed (nothing could be asked), or broken"
        " off (its process is gone; a service takes it up)"
    )
    stopping: bool = Field(description="told to end; what is in flight is finished")
    sources: list[str] = Field(description="its documents, the first three of them")
    backend: str
    model: str
    settings: dict[str, Any] = Field(description="what it was asked with")
    created: float = Field(description="seconds since 1970")
    updated: float
    seconds: float = Field(description="of all its runs together")
    usage: TokenUsage = Field(description="calls and tokens of all its runs together")
    progress: Progress = Field(description="how far it is, while it runs and afterwards")
    counts: dict[str, int] = Field(description="the same in one table")
    failure: Refusal | None = Field(None, description="of a failed one")


class JobPage(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobShown]
    total: int
    page: int
    page_size: int


class PairNow(BaseModel):
    """A pair and what has become of it."""

    state: Literal["kept", "duplicate", "rejected"]
    pair: QAPair
    duplicate_of: QAPair | None = None
    reason: Reason | None = Field(None, description="of a rejected one")


class PairPage(BaseModel):
    """Pairs of one state, in the order of the documents."""

    pairs: list[PairNow]
    total: int
    page: int
    page_size: int


def shown(job: Job, language: str, *, stopping: bool = False) -> JobShown:
    """A job as a client sees it.

    Args:
        job: From the journal.
        language: Of its failure.
        stopping: Whether a run of this process was told to end.
    """
    return JobShown(
        **job.model_dump(
            include={"id", "state", "created", "updated", "seconds", "usage", "progress"}
        ),
        counts=job.progress.counts(),
        sources=list(job.sources),
        stopping=stopping,
        backend=str(job.backend.get("name", "")),
        model=str(job.backend.get("model", "")),
        settings={name: job.settings[name] for name in SHOWN if name in job.settings},
        failure=reason_in(job.failure, language) if job.failure else None,
    )


def of_duplicate(one: Duplicate) -> PairNow:
    """A pair left out because a kept one asks the same."""
    return PairNow(state="duplicate", pair=one.item, duplicate_of=one.duplicate_of)
