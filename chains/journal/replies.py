"""The journal: replies, vectors and written files in one SQLite file.

Replies are keyed by the whole rendered request, so that repeating a request costs nothing,
whichever job or run sent it first. A reply is written before it is parsed, so a
kill at any moment loses at most the calls in flight. Jobs stand in the same file; see jobs.py.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import user_folder
from ..errors import JournalError
from ..records import Reply
from .database import Database
from .leases import is_alive

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.messages import BaseMessage

log = logging.getLogger(__name__)
_NEWEST = (
    "SELECT reply FROM replies WHERE key = ? AND NOT passed_over ORDER BY attempt DESC LIMIT 1"
)


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
        """The newest reply to a request that is not marked as bad, or None.

        Raises:
            JournalError: The journal cannot be read.
        """
        rows = self.rows(_NEWEST, key)
        if rows:
            log.debug("request %s: answered before", key[:12])
        return Reply.model_validate_json(rows[0][0]) if rows else None

    def replies_about(self, chunk: str) -> list[Reply]:
        """The replies to all requests about a chunk that are not marked as bad, the earliest first.

        Args:
            chunk: Its id.

        Raises:
            JournalError: The journal cannot be read.
        """
        query = "SELECT reply FROM replies WHERE chunk_id = ? AND NOT passed_over ORDER BY created"
        return [Reply.model_validate_json(reply) for (reply,) in self.rows(query, chunk)]

    def claim(self, key: str, owner: str) -> bool:
        """Whether the owner now holds the claim to a request, and may send it.

        It does not if the request has been answered, or if another live run holds the claim.

        Args:
            key: The request's.
            owner: A run's id.

        Raises:
            JournalError: The journal cannot be written, or the owner was taken for dead.
        """
        with self.writing() as db:
            if db.execute(_NEWEST, (key,)).fetchone():
                return False
            claim_row = db.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()
            if claim_row and is_alive(db, claim_row[0]):
                return False
            if not db.execute("SELECT 1 FROM owners WHERE id = ?", (owner,)).fetchone():
                raise JournalError("job.lost")
            db.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (key, owner))
        return True

    def release(self, key: str, owner: str) -> None:
        """Gives up a claim to a request that was not answered.

        Raises:
            JournalError: The journal cannot be written.
        """
        with self.writing() as db:
            db.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, owner))

    def save_reply(self, key: str, reply: Reply) -> None:
        """Saves a reply beside earlier ones to the same request, and ends the claim.

        Raises:
            JournalError: The journal cannot be written.
        """
        row = (key, key, reply.chunk_id, reply.model_dump_json(), time.time())
        with self.writing() as db:
            db.execute(
                "INSERT INTO replies (key, attempt, chunk_id, reply, created) SELECT ?,"
                " COALESCE((SELECT MAX(attempt) + 1 FROM replies WHERE key = ?), 0), ?, ?, ?",
                row,
            )
            db.execute("DELETE FROM claims WHERE key = ?", (key,))

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


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
