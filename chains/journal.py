"""The journal: every reply as it arrives, every job, every chunk's end, in one SQLite file.

Replies are keyed by the whole rendered request, so that asking the same again costs nothing,
whichever job, door or run asked first. Everything is written at once and nothing is rewritten in
place but states, so a kill at any moment loses at most the calls in flight.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from loaders.records import Chunk
from pairs.records import ChunkOutcome

from .errors import JournalError
from .records import Job, Reply, SourceFile
from .settings import user_folder

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.messages import BaseMessage

VERSION = 1
HEARTBEAT_SECONDS = 30.0
SCHEMA = """
CREATE TABLE replies (
    key TEXT PRIMARY KEY,
    chunk_id TEXT NOT NULL,
    reply TEXT NOT NULL,
    created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    counts TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint);
CREATE TABLE files (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    text TEXT NOT NULL,
    pages TEXT NOT NULL,
    PRIMARY KEY (job, place)
) WITHOUT ROWID;
CREATE TABLE chunks (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    chunk TEXT NOT NULL,
    outcome TEXT,
    PRIMARY KEY (job, place)
) WITHOUT ROWID;
CREATE TABLE outputs (
    path TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    sha256 TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE vectors (
    model TEXT NOT NULL,
    text_sha256 BLOB NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (model, text_sha256)
) WITHOUT ROWID;
"""


def default_path() -> Path:
    """The journal all doors share unless told otherwise."""
    return user_folder("data") / "journal.sqlite"


def request_key(
    messages: Sequence[BaseMessage], model: str, address: str, parameters: dict[str, Any]
) -> str:
    """The key of a whole rendered request: 64 hex digits."""
    request = {
        "messages": [[message.type, message.content] for message in messages],
        "model": model,
        "address": address,
        "parameters": parameters,
    }
    text = json.dumps(request, sort_keys=True, ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


class Journal:
    """One journal file, safe for many threads here and for other processes beside.

    Args:
        path: The file; made with its folder when missing, readable by its owner alone. None for
            the one all doors share.

    Raises:
        JournalError: The folder cannot be written, or the file is no journal of this version.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            self._db = sqlite3.connect(
                self.path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise JournalError("journal.open", file=str(self.path), reason=str(error)) from error

    def _prepare(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise JournalError("journal.version", file=str(self.path), version=version)
        finally:
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, held by one thread at a time."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise JournalError(
                    "journal.write", file=str(self.path), reason=str(error)
                ) from error

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise JournalError(
                    "journal.read", file=str(self.path), reason=str(error)
                ) from error

    # Replies

    def reply(self, key: str) -> Reply | None:
        """The reply once given to a request, or None."""
        rows = self._rows("SELECT reply FROM replies WHERE key = ?", key)
        return Reply.model_validate_json(rows[0][0]) if rows else None

    def keep_reply(self, key: str, reply: Reply) -> None:
        """Writes a reply down before anything is made of it."""
        row = (key, reply.chunk_id, reply.model_dump_json(), time.time())
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)", row)

    # Jobs

    def open_job(self, job: Job) -> Job:
        """A job with this fingerprint: the newest one known, running anew, else the given one.

        One that somebody still works on is left alone: replies are shared all the same.
        """
        now = time.time()
        with self._writing() as db:
            known = db.execute(
                "SELECT id FROM jobs WHERE fingerprint = ? AND (state != 'running' OR updated < ?)"
                " ORDER BY created DESC LIMIT 1",
                (job.fingerprint, now - HEARTBEAT_SECONDS),
            ).fetchone()
            if known:
                job = job.model_copy(update={"id": known[0]})
                db.execute(
                    "UPDATE jobs SET state = 'running', settings = ?, updated = ? WHERE id = ?",
                    (json.dumps(job.settings), now, job.id),
                )
                db.execute("DELETE FROM files WHERE job = ?", (job.id,))
                db.execute("DELETE FROM chunks WHERE job = ?", (job.id,))
            else:
                db.execute(
                    "INSERT INTO jobs (id, fingerprint, state, settings, created, updated)"
                    " VALUES (?, ?, 'running', ?, ?, ?)",
                    (job.id, job.fingerprint, json.dumps(job.settings), now, now),
                )
        return job

    def keep_files(self, job: str, files: Iterable[SourceFile]) -> None:
        """Writes down the extracted text of a job's documents."""
        rows = [
            (job, place, one.source, one.sha256, one.text, json.dumps(one.pages))
            for place, one in enumerate(files)
        ]
        with self._writing() as db:
            db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", rows)

    def keep_chunks(self, job: str, chunks: Iterable[Chunk]) -> None:
        """Writes down what is to be asked, in order."""
        rows = [(job, place, chunk.model_dump_json()) for place, chunk in enumerate(chunks)]
        with self._writing() as db:
            db.executemany("INSERT INTO chunks (job, place, chunk) VALUES (?, ?, ?)", rows)

    def keep_outcome(self, job: str, place: int, outcome: ChunkOutcome) -> None:
        """Writes down how a chunk ended."""
        with self._writing() as db:
            db.execute(
                "UPDATE chunks SET outcome = ? WHERE job = ? AND place = ?",
                (outcome.model_dump_json(), job, place),
            )
            db.execute("UPDATE jobs SET updated = ? WHERE id = ?", (time.time(), job))

    def end_job(self, job: str, state: str, counts: dict[str, int]) -> None:
        """Writes down that a job is done, stopped or failed, and what came of it."""
        with self._writing() as db:
            db.execute(
                "UPDATE jobs SET state = ?, counts = ?, updated = ? WHERE id = ?",
                (state, json.dumps(counts), time.time(), job),
            )

    def jobs(self) -> list[Job]:
        """Every job, the newest first."""
        rows = self._rows(
            "SELECT id, fingerprint, state, settings, created, updated, counts FROM jobs"
            " ORDER BY created DESC"
        )
        return [
            Job(
                id=row[0],
                fingerprint=row[1],
                state=row[2],
                settings=json.loads(row[3]),
                created=row[4],
                updated=row[5],
                counts=json.loads(row[6]),
            )
            for row in rows
        ]

    # Outputs

    def wrote_output(self, path: Path) -> bool:
        """Whether a file is one of ours that nobody has changed since it was written."""
        rows = self._rows("SELECT sha256 FROM outputs WHERE path = ?", str(path.resolve()))
        return bool(rows) and rows[0][0] == _digest(path)

    def keep_output(self, job: str, path: Path) -> None:
        """Remembers a file just written, so that the next run may replace it."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO outputs VALUES (?, ?, ?)",
                (str(path.resolve()), job, _digest(path)),
            )

    # Vectors

    def vectors(self, model: str, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors already made of some texts by a model."""
        import numpy as np

        known: dict[str, np.ndarray] = {}
        for start in range(0, len(texts), 500):
            block = {sha256(text.encode()).digest(): text for text in texts[start : start + 500]}
            marks = ", ".join("?" * len(block))
            query = f"SELECT text_sha256, vector FROM vectors WHERE model = ? AND text_sha256 IN ({marks})"  # noqa: E501, S608 - only question marks are put in
            for digest, vector in self._rows(query, model, *block):
                known[block[digest]] = np.frombuffer(vector, dtype=np.float32)
        return known

    def keep_vectors(self, model: str, vectors: dict[str, np.ndarray]) -> None:
        """Writes vectors down by model and text."""
        rows = [
            (model, sha256(text.encode()).digest(), vector.astype("float32").tobytes())
            for text, vector in vectors.items()
        ]
        with self._writing() as db:
            db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
