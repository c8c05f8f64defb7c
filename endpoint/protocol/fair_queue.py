"""Whose turn it is: so many answers at once, a bounded line, and callers served in rotation."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Hashable

from ..errors import EndpointError

RESERVED = 4  # one place in so many is kept for callers of whom nothing waits yet
FIRST_GUESS = 5.0  # seconds of a turn, before any was measured
LONGEST_WAIT = 60  # seconds that a caller is told to stay away


class Turns:
    """Hands out turns; used from one event loop alone.

    A caller with a hundred requests in the line delays another's one request by one turn, and can
    not fill the line so far that the other is refused.

    Args:
        slots: Turns held at the same time.
        places: Requests that may wait, at least 1.
    """

    def __init__(self, slots: int, places: int) -> None:
        self.slots = slots
        self.places = places
        self.running = 0
        self._lines: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._seconds = FIRST_GUESS

    @property
    def waiting(self) -> int:
        """Requests in the line."""
        return sum(len(line) for line in self._lines.values())

    async def take(self, caller: Hashable) -> None:
        """Returns when it is this caller's turn, which ``give_back`` ends.

        Raises:
            EndpointError: The line is full.
        """
        if self.running < self.slots:
            self.running += 1
            return
        self._refuse_when_full(caller)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(caller, deque()).append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.cancelled():
                self._leave(caller, future)
            else:
                self.give_back()  # the turn came in the moment in which the caller went
            raise

    def give_back(self, seconds: float | None = None) -> None:
        """Ends a turn; the next caller in the rotation has it.

        Args:
            seconds: How long the turn took, where it says something about others.
        """
        if seconds is not None:
            self._seconds = 0.8 * self._seconds + 0.2 * seconds
        while self._lines:
            caller, line = self._lines.popitem(last=False)
            future = line.popleft()
            if line:
                self._lines[caller] = line  # behind all others
            if not future.done():
                future.set_result(None)
                return
        self.running -= 1

    def _refuse_when_full(self, caller: Hashable) -> None:
        waiting = self.waiting
        room = self.places
        if caller in self._lines:
            room -= self.places // RESERVED
        if waiting >= room:
            wait = math.ceil(self._seconds * (waiting + 1) / self.slots)
            raise EndpointError(
                "endpoint.busy", waiting=waiting, seconds=max(1, min(wait, LONGEST_WAIT))
            )

    def _leave(self, caller: Hashable, future: asyncio.Future[None]) -> None:
        line = self._lines.get(caller)
        if line and future in line:
            line.remove(future)
            if not line:
                del self._lines[caller]
