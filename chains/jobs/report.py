"""Writes the HTML report of a finished job."""

from __future__ import annotations

from pathlib import Path

from loaders.records import Chunk
from pairs.files.export import Before
from pairs.records import PairList
from pairs.viewer import ViewedText, ViewFacts, write_view

from ..journal.documents import load_documents
from ..journal.jobs import Jobs
from ..journal.lists import load_list
from ..journal.replies import Journal
from ..records import Job
from ..run.judge.record import judge_sentence

__all__ = ["view_facts", "viewed_texts", "write_job_view"]


def write_job_view(
    journal: Journal,
    job: str,
    path: Path,
    *,
    language: str = "en",
    before: Before | None = None,
) -> Path:
    """Writes the HTML report of a finished job, with the user's edits applied.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        path: The file; replaced if it exists; its folder must exist.
        language: ``en`` or ``zh``.
        before: As for ``write_pairs``.

    Raises:
        JournalError: The job is unknown, or has not ended yet.
        ExportError: The file cannot be written.
    """
    pairs = load_list(journal, job)
    facts = view_facts(Jobs(journal).find(job), pairs, language)
    texts = viewed_texts(journal, job)
    return write_view(pairs, texts, path, language=language, facts=facts, before=before)


def viewed_texts(journal: Journal, job: str) -> list[ViewedText]:
    """The texts of a job's documents, with their chunks.

    Raises:
        JournalError: The journal cannot be read.
    """
    files, chunks = load_documents(journal, job)
    of_file: dict[int, list[Chunk]] = {}
    for place, chunk in chunks:
        of_file.setdefault(place, []).append(chunk)
    return [
        ViewedText(source=file.source, text=file.text, chunks=tuple(of_file.get(place, ())))
        for place, file in enumerate(files)
    ]


def view_facts(job: Job, pairs: PairList, language: str) -> ViewFacts:
    """What the report tells of a job's run.

    Args:
        job: The job.
        pairs: Its list.
        language: ``en`` or ``zh``.
    """
    price = job.backend.get("price")
    cost = None
    if price:
        cost = (job.usage.prompt * price[0] + job.usage.completion * price[1]) / 1e6
    return ViewFacts(
        job=job.id,
        created=job.created,
        backend=str(job.backend.get("name", "")),
        model=str(job.backend.get("model") or ""),
        usage=job.usage,
        seconds=job.seconds,
        cost=cost,
        judge=judge_sentence(pairs.judge, language) if pairs.judge else "",
    )
