"""The lists that questions are answered from, indexed once and kept while they are asked about."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from pydantic import ValidationError

from chains.chat.retriever import PairRetriever
from chains.embedding.load import NamedEmbeddings
from chains.errors import JournalError
from chains.journal.lists import edits
from chains.journal.replies import Journal
from chains.records import Job
from chains.settings import Resolved, Settings

REMEMBERED = 4
"""Indexes in memory; another one is made anew, from the vectors in the journal."""


class RetrieverCache:
    """Makes the index of a job's list, and keeps the latest.

    Args:
        journal: Holds lists and vectors.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[object, ...], Future[PairRetriever]] = OrderedDict()

    def of_job(self, job: Job, embeddings: Callable[[Resolved], NamedEmbeddings]) -> PairRetriever:
        """What finds pairs and passages of a job, a person's edits applied.

        Args:
            job: From the journal.
            embeddings: Gives what some settings name, loaded once.

        Raises:
            SaidError: The job has no list yet, or no vectors are to be had.
        """
        key = (job.id, job.updated, tuple(edits(self._journal, job.id)))
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
                future.set_result(self._make(job, embeddings))
            except Exception as error:  # noqa: BLE001 - whoever waits for it is told
                with self._lock:
                    self._made.pop(key, None)
                future.set_exception(error)
        return future.result()

    def _make(self, job: Job, embeddings: Callable[[Resolved], NamedEmbeddings]) -> PairRetriever:
        try:
            settings = Settings.model_validate(job.settings)
        except ValidationError as error:
            raise JournalError("job.other_version", job=job.id) from error
        named = embeddings(Resolved(settings=settings, origins={}))
        return PairRetriever.of_job(self._journal, job.id, embeddings=named)
