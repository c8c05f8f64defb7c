"""Lists of ended jobs, and the edits that a user made to them."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

from pydantic import ValidationError

from loaders.records import Chunk
from pairs.edits import Edit, apply_edits
from pairs.evidence.grounding import Passage
from pairs.evidence.source_text import SourceText
from pairs.records import Evidence, PairList, QAPair

from ..errors import JournalError
from ..records import SourceFile
from .documents import load_documents
from .jobs import Jobs
from .replies import Journal


def save_list(journal: Journal, job: str, pairs: PairList) -> None:
    """Saves the list a job ended with, in place of an earlier one.

    Raises:
        JournalError: The journal cannot be written.
    """
    packed = zlib.compress(pairs.model_dump_json().encode("utf-8", "replace"), 1)
    with journal.writing() as db:
        # A job deleted meanwhile gets no list.
        db.execute(
            "INSERT OR REPLACE INTO lists SELECT id, ? FROM jobs WHERE id = ?", (packed, job)
        )


def has_list(journal: Journal, job: str) -> bool:
    """Whether a job has a list.

    Args:
        journal: The journal that holds the job.
        job: The whole id.

    Raises:
        JournalError: The journal cannot be read.
    """
    return bool(journal.rows("SELECT 1 FROM lists WHERE job = ?", job))


def load_list(journal: Journal, job: str, *, edited: bool = True) -> PairList:
    """The list a job last ended with.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        edited: Whether the user's edits are applied; False for the list as it was made.

    Raises:
        JournalError: The job is unknown, has not ended yet, or was written by another version.
    """
    rows = journal.rows("SELECT list FROM lists WHERE job = ?", job)
    if not rows:
        Jobs(journal).find(job)
        raise JournalError("job.no_list", job=job)
    try:
        pairs = PairList.model_validate_json(zlib.decompress(rows[0][0]))
    except (ValidationError, TypeError, zlib.error) as error:
        raise JournalError("job.other_version", job=job) from error
    if not edited:
        return pairs
    changes = edits(journal, job)
    return apply_edits(pairs, changes, _grounder(journal, job)) if changes else pairs


def edits(journal: Journal, job: str) -> list[Edit]:
    """The user's edits of a job's list, the earliest first.

    Raises:
        JournalError: The journal cannot be read.
    """
    rows = journal.rows("SELECT edit FROM edits WHERE job = ? ORDER BY made", job)
    return [Edit.model_validate_json(edit) for (edit,) in rows]


def reword(
    journal: Journal, job: str, pair: str, question: str | None = None, answer: str | None = None
) -> None:
    """Replaces a pair's words by the user's, and keeps the pair whatever it was before.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        pair: The pair's id.
        question: The new one; None leaves it as it is.
        answer: The new one; None leaves it as it is.

    Raises:
        JournalError: The list has no such pair, or a text is blank.
    """
    given = {"question": question, "answer": answer}
    words = {name: text.strip() for name, text in given.items() if text is not None}
    if not all(words.values()):
        raise JournalError("edit.blank", pair=pair)
    _edit(journal, job, pair, lambda edit: edit.model_copy(update={**words, "fate": "kept"}))


def leave_out(journal: Journal, job: str, pair: str) -> None:
    """Leaves a pair out of the list, and its duplicates with it.

    Raises:
        JournalError: The list has no such pair.
    """
    _edit(journal, job, pair, lambda edit: edit.model_copy(update={"fate": "left out"}))


def keep(journal: Journal, job: str, pair: str) -> None:
    """Keeps a pair that the user had left out, or that was a duplicate or rejected.

    Raises:
        JournalError: The list has no such pair.
    """
    _edit(journal, job, pair, lambda edit: edit.model_copy(update={"fate": "kept"}))


def undo(journal: Journal, job: str, pair: str) -> None:
    """Deletes the user's edit of a pair.

    Raises:
        JournalError: The list has no such pair.
    """
    _check_pair(journal, job, pair)
    with journal.writing() as db:
        db.execute("DELETE FROM edits WHERE job = ? AND pair = ?", (job, pair))


def _edit(journal: Journal, job: str, pair: str, change: Callable[[Edit], Edit]) -> None:
    _check_pair(journal, job, pair)
    with journal.writing() as db:
        row = db.execute(
            "SELECT edit FROM edits WHERE job = ? AND pair = ?", (job, pair)
        ).fetchone()
        edit = change(Edit.model_validate_json(row[0]) if row else Edit(pair=pair))
        db.execute(
            "INSERT OR REPLACE INTO edits VALUES (?, ?, ?, ?)",
            (job, pair, edit.model_dump_json(), time.time()),
        )


def _check_pair(journal: Journal, job: str, pair: str) -> None:
    original = load_list(journal, job, edited=False)
    known = {one.id for one in original.kept}
    known |= {one.item.id for one in original.duplicates}
    known |= {one.item.id for one in original.rejected}
    if not pair or pair not in known:
        raise JournalError("edit.unknown", job=job, pair=pair)


def _grounder(journal: Journal, job: str) -> Callable[[QAPair], Evidence]:
    """A function that finds the evidence for a pair's new words; it loads the texts once."""
    read: dict[str, tuple[Chunk, SourceFile]] = {}
    texts: dict[str, SourceText] = {}

    def ground(pair: QAPair) -> Evidence:
        if not read:
            files, chunks = load_documents(journal, job)
            read.update({chunk.id: (chunk, files[place]) for place, chunk in chunks})
        if pair.chunk_id not in read:
            return Evidence(match="none")
        chunk, file = read[pair.chunk_id]
        document = texts.setdefault(file.sha256, SourceText(file.text))
        return Passage(chunk, file.pages, document).ground(pair.question, pair.answer)

    return ground
