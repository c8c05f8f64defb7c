"""The state of a job as a person reads it: one word for its badge, one sentence for its end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chains import Job
from messages import say
from pairs import PairList, Reason

from .words import told

UNDER_WAY = ("waiting", "running")
STATES = (
    "waiting", "running", "stopping", "done", "partial", "stopped", "halted", "failed",
    "broken off",
)  # fmt: skip
"""``halted`` was stopped, but by no person: its back end, or a budget."""
_BY_HAND = "chunk.not_asked"


def state_of(job: Job, *, here: bool, stopping: bool, halt: Reason | None) -> str:
    """One of ``STATES``.

    Args:
        job: As the journal has it.
        here: Whether this process has a run of it.
        stopping: Whether somebody wants it stopped.
        halt: As ``halt_of`` says.
    """
    if here or job.state in UNDER_WAY:
        if stopping:
            return "stopping"
        return "running" if job.state == "running" else "waiting"
    return "halted" if job.state == "stopped" and halt else job.state


def halt_of(pairs: PairList) -> Reason | None:
    """Why chunks were not asked about, but for a person's wish; None where there is no reason."""
    reasons = Counter(
        one.reason.model_dump_json()
        for one in pairs.chunks
        if one.state == "not asked" and one.reason and one.reason.code != _BY_HAND
    )
    return Reason.model_validate_json(reasons.most_common(1)[0][0]) if reasons else None


def ending(
    state: str, counts: dict[str, int] | None, reason: Reason | None, language: str
) -> list[str]:
    """What is said of a job that has ended: how, with what, and what to do.

    Args:
        state: One of ``STATES``.
        counts: Of its list; None where it has none.
        reason: Why it failed or was halted.
        language: ``en`` or ``zh``.
    """
    why = told(reason, language) if reason else ""
    if state == "failed":
        return [say("page.end_failed", language, reason=why)]
    if counts is None:
        return [say("page.end_broken_off", language)]
    given: dict[str, Any] = {**counts, "reason": why}
    given["asked"] = counts["chunks"] - counts["chunks_not_asked"]
    if state == "halted":
        return [say("page.end_halted", language, **given)]
    if state == "stopped":
        return [say("page.end_stopped", language, **given)]
    if state == "broken off":
        return [say("page.end_broken_off", language)]
    if not counts["parsed"]:
        return [say("page.no_pairs", language)]
    if counts["chunks_failed"]:
        return [say("page.end_partial", language, **given)]
    return [say("page.end_done", language, **given)]


def paid(job: Job, language: str) -> str:
    """What a job took so far: time, tokens, and their cost where a price is known.

    Args:
        job: From the journal.
        language: ``en`` or ``zh``.
    """
    tokens = job.usage.prompt + job.usage.completion
    taken = {"time": duration(job.seconds), "tokens": f"{tokens:,}"}
    price = job.backend.get("price")
    if not price:
        return say("page.took", language, **taken)
    cost = (job.usage.prompt * price[0] + job.usage.completion * price[1]) / 1e6
    return say("page.took_cost", language, cost=f"{cost:.2f}", **taken)


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, such as ``0:07`` or ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
