"""Saves and loads the texts and chunks of a job, so that it can resume without its files."""

from __future__ import annotations

import json
from collections.abc import Iterable

from loaders.records import Chunk
from pairs.records import Reason

from ..records import SourceFile
from .database import Database


def save_documents(
    database: Database,
    job: str,
    files: Iterable[SourceFile],
    chunks: Iterable[tuple[int, Chunk]],
) -> None:
    """Saves the extracted texts of a new job and its chunks, in order.

    Args:
        database: The journal.
        job: The job's id.
        files: The documents.
        chunks: Chunks with the index of their file in ``files``.

    Raises:
        JournalError: The journal cannot be written.
    """
    texts = (
        (job, place, one.source, one.sha256, one.text, json.dumps(one.pages))
        for place, one in enumerate(files)
    )
    rows = (
        (job, place, file, chunk.id, chunk.model_dump_json())
        for place, (file, chunk) in enumerate(chunks)
    )
    with database.writing() as db:
        db.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", texts)
        db.executemany(
            "INSERT INTO chunks (job, place, file, chunk_id, chunk) VALUES (?, ?, ?, ?, ?)", rows
        )


def save_refused(database: Database, job: str, reasons: Iterable[Reason]) -> None:
    """Saves why documents of a job cannot be read, in place of what was saved before.

    Raises:
        JournalError: The journal cannot be written.
    """
    rows = [(job, place, reason.model_dump_json()) for place, reason in enumerate(reasons)]
    with database.writing() as db:
        db.execute("DELETE FROM refused WHERE job = ?", (job,))
        db.executemany("INSERT INTO refused VALUES (?, ?, ?)", rows)


def load_documents(
    database: Database, job: str
) -> tuple[list[SourceFile], list[tuple[int, Chunk]]]:
    """A job's texts, and its chunks with the index of their file; both empty for an unknown job.

    Raises:
        JournalError: The journal cannot be read.
    """
    files = database.rows(
        "SELECT source, sha256, text, pages FROM files WHERE job = ? ORDER BY place", job
    )
    chunks = database.rows("SELECT file, chunk FROM chunks WHERE job = ? ORDER BY place", job)
    return (
        [
            SourceFile(source=source, sha256=digest, text=text, pages=json.loads(pages))
            for source, digest, text, pages in files
        ],
        [(file, Chunk.model_validate_json(chunk)) for file, chunk in chunks],
    )
