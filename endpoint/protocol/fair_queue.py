"""Fair queue: a limit on concurrent answers, a bounded queue, and round robin over callers."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Hashable

from ..errors import EndpointError

RESERVED = 4  # one queue place in four is reserved for callers with no request queued
FIRST_GUESS = 5.0  # seconds of a turn, before any was measured
LONGEST_WAIT = 60  # seconds of Retry-After at the most


class Turns:
    """A semaphore with a fair queue; for use within one event loop.

    A caller with a hundred queued requests delays another caller's single request by one turn, and
    cannot fill the queue so far that the other is refused.

    Args:
        slots: Turns held at the same time.
        places: Requests that may wait, at least 1.
    """

    def __init__(self, slots: int, places: int) -> None:
        self.slots = slots
        self.places = places
        self.running = 0
        self._queues: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._seconds = FIRST_GUESS

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return sum(len(queue) for queue in self._queues.values())

    async def take(self, caller: Hashable) -> None:
        """Waits for a turn, which ``give_back`` ends.

        Args:
            caller: Identifies the caller in the rotation.

        Raises:
            EndpointError: The queue is full.
        """
        if self.running < self.slots:
            self.running += 1
            return
        self._refuse_when_full(caller)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, deque()).append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.cancelled():
                self._leave(caller, future)
            else:
                self.give_back()  # cancelled just after the turn was granted
            raise

    def give_back(self, seconds: float | None = None) -> None:
        """Ends a turn and passes it to the next caller in the rotation.

        Args:
            seconds: How long the turn took, for the Retry-After estimate; None to leave it out.
        """
        if seconds is not None:
            self._seconds = 0.8 * self._seconds + 0.2 * seconds
        while self._queues:
            caller, queue = self._queues.popitem(last=False)
            future = queue.popleft()
            if queue:
                self._queues[caller] = queue  # behind all others
            if not future.done():
                future.set_result(None)
                return
        self.running -= 1

    def _refuse_when_full(self, caller: Hashable) -> None:
        waiting = self.waiting
        places_left = self.places
        if caller in self._queues:
            places_left -= self.places // RESERVED
        if waiting >= places_left:
            wait = math.ceil(self._seconds * (waiting + 1) / self.slots)
            raise EndpointError(
                "endpoint.busy", waiting=waiting, seconds=max(1, min(wait, LONGEST_WAIT))
            )

    def _leave(self, caller: Hashable, future: asyncio.Future[None]) -> None:
        queue = self._queues.get(caller)
        if queue and future in queue:
            queue.remove(future)
            if not queue:
                del self._queues[caller]
