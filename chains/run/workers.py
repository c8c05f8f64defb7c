"""Many at a time: a sliding window of threads, none of which waits for another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import Empty, Queue
from types import TracebackType
from typing import Generic, TypeVar

Result = TypeVar("Result")
AHEAD = 8  # results a thread may be ahead of whoever takes them


class WorkerPool(Generic[Result]):
    """Threads that work through a list, each taking the next item as soon as it is free.

    Use it as a context; left early, it waits for what is under way and begins nothing else.

    Args:
        work: Done for each item; its exceptions are results.
        items: In the order in which they are begun.
        width: Threads.
        stop: Once set, what is under way is finished and nothing else is begun.
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
        # Bounded: whoever takes the results may be slower than whoever answers.
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
        """Results as they come, as many at a time as there are."""
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
        """The next result, however long it takes, and all that have come with it."""
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
            except Exception as error:  # noqa: BLE001 - whoever takes the results decides
                self._results.put((item, error))
        self._results.put(None)
