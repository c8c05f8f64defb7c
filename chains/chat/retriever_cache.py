"""Cache of retrievers by job, so that a list is indexed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal

from pydantic import ValidationError

from ..embedding.load import NamedEmbeddings, load_embeddings
from ..errors import JournalError
from ..journal.edits import edits
from ..journal.lists import has_list
from ..journal.replies import Journal
from ..records import Job
from ..settings import Resolved, Settings
from .retriever import PairRetriever

REMEMBERED = 4
"""Retrievers in memory; others are rebuilt from the vectors in the journal."""

Load = Callable[[str, Literal["auto", "torch", "openvino"]], NamedEmbeddings]


class RetrieverCache:
    """Builds retrievers over the lists of jobs and caches the most recent; thread-safe.

    Args:
        journal: The journal with lists and vectors.
        load: Loads an embedding by its name and backend; ``Runner.embeddings`` if
            it is shared with runs.
    """

    def __init__(self, journal: Journal, load: Load = load_embeddings) -> None:
        self._journal = journal
        self._load = load
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[object, ...], Future[PairRetriever]] = OrderedDict()

    def of_job(self, job: Job, resolved: Resolved | None = None) -> PairRetriever:
        """The retriever over a job's pairs and passages, with the user's edits applied.

        Args:
            job: From the journal.
            resolved: Says which embedding; None for the one the job was made with.

        Raises:
            SaidError: The job has no list yet, or the vectors cannot be computed.
        """
        if not has_list(self._journal, job.id):  # before an embedding is loaded for nothing
            raise JournalError("job.no_list", job=job.id)
        settings = resolved.settings if resolved else _settings_of(job)
        measured = (settings.embeddings, settings.embedding_backend)
        key = (job.id, job.updated, measured, tuple(edits(self._journal, job.id)))
        with self._lock:
            future = self._made.get(key)
            mine = future is None
            if future is None:
                future = self._made[key] = Future()
            self._made.move_to_end(key)
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
        if mine:
            try:
                named = self._load(*measured)
                made = PairRetriever.of_job(self._journal, job.id, embeddings=named)
                future.set_result(made)
            except Exception as error:  # noqa: BLE001 - raised in every thread that waits for it
                with self._lock:
                    self._made.pop(key, None)
                future.set_exception(error)
        return future.result()


def _settings_of(job: Job) -> Settings:
    try:
        return Settings.model_validate(job.settings)
    except ValidationError as error:
        raise JournalError("job.other_version", job=job.id) from error
