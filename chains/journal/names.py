"""What a person calls a job."""

from __future__ import annotations

import sqlite3

from ..errors import JournalError
from .database import Database


def name_job(database: Database, job: str, name: str) -> None:
    """Saves what a person calls a job; a blank name takes that away.

    Args:
        database: The journal.
        job: The whole id.
        name: Any text.

    Raises:
        JournalError: There is no such job, or the journal cannot be written.
    """
    with database.writing() as db:
        if not db.execute("SELECT 1 FROM jobs WHERE id = ?", (job,)).fetchone():
            raise JournalError("job.unknown", job=job)
        db.execute("DELETE FROM names WHERE job = ?", (job,))
        if name.strip():
            db.execute("INSERT INTO names VALUES (?, ?)", (job, name.strip()))


def name_of(db: sqlite3.Connection, job: str) -> str:
    """What a person calls a job; empty where nobody named it.

    Args:
        db: Inside a transaction.
        job: The whole id.
    """
    row = db.execute("SELECT name FROM names WHERE job = ?", (job,)).fetchone()
    return str(row[0]) if row else ""
