"""The SQLite file of the journal, safe for many threads and processes."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

from ..errors import JournalError

VERSION = 3
LONGEST_WAIT = 30.0  # seconds for another process's write to end
SCHEMA = """
CREATE TABLE owners (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    beat REAL NOT NULL
);
CREATE TABLE replies (
    key TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    chunk_id TEXT NOT NULL,
    reply TEXT NOT NULL,
    created REAL NOT NULL,
    passed_over INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key, attempt)
);
CREATE INDEX replies_by_chunk ON replies (chunk_id);
CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES owners (id) ON DELETE CASCADE
);
CREATE INDEX claims_by_owner ON claims (owner);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT REFERENCES owners (id) ON DELETE SET NULL,
    settings TEXT NOT NULL,
    backend TEXT NOT NULL,
    output TEXT NOT NULL DEFAULT '{}',
    created REAL NOT NULL,
    updated REAL NOT NULL,
    seconds REAL NOT NULL DEFAULT 0,
    usage TEXT NOT NULL DEFAULT '{}',
    counts TEXT NOT NULL DEFAULT '{}',
    served INTEGER NOT NULL DEFAULT 0,
    failure TEXT
);
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint);
CREATE INDEX jobs_by_owner ON jobs (owner);
CREATE TABLE files (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    text TEXT NOT NULL,
    pages TEXT NOT NULL,
    PRIMARY KEY (job, place)
);
CREATE TABLE chunks (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    file INTEGER NOT NULL,
    chunk_id TEXT NOT NULL,
    chunk TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'not asked',
    outcome TEXT,
    bad_replies TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (job, place)
);
CREATE INDEX chunks_by_id ON chunks (chunk_id);
CREATE TABLE outputs (
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (path, sha256)
);
CREATE INDEX outputs_by_job ON outputs (job);
CREATE TABLE vectors (
    model TEXT NOT NULL,
    text_sha256 BLOB NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (model, text_sha256)
)
"""
# Lists and their edits; added to a journal of version 2 when it is opened.
LISTS = """
CREATE TABLE lists (
    job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    list BLOB NOT NULL
);
CREATE TABLE edits (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    pair TEXT NOT NULL,
    edit TEXT NOT NULL,
    made REAL NOT NULL,
    PRIMARY KEY (job, pair)
)
"""
# Added to a journal of any version when it is opened: what judges were worth; documents of a job
# that cannot be read; jobs that somebody wants stopped; the pairs of a job that has no list yet;
# what a person calls a job; every change of an edit; which worker of a run holds a claim.
ADDED = """
CREATE TABLE IF NOT EXISTS judges (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    judge TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (job, judge)
);
CREATE TABLE IF NOT EXISTS refused (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (job, place)
);
CREATE TABLE IF NOT EXISTS stops (
    job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS pairs_so_far (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    pairs TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pairs_so_far_by_job ON pairs_so_far (job);
CREATE TABLE IF NOT EXISTS checked_so_far (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    checked BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS checked_so_far_by_job ON checked_so_far (job, place);
CREATE TABLE IF NOT EXISTS names (
    job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS senders (
    key TEXT PRIMARY KEY REFERENCES claims (key) ON DELETE CASCADE,
    worker TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS senders_by_worker ON senders (worker);
CREATE TABLE IF NOT EXISTS revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    pair TEXT NOT NULL,
    edit TEXT,
    who TEXT NOT NULL,
    made REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS revisions_by_pair ON revisions (job, pair)
"""
FROM_2 = f"""
ALTER TABLE jobs ADD COLUMN served INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN failure TEXT;
{LISTS}"""


class Database:
    """A SQLite file with its schema, written in one transaction at a time.

    Args:
        path: Made with its folder when missing, readable by its owner alone.

    Raises:
        JournalError: The folder cannot be written, or the file is no journal of this version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            # The driver caches statements by their text; ours are few.
            self._db = sqlite3.connect(
                self.path, timeout=LONGEST_WAIT, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise self._error("journal.open", error) from error
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        try:
            self._to_wal()
            # With WAL, a killed process loses no commit; only a power failure can.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA trusted_schema = OFF")
        except sqlite3.Error as error:
            raise self._error("journal.open", error) from error
        with self.writing("journal.open") as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            steps = {0: f"{SCHEMA};\n{LISTS}", 2: FROM_2, VERSION: ""}
            if version not in steps:
                raise JournalError("journal.version", file=str(self.path), version=version)
            if version == 0 and db.execute("SELECT 1 FROM sqlite_master").fetchone():
                # Another program's file, which must not be given our tables.
                raise JournalError("journal.foreign", file=str(self.path))
            for statement in filter(str.strip, f"{steps[version]};\n{ADDED}".split(";\n")):
                db.execute(statement)
            # Written whether it changes or not, so that a read-only folder raises here.
            db.execute(f"PRAGMA user_version = {VERSION}")

    def _to_wal(self) -> None:
        """Switches to WAL, with retries while others open the file: SQLite itself does not wait."""
        until = time.monotonic() + LONGEST_WAIT
        while self._is_locked() and time.monotonic() < until:
            time.sleep(0.02)

    def _is_locked(self) -> bool:
        """Whether another process keeps the file from being switched to WAL right now."""
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                return True
            raise
        return False

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def writing(self, code: str = "journal.write") -> Iterator[sqlite3.Connection]:
        """A transaction as a context, one at a time: committed at its end, rolled back on an error.

        Args:
            code: The error's, where it cannot be written.

        Raises:
            JournalError: The disk is full, or another process holds the file for too long.
        """
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    # A full disk ends the transaction by itself.
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._error(code, error) from error

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows that a query selects.

        Raises:
            JournalError: The file cannot be read.
        """
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._error("journal.read", error) from error

    def _error(self, code: str, error: Exception) -> JournalError:
        return JournalError(code, file=str(self.path), reason=str(error))
