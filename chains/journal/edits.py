"""The edits of a list as the journal keeps them: what stands now, and every change before it."""

from __future__ import annotations

import sqlite3
import time

from pydantic import BaseModel, ConfigDict, Field

from pairs.edits import Edit

from .database import Database


class Change(BaseModel):
    """What a person wants a pair's edit to be."""

    model_config = ConfigDict(frozen=True)

    pair: str = Field(description="the pair's id")
    saw: int | None = Field(
        default=None, ge=0, description="version of the pair they saw; None for whatever stands"
    )
    edit: Edit | None = Field(default=None, description="None takes the edit back")


class Revision(BaseModel):
    """One version of a pair's edit."""

    model_config = ConfigDict(frozen=True)

    pair: str = Field(description="the pair's id")
    version: int = Field(ge=0, description="grows with every change of the journal; 0 before any")
    edit: Edit | None = Field(default=None, description="None for the pair as the run made it")
    who: str = Field(default="", description="who signed in; empty where nobody does")
    made: float = Field(default=0.0, description="seconds since 1970")
    refused: bool = Field(
        default=False, description="somebody else's later change stands, and this is it"
    )


def edits(database: Database, job: str) -> list[Edit]:
    """The user's edits of a job's list, the earliest first.

    Raises:
        JournalError: The journal cannot be read.
    """
    rows = database.rows("SELECT edit FROM edits WHERE job = ? ORDER BY made", job)
    return [Edit.model_validate_json(edit) for (edit,) in rows]


def history(
    database: Database, job: str, pair: str | None = None, since: int = 0
) -> list[Revision]:
    """The changes made to a job's list, the earliest first.

    Args:
        database: The journal.
        job: The whole id.
        pair: The id of the one pair that is asked for; None for all.
        since: Only versions above this one.

    Raises:
        JournalError: The journal cannot be read.
    """
    rows = database.rows(
        "SELECT pair, id, edit, who, made FROM revisions WHERE job = ?1 AND id > ?2"
        " AND (?3 IS NULL OR pair = ?3) ORDER BY id",
        *(job, since, pair),
    )
    return [_revision(row) for row in rows]


def latest(database: Database, job: str) -> dict[str, Revision]:
    """The newest change of each pair of a job that was ever changed, by the pair's id.

    Raises:
        JournalError: The journal cannot be read.
    """
    rows = database.rows(
        "SELECT pair, MAX(id), edit, who, made FROM revisions WHERE job = ? GROUP BY pair", job
    )
    return {row[0]: _revision(row) for row in rows}


def record(
    db: sqlite3.Connection, job: str, pair: str, edit: Edit | None, who: str = ""
) -> Revision:
    """The new version of a pair's edit, in a transaction that is open.

    Args:
        db: The open transaction.
        job: The whole id.
        pair: The pair's id.
        edit: None takes it back.
        who: Who makes it.
    """
    now = time.time()
    kept = None if edit is None else edit.model_dump_json()
    cursor = db.execute(
        "INSERT INTO revisions (job, pair, edit, who, made) VALUES (?, ?, ?, ?, ?)",
        (job, pair, kept, who, now),
    )
    if kept is None:
        db.execute("DELETE FROM edits WHERE job = ? AND pair = ?", (job, pair))
    else:
        db.execute("INSERT OR REPLACE INTO edits VALUES (?, ?, ?, ?)", (job, pair, kept, now))
    return Revision(pair=pair, version=cursor.lastrowid or 0, edit=edit, who=who, made=now)


def standing(db: sqlite3.Connection, job: str, pair: str) -> Revision:
    """The version of a pair's edit that stands, in a transaction that is open."""
    row = db.execute(
        "SELECT pair, id, edit, who, made FROM revisions WHERE job = ? AND pair = ?"
        " ORDER BY id DESC LIMIT 1",
        (job, pair),
    ).fetchone()
    found = _revision(row) if row else Revision(pair=pair, version=0)
    # What an earlier version of qa3 stored has no history.
    kept = db.execute("SELECT edit FROM edits WHERE job = ? AND pair = ?", (job, pair)).fetchone()
    edit = Edit.model_validate_json(kept[0]) if kept else None
    return found.model_copy(update={"edit": edit})


def _revision(row: tuple[str, int, str | None, str, float]) -> Revision:
    pair, version, edit, who, made = row
    read = None if edit is None else Edit.model_validate_json(edit)
    return Revision(pair=pair, version=version, edit=read, who=who, made=made)
