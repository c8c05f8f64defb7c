"""Writes the workbook that the list of a finished job is reviewed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from messages import say
from pairs.edits import Edit
from pairs.files.export import Before, replace_file
from pairs.files.review_rows import ReviewRow, State
from pairs.files.review_xlsx import review_workbook
from pairs.records import PairList, QAPair

from ..journal.edits import edits, latest
from ..journal.jobs import Jobs
from ..journal.lists import load_list
from ..journal.replies import Journal

__all__ = ["job_workbook", "state_in", "write_job_workbook"]


def write_job_workbook(
    journal: Journal,
    job: str,
    path: Path,
    *,
    language: str = "en",
    before: Before | None = None,
) -> int:
    """Writes the workbook to a file, atomically; gives the number of its rows.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        path: Replaced if it is there; its folder must exist.
        language: Of heads and states: ``en`` or ``zh``.
        before: As for ``write_pairs``.

    Raises:
        JournalError: The job is unknown, or has not ended yet.
        ExportError: The file cannot be written.
    """
    pairs = load_list(journal, job)
    replace_file(path, [_workbook(journal, job, pairs, language)], before)
    return len(pairs.kept) + len(pairs.duplicates) + len(pairs.rejected)


def job_workbook(journal: Journal, job: str, language: str = "en") -> bytes:
    """The bytes of the workbook: a row a pair, with its state, its words and its evidence.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        language: Of heads and states: ``en`` or ``zh``.

    Raises:
        JournalError: The job is unknown, or has not ended yet.

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> with Journal() as journal:
        ...     book = job_workbook(journal, Jobs(journal).find("latest").id)
        ...     import_review(journal, book).unchanged == len(pairs)
        True
    """
    return _workbook(journal, job, load_list(journal, job), language)


def state_in(edit: Edit | None) -> State:
    """What a person says of a pair in an edit: accepted, rejected, or nothing."""
    fate = edit.fate if edit is not None else None
    return fate if fate == "kept" or fate == "left out" else ""


def _workbook(journal: Journal, job: str, pairs: PairList, language: str) -> bytes:
    job = Jobs(journal).find(job).id
    changed = latest(journal, job)
    standing = {edit.pair: edit for edit in edits(journal, job)}

    def row(pair: QAPair, note: str) -> ReviewRow:
        return ReviewRow(
            pair.id,
            changed[pair.id].version if pair.id in changed else 0,
            state_in(standing.get(pair.id)),
            pair.question,
            pair.answer,
            pair.evidence.sentence,
            pair.source,
            pair.page,
            note,
        )

    notes = _notes(pairs, language)
    kept = [row(pair, notes.get(pair.id, "")) for pair in pairs.kept]
    out = [row(pair, note) for pair, note in _out(pairs, language)]
    return review_workbook(kept, out, job, language)


def _notes(pairs: PairList, language: str) -> Mapping[str, str]:
    """What speaks against kept pairs, by id."""
    notes: dict[str, list[str]] = {}
    for one in pairs.conflicts:
        for pair, other in ((one.item, one.conflicts_with), (one.conflicts_with, one.item)):
            told = say("review.note_conflict", language, answer=other.answer)
            notes.setdefault(pair.id, []).append(told)
    checks: tuple[tuple[Callable[[QAPair], bool], str], ...] = (
        (lambda pair: pair.evidence.match == "none", "review.note_no_evidence"),
        (lambda pair: not pair.evidence.numbers_ok, "review.note_numbers"),
        (lambda pair: pair.doubtful, "review.note_doubtful"),
    )
    for pair in pairs.kept:
        for holds, code in checks:
            if holds(pair):
                notes.setdefault(pair.id, []).append(say(code, language))
    return {pair: "\n".join(told) for pair, told in notes.items()}


def _out(pairs: PairList, language: str) -> Iterable[tuple[QAPair, str]]:
    """The pairs that are not in the list, each with the reason."""
    for duplicate in pairs.duplicates:
        question = duplicate.duplicate_of.question
        yield duplicate.item, say("review.note_duplicate", language, question=question)
    for rejected in pairs.rejected:
        yield rejected.item, rejected.reason.say(language)
