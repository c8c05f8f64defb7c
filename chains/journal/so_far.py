"""The pairs of a job that has no list yet, so that every process can show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter, ValidationError

from pairs.records import QAPair

from ..errors import JournalError
from .database import Database

_PAIRS = TypeAdapter(tuple[QAPair, ...])


def add_pairs(database: Database, job: str, found: Iterable[tuple[int, Sequence[QAPair]]]) -> None:
    """Saves pairs that a run has kept so far; they go when its list is saved.

    Args:
        database: The journal.
        job: The whole id.
        found: Each chunk's place, and the pairs newly kept of it.

    Raises:
        JournalError: The journal cannot be written.
    """
    rows = [
        (job, place, _PAIRS.dump_json(tuple(pairs)).decode("utf-8", "replace"))
        for place, pairs in found
        if pairs
    ]
    if rows:
        with database.writing() as db:
            db.executemany("INSERT INTO pairs_so_far VALUES (?, ?, ?)", rows)


def pairs_so_far(database: Database, job: str) -> list[QAPair]:
    """The pairs of a job without a list, in document order; later ones may be their duplicates.

    Args:
        database: The journal.
        job: The whole id.

    Raises:
        JournalError: The journal cannot be read, or another version wrote the pairs.
    """
    rows = database.rows("SELECT pairs FROM pairs_so_far WHERE job = ? ORDER BY place, rowid", job)
    try:
        return [pair for (pairs,) in rows for pair in _PAIRS.validate_json(pairs)]
    except ValidationError as error:
        raise JournalError("job.other_version", job=job) from error
