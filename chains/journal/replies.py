"""The journal: replies, vectors and written files in one SQLite file.

Replies are keyed by the whole rendered request, so that repeating a request costs nothing,
whichever job or run sent it first. A reply is written before it is parsed, so a
kill at any moment loses at most the calls in flight. Jobs stand in the same file; see jobs.py.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..environment import user_folder
from ..errors import JournalError
from ..records import THOUGHT, Reply
from .database import Database
from .leases import is_alive

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.messages import BaseMessage

log = logging.getLogger(__name__)
_LATEST = 64
"""The latest replies, which say whether a model answers well."""
_FIRST = "SELECT reply FROM replies WHERE key = ? AND NOT passed_over ORDER BY attempt LIMIT 1"


def default_path() -> Path:
    """The path of the journal that all interfaces share by default."""
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


class Replies(Protocol):
    """What whoever asks a model needs of a journal, on this machine or on another."""

    def reply(self, key: str) -> Reply | None:
        """As ``Journal.reply``."""

    def known(self, keys: Iterable[str]) -> dict[str, Reply]:
        """As ``Journal.known``."""

    def claim(self, keys: Iterable[str], owner: str) -> set[str]:
        """As ``Journal.claim``."""

    def keep(self, replies: Mapping[str, Reply]) -> None:
        """As ``Journal.keep``."""

    def release(self, keys: Iterable[str], owner: str) -> None:
        """As ``Journal.release``."""

    def vectors(self, model: str, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """As ``Journal.vectors``."""

    def save_vectors(self, model: str, vectors: dict[str, np.ndarray]) -> None:
        """As ``Journal.save_vectors``."""


class Journal(Database):
    """One journal file, safe for many threads here and for other processes beside.

    Args:
        path: The file; made with its folder when missing, readable by its owner alone. None for
            the shared default.

    Raises:
        JournalError: The folder cannot be written, or the file is no journal of this version.

    Example:
        >>> with Journal() as journal:
        ...     jobs = Jobs(journal).all()
    """

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(path or default_path())

    # Replies

    def reply(self, key: str) -> Reply | None:
        """The first reply to a request that is not marked as bad, or None.

        Raises:
            JournalError: The journal cannot be read.
        """
        return self.known([key]).get(key)

    def known(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The first reply to each request that is not marked as bad; only of those answered.

        The first one decides, and not a later one: whatever was made of it stays as it is.

        Raises:
            JournalError: The journal cannot be read.
        """
        found = {key: self.rows(_FIRST, key) for key in keys}
        log.debug("answered before: %s", " ".join(key[:12] for key in found if found[key]) or "-")
        return {key: Reply.model_validate_json(rows[0][0]) for key, rows in found.items() if rows}

    def replies_about(self, chunk: str) -> list[Reply]:
        """The replies to all requests about a chunk that are not marked as bad, the earliest first.

        Args:
            chunk: Its id.

        Raises:
            JournalError: The journal cannot be read.
        """
        query = "SELECT reply FROM replies WHERE chunk_id = ? AND NOT passed_over ORDER BY created"
        return [Reply.model_validate_json(reply) for (reply,) in self.rows(query, chunk)]

    def answers_well(self, model: str) -> bool:
        """Whether a model is among the last that replied, mostly whole and never lost in thought.

        Args:
            model: Its name.

        Raises:
            JournalError: The journal cannot be read.
        """
        query = "SELECT reply FROM replies ORDER BY rowid DESC LIMIT ?"
        last = [Reply.model_validate_json(reply) for (reply,) in self.rows(query, _LATEST)]
        own = [reply for reply in last if reply.model == model]
        whole = sum(bool(reply.text.strip()) and not reply.truncated for reply in own)
        return 2 * whole > len(own) and all(reply.finish_reason != THOUGHT for reply in own)

    def claim(self, keys: Iterable[str], owner: str, worker: str = "") -> set[str]:
        """The requests that the owner, and no other, may send now.

        Not among them are those that have been answered, and those that another live run or
        another worker of this one holds. A worker that asks again is told the same again, since
        its call may have been repeated on the way.

        Args:
            keys: The requests'.
            owner: A run's id.
            worker: The id of the process that will send them, where the run has several.

        Raises:
            JournalError: The journal cannot be written, or the owner was taken for dead.
        """
        won = set[str]()
        with self.writing() as db:
            for key in keys:
                if db.execute(_FIRST, (key,)).fetchone() or _is_taken(db, key, owner, worker):
                    continue
                if not db.execute("SELECT 1 FROM owners WHERE id = ?", (owner,)).fetchone():
                    raise JournalError("job.lost")
                db.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (key, owner))
                if worker:
                    db.execute("INSERT OR REPLACE INTO senders VALUES (?, ?)", (key, worker))
                won.add(key)
        return won

    def release(self, keys: Iterable[str], owner: str) -> None:
        """Gives up claims to requests that were not answered.

        Raises:
            JournalError: The journal cannot be written.
        """
        with self.writing() as db:
            rows = [(key, owner) for key in keys]
            db.executemany("DELETE FROM claims WHERE key = ? AND owner = ?", rows)

    def free(self, worker: str) -> None:
        """Gives up all claims of a worker that is reported dead.

        Raises:
            JournalError: The journal cannot be written.
        """
        with self.writing() as db:
            db.execute(
                "DELETE FROM claims WHERE key IN (SELECT key FROM senders WHERE worker = ?)",
                (worker,),
            )

    def keep(self, replies: Mapping[str, Reply]) -> None:
        """Saves replies beside earlier ones to the same requests, and ends the claims.

        A reply that is there already, since the call that brought it was repeated, stays once.

        Args:
            replies: By the request's key.

        Raises:
            JournalError: The journal cannot be written.
        """
        now = time.time()
        rows = [
            (key, reply.chunk_id, reply.model_dump_json(), now) for key, reply in replies.items()
        ]
        with self.writing() as db:
            db.executemany(
                "INSERT INTO replies (key, attempt, chunk_id, reply, created) SELECT ?1,"
                " COALESCE((SELECT MAX(attempt) + 1 FROM replies WHERE key = ?1), 0), ?2, ?3, ?4"
                " WHERE NOT EXISTS (SELECT 1 FROM replies WHERE key = ?1 AND reply = ?3)",
                rows,
            )
            db.executemany("DELETE FROM claims WHERE key = ?", [(key,) for key in replies])

    # Outputs

    def output_of(self, path: Path) -> str | None:
        """The id of the job that wrote a file as it is now; None if none of this journal did.

        Raises:
            JournalError: The journal cannot be read.
        """
        ours = self.rows("SELECT sha256, job FROM outputs WHERE path = ?", str(path.resolve()))
        by = dict(ours)
        return by.get(_digest(path)) if by else None

    def save_output(self, job: str, path: Path, written: Path | None = None) -> None:
        """Saves the digest of a written file, so that the next run may replace it.

        Args:
            job: The job's id.
            path: The file's place.
            written: Where its content is before it is moved there; None if it is there already.

        Raises:
            JournalError: The journal cannot be written.
        """
        row = (str(path.resolve()), _digest(written or path), job)
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?, ?)", row)

    # Vectors

    def vectors(self, model: str, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The saved vectors of some texts by a model.

        Raises:
            JournalError: The journal cannot be read.
        """
        import numpy as np

        known: dict[str, np.ndarray] = {}
        for start in range(0, len(texts), 500):
            block = {sha256(text.encode()).digest(): text for text in texts[start : start + 500]}
            marks = ", ".join("?" * len(block))
            query = f"SELECT text_sha256, vector FROM vectors WHERE model = ? AND text_sha256 IN ({marks})"  # noqa: E501, S608 - only question marks are put in
            for digest, vector in self.rows(query, model, *block):
                known[block[digest]] = np.frombuffer(vector, dtype=np.float32)
        return known

    def save_vectors(self, model: str, vectors: dict[str, np.ndarray]) -> None:
        """Saves vectors by model and text.

        Raises:
            JournalError: The journal cannot be written.
        """
        rows = [
            (model, sha256(text.encode()).digest(), vector.astype("float32").tobytes())
            for text, vector in vectors.items()
        ]
        with self.writing() as db:
            db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)


def _is_taken(db: sqlite3.Connection, key: str, owner: str, worker: str) -> bool:
    """Whether somebody else holds the claim to a request."""
    row = db.execute(
        "SELECT owner, worker FROM claims LEFT JOIN senders USING (key) WHERE claims.key = ?",
        (key,),
    ).fetchone()
    if row is None or not is_alive(db, row[0]):
        return False
    return not (worker and row == (owner, worker))


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
