"""The wish to stop a job, which the process that runs it finds in the journal and obeys."""

from __future__ import annotations

from .database import Database
from .leases import is_alive


def wish_stop(database: Database, job: str) -> bool:
    """Whether a job that runs or waits was asked to stop, in whichever process it is.

    Its holder looks for the wish with each heartbeat, and one that waits when its turn comes. The
    wish ends with the run.

    Args:
        database: The journal.
        job: The whole id.

    Raises:
        JournalError: The journal cannot be written.
    """
    with database.writing() as db:
        row = db.execute("SELECT state, owner FROM jobs WHERE id = ?", (job,)).fetchone()
        if row is None or not (row[0] == "waiting" or is_alive(db, row[1])):
            return False
        db.execute("INSERT OR IGNORE INTO stops VALUES (?)", (job,))
    return True


def is_stop_wished(database: Database, job: str) -> bool:
    """Whether somebody wants a job stopped that has not obeyed yet.

    Args:
        database: The journal.
        job: The whole id.

    Raises:
        JournalError: The journal cannot be read.
    """
    return bool(database.rows("SELECT 1 FROM stops WHERE job = ?", job))
