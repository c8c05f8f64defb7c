"""A worker of a run on one node: asks, in as many threads as it was given calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

from messages.errors import SaidError

from .journal import RemoteJournal
from .limits import RemoteBudget, RemotePace
from .version import versions

__all__ = ["Limits", "Making", "Work", "Worker"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Work(Protocol[Item_contra, Result_co]):
    """What is done for each item, from any thread."""

    def __call__(self, item: Item_contra) -> Result_co | Future[Result_co]:
        """The result of an item, or its future: what is left to do needs no thread that asks."""

    @property
    def failure(self) -> SaidError | None:
        """The error after which nothing more can be done here; None before."""


class Limits(Protocol):
    """What a run may spend and how fast, as its workers see it."""

    def budget(self) -> RemoteBudget:
        """The budget of the whole run."""

    def pace(self, backend: int) -> RemotePace:
        """The pace of a backend, by its place."""


Making = Callable[[RemoteJournal, Limits, threading.Event], Work[Item, Result]]


class _Limits:
    def __init__(self, actor: Any, worker: str, *, limited: bool) -> None:
        self._actor, self._worker, self._limited = actor, worker, limited

    def budget(self) -> RemoteBudget:
        return RemoteBudget(self._actor, self._worker, limited=self._limited)

    def pace(self, backend: int) -> RemotePace:
        return RemotePace(self._actor, backend)


class Worker(Generic[Item, Result]):
    """An actor that works through batches of items.

    Args:
        id_: Its own, under which the journal knows its claims.
        make: Makes the work from journal, limits and stop sign.
        journal: Handle of the ``JournalActor``.
        limits: Handle of the ``LimitsActor``.
        threads: Of each lane; an item names its lane.
        limited: Whether the run has a budget.
    """

    def __init__(
        self,
        id_: str,
        make: Making[Item, Result],
        journal: Any,
        limits: Any,
        threads: Sequence[int],
        *,
        limited: bool,
    ) -> None:
        self._stop = threading.Event()
        self._lanes = [ThreadPoolExecutor(n, thread_name_prefix="ask") for n in threads]
        of_run = _Limits(limits, id_, limited=limited)
        self._work = make(RemoteJournal(journal, id_), of_run, self._stop)

    def about(self) -> dict[str, str]:
        """What this node must have in common with the others."""
        return versions()

    def work(
        self, batch: Sequence[tuple[int, Item]]
    ) -> tuple[list[Result | Exception], SaidError | None]:
        """The result or exception of each item, and the error after which no more can be done.

        Args:
            batch: Each item with its lane.
        """
        under_way = [self._lanes[lane].submit(self._work, item) for lane, item in batch]
        return [_outcome(one) for one in under_way], self._work.failure

    def stop(self) -> None:
        """Lets calls under way end, and makes no others."""
        self._stop.set()


def _outcome(of: Future[Any]) -> Any:
    """What became of an item: its result, or the exception."""
    try:
        result = of.result()
    except Exception as error:  # noqa: BLE001 - the driver decides
        return error
    return _outcome(result) if isinstance(result, Future) else result
