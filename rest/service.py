"""What every route works with: journal, runner, uploads, bounds; opened and closed as one."""

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
from .readiness import BackendLook
from .uploads import Uploads

T = TypeVar("T")
BATCH_WIDTH = 8
"""Inputs of one batch that are worked on at the same time."""


@dataclass(eq=False)
class Seat:
    """A place among the requests that are answered while they wait; a context that leaves it.

    Attributes:
        stop: Ends the work: calls in flight are finished, nothing more is begun.
    """

    service: Service
    client: str
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.leave(self)


@dataclass
class Service:
    """One running service.

    Attributes:
        resolved: The settings it was started with; a client's choices are laid over them.
        journal: Shared with the command line and the page.
        embedding_state: Of the service's own embedding: loading, ok, or what is wrong with it.
        closing: Set once it is told to end; nobody waits for events any longer then.
        endings: Called first when it closes.
        stops: End the work of requests that are answered while they wait.
        wakers: Called when it is told to end, by those who wait for events.
    """

    resolved: Resolved
    limits: Limits
    access: Access
    journal: Journal
    runner: Runner
    uploads: Uploads
    metrics: Metrics
    retrievers: RetrieverCache
    backend_look: BackendLook
    embedding_state: str = "loading"
    closing: bool = False
    endings: list[Callable[[], object]] = field(default_factory=list)
    stops: set[threading.Event] = field(default_factory=set)
    wakers: set[Callable[[], object]] = field(default_factory=set)
    _under_way: Counter[str] = field(default_factory=Counter)
    _began: dict[str, str] = field(default_factory=dict)
    _workers: CapacityLimiter | None = None

    async def work(self, function: Callable[[], T]) -> T:
        """What a function gives that may take long, from a worker thread."""
        if self._workers is None:
            # Wider than the requests let in: uploads are read beside them.
            self._workers = CapacityLimiter(self.limits.at_once + 32)
        return await to_thread.run_sync(function, limiter=self._workers, abandon_on_cancel=False)

    def sit(self, client: str) -> Seat:
        """A place for a request that is answered while it waits.

        Args:
            client: The address it comes from.

        Raises:
            RestError: The service is full, or this client has its share already.
        """
        if self.closing:
            raise RestError("rest.closing")
        if self._under_way.total() >= self.limits.at_once:
            raise RestError("rest.busy", most=self.limits.at_once)
        if self._under_way[client] >= self.limits.at_once_of_one:
            raise RestError("rest.too_many", most=self.limits.at_once_of_one)
        self._under_way[client] += 1
        seat = Seat(self, client)
        self.stops.add(seat.stop)
        return seat

    def leave(self, seat: Seat) -> None:
        """Gives a place to the next."""
        self.stops.discard(seat.stop)
        self._under_way[seat.client] -= 1
        if not self._under_way[seat.client]:
            del self._under_way[seat.client]

    def check_share(self, client: str) -> None:
        """Nothing, where a client may have one more job wait.

        Raises:
            RestError: It has its share already.
        """
        waiting = [job for job, by in self._began.items() if self.runner.is_waiting(job)]
        self._began = {job: self._began[job] for job in waiting}
        if sum(by == client for by in self._began.values()) >= self.limits.waiting_of_one:
            raise RestError("rest.too_many_jobs", most=self.limits.waiting_of_one)

    def remember(self, job: str, client: str) -> None:
        """Counts a job as a client's while it waits."""
        self._began[job] = client

    def embeddings(self, resolved: Resolved) -> NamedEmbeddings:
        """The embedding of some settings, loaded once.

        Raises:
            SaidError: It cannot be had.
        """
        settings = resolved.settings
        return self.runner.embeddings(settings.embeddings, settings.embedding_backend)

    def stop_all(self) -> None:
        """Lets nobody wait any longer: what is in flight is finished, nothing more is begun."""
        self.closing = True
        self.runner.stop_all()
        for stop in list(self.stops):
            stop.set()
        for wake in list(self.wakers):
            wake()

    def close(self) -> None:
        """Waits for what is in flight and closes the journal; the next service goes on."""
        for end in self.endings:
            end()
        self.runner.close()
        self.journal.close()


def _of_request(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def client_of(request: Request) -> str:
    """The address a request comes from."""
    return request.client.host if request.client else ""


TheService = Annotated[Service, Depends(_of_request)]
