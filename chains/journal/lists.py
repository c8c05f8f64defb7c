"""Lists of ended jobs, and the edits that a user made to them."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

from pydantic import ValidationError

from loaders.records import Chunk
from pairs.edits import Edit, apply_edits
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
        db.execute("DELETE FROM pairs_so_far WHERE job = ?", (job,))


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

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> with Journal() as journal:
        ...     load_list(journal, Jobs(journal).all()[0].id).kept == pairs.kept
        True
    """
    rows = journal.rows("SELECT list FROM lists WHERE job = ?", job)
    if not rows:
        Jobs(journal).find(job)
        raise JournalError("job.no_list", job=job)
    try:
        pairs = PairList.model_validate_json(zlib.decompress(rows[0][0]))
    except (ValidationError, TypeError, zlib.error) as error:
        raise JournalError("job.other_version", job=job) from error
    return with_edits(journal, job, pairs) if edited else pairs


def with_edits(journal: Journal, job: str, pairs: PairList) -> PairList:
    """A job's list with the user's edits applied: what every door shows and writes.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        pairs: As the run made it.

    Raises:
        JournalError: The journal cannot be read.
    """
    changes = edits(journal, job)
    return apply_edits(pairs, changes, _grounder(journal, job)) if changes else pairs


def adopt_edits(journal: Journal, job: str, pairs: PairList) -> int:
    """The number of edits taken over from other jobs on documents of the same names.

    An edit counts for a pair with the same words from the same sentence, so that a document that
    was changed elsewhere keeps its corrections. Pairs of an earlier list of the job get none:
    whoever undid an edit there meant it.

    Args:
        journal: The journal that holds the jobs.
        job: The whole id.
        pairs: The list the run has made, not saved yet.

    Raises:
        JournalError: The journal cannot be read or written.
    """
    others = journal.rows(
        "SELECT job FROM edits WHERE job != ?1 AND job IN (SELECT job FROM files WHERE source IN"
        " (SELECT source FROM files WHERE job = ?1)) GROUP BY job ORDER BY MAX(made)",
        job,
    )
    made: dict[tuple[str, ...], Edit] = {}
    for (other,) in others:
        with suppress(JournalError):  # it has no list, or one of another version
            of_pair = {edit.pair: edit for edit in edits(journal, other)}
            for pair in _all(load_list(journal, other, edited=False)):
                if pair.id in of_pair:
                    made[_words(pair)] = of_pair[pair.id]
    if not made:
        return 0
    known: set[str] = set()
    if has_list(journal, job):
        known = {pair.id for pair in _all(load_list(journal, job, edited=False))}
    rows = []
    for pair in _all(pairs):  # the kept ones first: of pairs that say the same one is meant
        if pair.id and pair.id not in known and (edit := made.pop(_words(pair), None)):
            adopted = edit.model_copy(update={"pair": pair.id})
            rows.append((job, pair.id, adopted.model_dump_json(), time.time()))
    with journal.writing() as db:
        db.executemany("INSERT OR IGNORE INTO edits VALUES (?, ?, ?, ?)", rows)
    return len(rows)


def _words(pair: QAPair) -> tuple[str, ...]:
    """What a pair is known by in another job."""
    return pair.source, pair.evidence.sentence, pair.question, pair.answer


def _all(pairs: PairList) -> Iterator[QAPair]:
    yield from pairs.kept
    yield from (one.item for one in pairs.duplicates)
    yield from (one.item for one in pairs.rejected)


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
    known = {one.id for one in _all(load_list(journal, job, edited=False))}
    if not pair or pair not in known:
        raise JournalError("edit.unknown", job=job, pair=pair)


def _grounder(journal: Journal, job: str) -> Callable[[QAPair], Evidence]:
    """A function that finds the evidence for a pair's new words; it loads the texts once."""
    read: dict[str, tuple[Chunk, SourceFile]] = {}
    from pairs.evidence.grounding import Passage, SourceText

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
