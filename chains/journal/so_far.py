"""What a job that has no list yet has come to: its pairs, and how a chunk has ended."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from pydantic import TypeAdapter, ValidationError

from pairs.records import ChunkOutcome, QAPair, Reason

from ..errors import JournalError
from .database import Database

_PAIRS = TypeAdapter(tuple[QAPair, ...])
_CHECKED = TypeAdapter(list[tuple[QAPair, Reason | None]])
_PAGE = 256
"""Chunks whose pairs are read at a time."""


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


def forget_so_far(db: sqlite3.Connection, job: str) -> None:
    """Deletes what a run has saved until its list is there.

    Args:
        db: In a transaction.
        job: The whole id.
    """
    db.execute("DELETE FROM pairs_so_far WHERE job = ?", (job,))
    db.execute("DELETE FROM checked_so_far WHERE job = ?", (job,))


def add_checked(
    database: Database, job: str, found: Iterable[tuple[int, list[tuple[QAPair, Reason | None]]]]
) -> None:
    """Saves pairs with the rules' word that a run cannot hold; they go when its list is saved.

    Args:
        database: The journal.
        job: The whole id.
        found: Each chunk's place, and its pairs, each with the reason to reject it or None.

    Raises:
        JournalError: The journal cannot be written.
    """
    rows = ((job, place, zlib.compress(_CHECKED.dump_json(checked), 1)) for place, checked in found)
    with database.writing() as db:
        db.executemany("INSERT INTO checked_so_far VALUES (?, ?, ?)", rows)


def checked_so_far(
    database: Database, job: str
) -> Iterator[tuple[int, list[tuple[QAPair, Reason | None]]]]:
    """The saved pairs of each chunk that has some, in document order, a page in memory at a time.

    Args:
        database: The journal.
        job: The whole id.

    Raises:
        JournalError: The journal cannot be read, or another version wrote the pairs.
    """
    for place, rows in groupby(_checked_rows(database, job), key=itemgetter(0)):
        try:
            pairs = [one for *_, packed in rows for one in _unpacked(packed)]
        except (ValidationError, zlib.error) as error:
            raise JournalError("job.other_version", job=job) from error
        yield place, pairs


def _checked_rows(database: Database, job: str) -> Iterator[tuple[int, int, bytes]]:
    after = (-1, 0)
    while rows := database.rows(
        "SELECT place, rowid, checked FROM checked_so_far"
        " WHERE job = ? AND (place, rowid) > (?, ?) ORDER BY place, rowid LIMIT ?",
        *(job, *after, _PAGE),
    ):
        yield from rows
        after = rows[-1][:2]


def _unpacked(packed: bytes) -> list[tuple[QAPair, Reason | None]]:
    return _CHECKED.validate_json(zlib.decompress(packed))


def outcome_of(database: Database, job: str, place: int) -> tuple[ChunkOutcome, list[str]]:
    """How a chunk has ended so far, and the keys of the replies that made it fail.

    Args:
        database: The journal.
        job: The whole id.
        place: Of a chunk that has ended.

    Raises:
        JournalError: The journal cannot be read.
    """
    query = "SELECT outcome, bad_replies FROM chunks WHERE job = ? AND place = ?"
    ((outcome, bad),) = database.rows(query, job, place)
    return ChunkOutcome.model_validate_json(outcome), json.loads(bad)
