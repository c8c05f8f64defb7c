"""The items of a run on their way through a crew: as ``WorkerPool``, with machines for threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

from .crew import Crew, Member

__all__ = ["Window"]

Item = TypeVar("Item")
Sent = TypeVar("Sent")
Result = TypeVar("Result")
MOST_LOSSES = 5
"""Workers that may die over one item before it is taken for the cause."""
LOOK_SECONDS = 0.5


@dataclass(eq=False)
class _Entry(Generic[Item]):
    """An item on its way, with how many workers died while it was with them."""

    item: Item
    losses: int = 0


class Window(Generic[Item, Sent, Result]):
    """Sends items to workers, twice as many as can be worked on, and yields results as they come.

    Use it as a context, as a ``WorkerPool``.

    Args:
        crew: The workers.
        items: The first items, in the order in which they are started.
        pack: What is sent for an item, with its lane.
        alone: The result of an item where no worker is left.
        unasked: Whether a result says that nothing was asked for the item.
        stop: Once set, items under way are finished and no others are started.

    Attributes:
        open: Items whose results have not been taken yet.
    """

    def __init__(
        self,
        crew: Crew[Sent, Result],
        items: Iterable[Item],
        pack: Callable[[Item], tuple[int, Sent]],
        alone: Callable[[Item], Result],
        unasked: Callable[[Result | Exception], bool],
        stop: threading.Event,
    ) -> None:
        self._crew, self._pack, self._alone, self._unasked = crew, pack, alone, unasked
        self._stop = stop
        self._left = False
        self._told = False
        self._waiting = deque(_Entry(item) for item in items)
        self.open = len(self._waiting)

    @property
    def lane(self) -> Window[Item, Sent, Result]:
        """Where further items are added."""
        return self

    def add(self, item: Item, *, at_once: bool = False) -> None:
        """As ``Lane.add``."""
        self.open += 1
        (self._waiting.appendleft if at_once else self._waiting.append)(_Entry(item))

    def __enter__(self) -> Window[Item, Sent, Result]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left = True
        for _ in self.batches():
            pass

    def batches(self) -> Iterator[list[tuple[Item, Result | Exception]]]:
        """As ``WorkerPool.batches``.

        Raises:
            ClusterError: No node can start a worker.
        """
        crew = self._crew
        while self.open:
            self._obey()
            if not self._left:
                crew.check_started()
            done = self._without_workers() if crew.failure else []
            self._fill()
            done += self._ready()
            self.open -= len(done)
            if done:
                yield done

    def _obey(self) -> None:
        """Leaves out what waits once the run is stopped or left."""
        if not (self._stop.is_set() or self._left):
            return
        if not self._told:
            self._told = True
            self._crew.stop()
        self.open -= len(self._waiting)
        self._waiting.clear()

    def _without_workers(self) -> list[tuple[Item, Result | Exception]]:
        waiting, self._waiting = list(self._waiting), deque()
        return [(entry.item, self._alone(entry.item)) for entry in waiting]

    def _fill(self) -> None:
        for member in self._crew.members:
            if member.about is not None or member.failure:
                continue
            size = max(1, sum(member.threads) // 4)
            while self._waiting and member.room >= size:
                batch = [self._waiting.popleft() for _ in range(min(size, len(self._waiting)))]
                ref = member.actor.work.remote([self._pack(entry.item) for entry in batch])
                member.batches[ref] = batch

    def _ready(self) -> list[tuple[Item, Result | Exception]]:
        crew = self._crew
        by_ref: dict[Any, Member[Sent, Result]] = {}
        for member in crew.members:
            by_ref |= dict.fromkeys(member.batches, member)
            if member.about is not None:
                by_ref[member.about] = member
        if not by_ref:
            return []
        refs, _ = crew.ray.wait(list(by_ref), timeout=LOOK_SECONDS, num_returns=1)
        if refs:  # and all others that are there
            refs, _ = crew.ray.wait(list(by_ref), timeout=0, num_returns=len(by_ref))
        done: list[tuple[Item, Result | Exception]] = []
        for ref in refs:
            member = by_ref[ref]
            if ref == member.about:
                crew.look(member)
            elif ref in member.batches:
                done += self._take(member, ref)
        return done

    def _take(
        self, member: Member[Sent, Result], ref: Any
    ) -> list[tuple[Item, Result | Exception]]:
        crew = self._crew
        try:
            results, failure = crew.ray.get(ref)
        except crew.ray.exceptions.RayError as error:
            return self._lost(member, error)
        entries = member.batches.pop(ref)
        member.failure = member.failure or failure
        done: list[tuple[_Entry[Item], Result | Exception]] = []
        again: list[_Entry[Item]] = []
        for entry, result in zip(entries, results, strict=True):
            # Another worker may still be answered, where this one is not.
            untouched = failure and not self._stop.is_set() and self._unasked(result)
            if untouched:
                again.append(entry)
            else:
                done.append((entry, result))
        self._put_back(again)
        if member.failure and not member.batches:
            crew.let_go(member, member.failure)
        return [(entry.item, result) for entry, result in done]

    def _lost(
        self, member: Member[Sent, Result], error: Exception
    ) -> list[tuple[Item, Result | Exception]]:
        """The items over which too many workers died; the others wait again."""
        entries = [entry for batch in member.batches.values() for entry in batch]
        member.batches.clear()
        self._crew.lost(member)
        for entry in entries:
            entry.losses += 1
        self._put_back([entry for entry in entries if entry.losses < MOST_LOSSES])
        return [(entry.item, error) for entry in entries if entry.losses >= MOST_LOSSES]

    def _put_back(self, entries: Sequence[_Entry[Item]]) -> None:
        self._waiting.extendleft(reversed(entries))
