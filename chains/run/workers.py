"""A pool of worker threads with bounded results, none of which waits for another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from queue import Empty, PriorityQueue, Queue
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 8  # results a thread may be ahead of the consumer
_AT_ONCE, _IN_TURN, _LAST = 0, 1, 2


class Lane(Generic[Item, Result]):
    """Threads of a pool that work through items of their own; see ``WorkerPool.lane``."""

    def __init__(
        self,
        pool: WorkerPool[Item, Result],
        work: Callable[[Item], Result],
        width: int,
        *,
        to_the_end: bool = False,
    ) -> None:
        self._pool, self._work, self._to_the_end = pool, work, to_the_end
        self._order = count()
        self._items: PriorityQueue[tuple[int, int, Item | None]] = PriorityQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"ask-{n}", daemon=True) for n in range(width)
        ]

    def add(self, item: Item, *, at_once: bool = False) -> None:
        """Adds an item; from the thread that takes the results, once they are taken.

        Args:
            item: What to work on.
            at_once: Whether it goes before the items that wait.
        """
        self._pool.open += 1
        self._items.put((_AT_ONCE if at_once else _IN_TURN, next(self._order), item))

    def start(self) -> None:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Lets the threads end when no item is left."""
        for _ in self._threads:
            self._items.put((_LAST, next(self._order), None))

    def _run(self) -> None:
        while (item := self._items.get()[2]) is not None:
            self._pool.work(self._work, item, to_the_end=self._to_the_end)


class WorkerPool(Generic[Item, Result]):
    """Threads that work through items, each taking the next one as soon as it is free.

    Use it as a context; left early, it waits for items under way and starts no others.

    Args:
        work: Done for each item; its exceptions are results.
        items: The first items, in the order in which they are started.
        width: Threads.
        stop: Once set, items under way are finished and no others are started.

    Attributes:
        lane: The lane of these threads.
        open: Items whose results have not been taken yet.
    """

    def __init__(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        width: int,
        stop: threading.Event,
    ) -> None:
        self.open = 0
        self._stop = stop
        self._left = threading.Event()
        # Bounded: the consumer may be slower than the workers. None stands for an item left out.
        self._results: Queue[tuple[Item, Result | Exception] | None] = Queue(width * AHEAD)
        self._lanes: list[Lane[Item, Result]] = []
        self.lane = self.beside(work, width)
        for item in items:
            self.lane.add(item)

    def beside(
        self, work: Callable[[Item], Result], width: int, *, to_the_end: bool = False
    ) -> Lane[Item, Result]:
        """A lane with threads of its own, made before the pool is entered.

        Args:
            work: Done for each of its items.
            width: Threads.
            to_the_end: Whether its items are worked on even where the pool is stopped.
        """
        self._lanes.append(Lane(self, work, width, to_the_end=to_the_end))
        return self._lanes[-1]

    def __enter__(self) -> WorkerPool[Item, Result]:
        for lane in self._lanes:
            lane.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left.set()
        for _ in self.batches():
            pass
        for lane in self._lanes:
            lane.close()

    def batches(self) -> Iterator[list[tuple[Item, Result | Exception]]]:
        """Items with their results or exceptions as they come, all that are ready at a time.

        Ends when no item is left, those included that were added meanwhile.
        """
        while self.open:
            ready = list(self._ready())
            self.open -= len(ready)
            batch = [result for result in ready if result is not None]
            if batch:
                yield batch

    def _ready(self) -> Iterator[tuple[Item, Result | Exception] | None]:
        """The next result, waited for, and all others that are ready."""
        yield self._results.get()
        with suppress(Empty):
            while True:
                yield self._results.get_nowait()

    def work(self, work: Callable[[Item], Result], item: Item, *, to_the_end: bool = False) -> None:
        """Works on an item, or leaves it out where the pool is stopped or left."""
        if (self._stop.is_set() and not to_the_end) or self._left.is_set():
            self._results.put(None)
            return
        try:
            self._results.put((item, work(item)))
        except Exception as error:  # noqa: BLE001 - the consumer decides
            self._results.put((item, error))
