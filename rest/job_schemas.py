"""Response schemas of jobs and pairs; they hold no server paths and no API keys."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, computed_field

from chains import Job, Progress
from pairs import Duplicate, QAPair, Reason, TokenUsage

from .error_handlers import Refusal, reason_in
from .schemas import SHOWN

State = Literal["waiting", "running", "done", "partial", "stopped", "failed", "broken off"]


class JobShown(BaseModel):
    """A job and how far it is."""

    id: str
    state: State = Field(
        description="waiting, running, done, partial (some chunks failed: retry asks them again),"
        " stopped (some were not asked: retry goes on), failed (nothing could be asked), or broken"
        " off (its process is gone; a service takes it up)"
    )
    stopping: bool = Field(description="asked to stop; calls in flight finish first")
    sources: list[str] = Field(description="its documents, the first three of them")
    backend: str
    model: str
    settings: dict[str, Any] = Field(description="the settings of its requests")
    created: float = Field(description="seconds since 1970")
    updated: float
    seconds: float = Field(description="of all its runs together")
    usage: TokenUsage = Field(description="calls and tokens of all its runs together")
    progress: Progress = Field(description="how far it is, while it runs and afterwards")
    counts: dict[str, int] = Field(description="the same in one table")
    failure: Refusal | None = Field(None, description="of a failed one")
    refused: list[Refusal] = Field(description="of each of its documents that cannot be read")


class JobPage(BaseModel):
    """One page of jobs, newest first."""

    jobs: list[JobShown]
    total: int
    page: int
    page_size: int


class PairNow(BaseModel):
    """A pair with its state: kept, duplicate or rejected."""

    state: Literal["kept", "duplicate", "rejected"]
    pair: QAPair
    duplicate_of: QAPair | None = None
    reason: Reason | None = Field(
        None,
        description="of a rejected one; of one that the model refused, `rejected.judge` with what"
        " it holds against the pair in the field `reason`",
    )

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no property under a decorator
    @property
    def proven(self) -> bool:
        """Whether the text proves the pair: by rule, or by words that a trusted model quotes."""
        return self.pair.proven

    @computed_field  # type: ignore[prop-decorator]
    @property
    def doubtful(self) -> bool:
        """Whether rules and model contradict each other about a kept pair: look at it first."""
        return self.state == "kept" and self.pair.doubtful


class PairPage(BaseModel):
    """One page of the pairs of one state, in document order."""

    pairs: list[PairNow]
    total: int
    page: int
    page_size: int


def shown(job: Job, language: str, *, stopping: bool = False) -> JobShown:
    """The response for one job.

    Args:
        job: The job as the journal has it.
        language: Language of the failure's message: ``en`` or ``zh``.
        stopping: Whether the job runs in this process and was asked to stop.
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
        refused=[reason_in(reason, language) for reason in job.refused],
    )


def duplicate_shown(duplicate: Duplicate) -> PairNow:
    """The response for a duplicate, with the kept pair it repeats."""
    return PairNow(state="duplicate", pair=duplicate.item, duplicate_of=duplicate.duplicate_of)
