"""A finished job that a run takes, and gets back if the run fails before it pays for anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import JournalError
from ..journal.jobs import Jobs
from ..journal.replies import Journal
from ..records import Job


def as_it_is(jobs: Jobs, job: str) -> Job | None:
    """A job before a run takes it; None if it has not run yet, or this version cannot read it.

    Args:
        jobs: Of the journal.
        job: The whole id.
    """
    try:
        known = jobs.find(job)
    except JournalError:
        return None
    return None if known.state == "waiting" else known


@contextmanager
def given_back(journal: Journal, before: Job | None, owner: str) -> Iterator[None]:
    """A context that leaves a job as it was if the run fails before it has paid for anything.

    A mistake in an option, or a server that is not there, takes nothing from a finished job.

    Args:
        journal: The journal that holds the job.
        before: The job before the run took it; None for a new one.
        owner: The run's id.
    """
    try:
        yield
    except BaseException:
        if before is not None:
            with suppress(JournalError):  # the first error says more than a second one
                Jobs(journal).give_back(before, owner)
        raise
