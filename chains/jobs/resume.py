"""Resumes a job from the journal alone, without its documents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from loaders import LoadError

from ..embedding.load import NamedEmbeddings
from ..errors import JournalError
from ..events import Event
from ..journal.documents import load_documents
from ..journal.replies import Journal
from ..llm.backends import OVERRIDES, Backend, tables_of
from ..models.gguf import DownloadProgress
from ..records import Job
from ..run.inputs import Inputs
from ..run.pipeline import Pipeline
from ..settings import Resolved, Settings


def resume(
    journal: Journal,
    job: Job,
    given: Mapping[str, Any] | None = None,
    *,
    embeddings: NamedEmbeddings | None = None,
    progress: DownloadProgress | None = None,
    stop: threading.Event | None = None,
    begun: Callable[[str], None] | None = None,
    again: bool = False,
    backend: Backend | None = None,
) -> Iterator[Event]:
    """The events of a resumed job; answered requests are not sent again.

    Args:
        journal: The journal that holds the job.
        job: From ``Jobs.find``.
        given: Settings that say how to go on, such as ``concurrency`` or ``max_calls``; a budget
            is for this run, so that the one of the run before does not count. None as a value
            counts as not given.
        embeddings: As for ``Pipeline``.
        progress: As for ``Pipeline``.
        stop: As for ``Pipeline``.
        begun: As for ``Pipeline``.
        again: Whether failed chunks are asked about again.
        backend: Answers from now on; None for the job's own. What was answered stays.

    Raises:
        SaidError: A live process holds the job, another version wrote it, or as ``Pipeline.run``.
    """
    files, chunks = load_documents(journal, job.id)
    if not chunks:
        raise JournalError("job.unknown", job=job.id)
    read = Inputs(
        files=files,
        chunks=[chunk for _, chunk in chunks],
        file_of=[file for file, _ in chunks],
        refused=[LoadError(one.code, **one.fields) for one in job.refused],
    )
    pipeline = Pipeline(
        settings_of(job, given, backend),
        journal=journal,
        embeddings=embeddings,
        progress=progress,
        stop=stop,
        job=job.id,
        begun=begun,
        again=again,
    )
    return pipeline.run(read)


def settings_of(
    job: Job, given: Mapping[str, Any] | None = None, backend: Backend | None = None
) -> Resolved:
    """The settings under which a job goes on, without the budget of the run before.

    Args:
        job: From ``Jobs.find``.
        given: As for ``resume``.
        backend: As for ``resume``.

    Raises:
        JournalError: Another version wrote the job.
    """
    changed: dict[str, Any] = {"max_calls": None, "max_tokens_total": None}
    tables = tables_of(job)
    if backend is not None:
        tables[backend.name] = backend.model_dump()
        changed |= {**dict.fromkeys(OVERRIDES), "prompt": None, "backend": backend.name}
    changed |= {name: value for name, value in (given or {}).items() if value is not None}
    try:
        settings = Settings.model_validate({"prompt_version": 1, **job.settings, **changed})
    except ValidationError as error:
        raise JournalError("job.other_version", job=job.id) from error
    return Resolved(settings=settings, origins={}, backends=tables)
