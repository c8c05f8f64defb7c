"""The state that all routes share: journal, job runner, upload store, limits and slots."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from chains import Journal, NamedEmbeddings, Resolved, RetrieverCache, Runner

from .config import Access, Limits
from .errors import RestError
from .metrics import Metrics
from .readiness import BackendProbe
from .uploads import Uploads

T = TypeVar("T")
BATCH_WIDTH = 8
"""How many inputs of one batch run at the same time."""


@dataclass(eq=False)
class Slot:
    """One of the slots for concurrent requests; as a context manager it releases itself.

    Attributes:
        stop: Cancels the request's work when set: calls in flight finish, no new ones start.
    """

    service: Service
    client: str
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.release_slot(self)


@dataclass
class Service:
    """The state of one running service; available to routes as ``TheService``.

    Attributes:
        resolved: The settings it was started with; a client's choices override them.
        journal: The same journal as that of the command line and the page.
        embedding_state: State of the embedding model: loading, ok, or a message code.
        closing: True once shutdown has begun; event streams end then.
        endings: Callbacks that run first in ``close``.
        stops: The ``stop`` events of all taken slots.
        wakers: Callbacks that wake waiting event streams at shutdown.
    """

    resolved: Resolved
    limits: Limits
    access: Access
    journal: Journal
    runner: Runner
    uploads: Uploads
    metrics: Metrics
    retrievers: RetrieverCache
    backend_probe: BackendProbe
    embedding_state: str = "loading"
    closing: bool = False
    endings: list[Callable[[], object]] = field(default_factory=list)
    stops: set[threading.Event] = field(default_factory=set)
    wakers: set[Callable[[], object]] = field(default_factory=set)
    _slots_by_client: Counter[str] = field(default_factory=Counter)
    _client_of_job: dict[str, str] = field(default_factory=dict)
    _workers: CapacityLimiter | None = None

    async def work(self, function: Callable[[], T]) -> T:
        """The result of a blocking function, called in a worker thread."""
        if self._workers is None:
            # More threads than slots, since uploads are received beside those requests.
            self._workers = CapacityLimiter(self.limits.at_once + 32)
        return await to_thread.run_sync(function, limiter=self._workers, abandon_on_cancel=False)

    def acquire_slot(self, client: str) -> Slot:
        """Takes a slot for one request.

        Args:
            client: The client's address.

        Raises:
            RestError: All slots are taken, this client holds its share, or shutdown has begun.
        """
        if self.closing:
            raise RestError("rest.closing")
        if self._slots_by_client.total() >= self.limits.at_once:
            raise RestError("rest.busy", most=self.limits.at_once)
        if self._slots_by_client[client] >= self.limits.at_once_of_one:
            raise RestError("rest.too_many", most=self.limits.at_once_of_one)
        self._slots_by_client[client] += 1
        slot = Slot(self, client)
        self.stops.add(slot.stop)
        return slot

    def release_slot(self, slot: Slot) -> None:
        """Gives a slot back."""
        self.stops.discard(slot.stop)
        self._slots_by_client[slot.client] -= 1
        if not self._slots_by_client[slot.client]:
            del self._slots_by_client[slot.client]

    def check_share(self, client: str) -> None:
        """Raises RestError if a client has too many jobs waiting.

        Raises:
            RestError: It has as many as ``limits.waiting_of_one``.
        """
        waiting = [job for job in self._client_of_job if self.runner.is_waiting(job)]
        self._client_of_job = {job: self._client_of_job[job] for job in waiting}
        count = sum(owner == client for owner in self._client_of_job.values())
        if count >= self.limits.waiting_of_one:
            raise RestError("rest.too_many_jobs", most=self.limits.waiting_of_one)

    def remember(self, job: str, client: str) -> None:
        """Counts a waiting job against its client's share."""
        self._client_of_job[job] = client

    def embeddings(self, resolved: Resolved) -> NamedEmbeddings:
        """The embedding model of the settings; loaded on first use, then shared.

        Raises:
            SaidError: It cannot be loaded.
        """
        settings = resolved.settings
        return self.runner.embeddings(settings.embeddings, settings.embedding_backend)

    def stop_all(self) -> None:
        """Begins shutdown: calls in flight finish, no new ones start, event streams end."""
        self.closing = True
        self.runner.stop_all()
        for stop in list(self.stops):
            stop.set()
        for wake in list(self.wakers):
            wake()

    def close(self) -> None:
        """Waits for calls in flight and closes the journal; unfinished jobs can be resumed."""
        for end in self.endings:
            end()
        self.runner.close()
        self.journal.close()


def _service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def client_of(request: Request) -> str:
    """The address a request comes from."""
    return request.client.host if request.client else ""


TheService = Annotated[Service, Depends(_service_of)]
