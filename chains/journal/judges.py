"""What judges were worth in the jobs of a journal."""

from __future__ import annotations

from pydantic import ValidationError

from pairs.records import JudgeRecord

from ..errors import JournalError
from .replies import Journal


def save_record(journal: Journal, job: str, judge: str, record: JudgeRecord) -> None:
    """Saves what a judge was worth in a job, in place of an earlier record.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        judge: Names its model and its prompt.
        record: The counts.

    Raises:
        JournalError: The journal cannot be written.
    """
    with journal.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO judges SELECT id, ?, ? FROM jobs WHERE id = ?",
            (judge, record.model_dump_json(), job),
        )


def earlier_record(journal: Journal, job: str, judge: str) -> JudgeRecord:
    """The sum of a judge's records in all other jobs.

    Args:
        journal: The journal.
        job: The job to leave out.
        judge: Names its model and its prompt.

    Raises:
        JournalError: The journal cannot be read, or another version wrote a record.
    """
    rows = journal.rows("SELECT record FROM judges WHERE judge = ? AND job != ?", judge, job)
    try:
        return sum((JudgeRecord.model_validate_json(one) for (one,) in rows), JudgeRecord())
    except ValidationError as error:
        raise JournalError("job.other_version", job=job) from error
