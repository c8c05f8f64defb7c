"""A pool of worker threads with bounded results, none of which waits for another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import Empty, Queue
from types import TracebackType
from typing import Generic, TypeVar

Result = TypeVar("Result")
AHEAD = 8  # results a thread may be ahead of the consumer


class WorkerPool(Generic[Result]):
    """Threads that work through a list, each taking the next item as soon as it is free.

    Use it as a context; left early, it waits for items under way and starts no others.

    Args:
        work: Done for each item; its exceptions are results.
        items: The items, in the order in which they are started.
        width: Threads.
        stop: Once set, items under way are finished and no others are started.
    """

    def __init__(
        self,
        work: Callable[[int], Result],
        items: Iterable[int],
        width: int,
        stop: threading.Event,
    ) -> None:
        self._work = work
        self._items = iter(items)
        self._stop = stop
        self._left = threading.Event()
        self._next = threading.Lock()
        self._running = width
        # Bounded: the consumer may be slower than the workers.
        self._results: Queue[tuple[int, Result | Exception] | None] = Queue(width * AHEAD)
        self._threads = [
            threading.Thread(target=self._run, name=f"ask-{n}", daemon=True) for n in range(width)
        ]

    def __enter__(self) -> WorkerPool[Result]:
        for thread in self._threads:
            thread.start()
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

    def batches(self) -> Iterator[list[tuple[int, Result | Exception]]]:
        """Items with their results or exceptions as they come, all that are ready at a time."""
        while self._running:
            batch = []
            for result in self._waiting():
                if result is None:
                    self._running -= 1
                else:
                    batch.append(result)
            if batch:
                yield batch

    def _waiting(self) -> Iterator[tuple[int, Result | Exception] | None]:
        """The next result, waited for, and all others that are ready."""
        yield self._results.get()
        with suppress(Empty):
            while True:
                yield self._results.get_nowait()

    def _run(self) -> None:
        while not (self._stop.is_set() or self._left.is_set()):
            with self._next:
                item = next(self._items, None)
            if item is None:
                break
            try:
                self._results.put((item, self._work(item)))
            except Exception as error:  # noqa: BLE001 - the consumer decides
                self._results.put((item, error))
        self._results.put(None)
