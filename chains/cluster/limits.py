"""Budget and rate of a run for all machines of a cluster together."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from pairs.records import Reason

from ..errors import ClusterError
from ..llm.backends import Backend
from ..llm.limits import Budget, Pace
from ..settings import Settings
from .batcher import Batcher

__all__ = ["LATEST", "LimitsActor", "RemoteBudget", "RemotePace", "SharedPace"]

LATEST = 2.0
"""Seconds by which a call may be later than its turn, on its way through the cluster."""
LEAST_RATE = 0.2
"""Calls a second that the slowest pace allows."""
_RECENT = 5.0
"""Seconds over which the rate is measured that a server could not take."""
_GROWTH = 0.05
"""Share of that rate by which it grows again each second."""
POLL_SECONDS = 0.2
SLICE_SECONDS = 1.0
"""For which a worker takes it that there is no limit, once it was told so."""


class Turn(NamedTuple):
    """When a call may be made.

    Attributes:
        seconds: From now.
        strict: Whether a call that comes too late has lost its turn.
    """

    seconds: float
    strict: bool


class SharedPace(Pace):
    """A pace for many machines, whose calls come up to ``LATEST`` seconds after their turn.

    The turns of n calls a minute are spread over a minute and that time, so that any minute sees n
    at most. Where a server says 429, the rate is halved for all, and grows again by and by
    (additive increase, multiplicative decrease: Chiu and Jain, 1989).

    Args:
        requests: Calls a minute; None for any number.
        tokens: Tokens a minute; None for any number.
    """

    def __init__(self, requests: int | None = None, tokens: int | None = None) -> None:
        super().__init__(requests, tokens, late=LATEST)
        self._full = self._call_seconds
        self._recent: deque[float] = deque(maxlen=10_000)
        self._slowed = self._grown = float("-inf")
        self._refused_rate = 0.0

    def take(self, tokens: int) -> float:
        """As ``Pace.take``."""
        now = time.monotonic()
        with self._lock:
            self._recent.append(now)
            self._grow(now)
        return super().take(tokens)

    def turn(self, tokens: int) -> Turn:
        """When the next call may be made.

        Args:
            tokens: Estimated tokens of the call.
        """
        seconds = self.take(tokens)
        return Turn(seconds, bool(self._call_seconds or self._token_seconds))

    def is_free(self, calls: int) -> bool:
        """Whether anybody may call at any time.

        Args:
            calls: Made since this was last asked, by whoever asks.
        """
        with self._lock:
            self._recent.extend([time.monotonic()] * calls)
            return not (self._call_seconds or self._token_seconds)

    def pause(self, seconds: float, *, crowded: bool = False) -> None:
        """As ``Pace.pause``; halves the rate as well, at most once a second, if ``crowded``."""
        super().pause(seconds, crowded=crowded)
        now = time.monotonic()
        with self._lock:
            if not crowded or now - self._slowed < 1.0:
                return
            self._slowed = self._grown = now
            rate = 1 / self._call_seconds if self._call_seconds else self._measured(now)
            self._refused_rate = rate
            self._call_seconds = 1 / max(LEAST_RATE, rate / 2)

    def _grow(self, now: float) -> None:
        if not self._refused_rate:
            return
        rate = 1 / self._call_seconds + _GROWTH * self._refused_rate * (now - self._grown)
        self._grown = now
        if rate >= (1 / self._full if self._full else 2 * self._refused_rate):
            self._call_seconds, self._refused_rate = self._full, 0.0
        else:
            self._call_seconds = 1 / rate

    def _measured(self, now: float) -> float:
        """Calls a second just now."""
        since = next((at for at in self._recent if at > now - _RECENT), now)
        count = sum(at >= since for at in self._recent)
        return max(1.0, count / max(1.0, now - since))


class LimitsActor:
    """Holds the budget of a run, and the pace of each backend that it asks.

    Args:
        settings: The run's.
        backends: The backend that is asked, and that of the judge where it has one of its own.
    """

    def __init__(self, settings: Settings, backends: Sequence[Backend]) -> None:
        self._budget = Budget(settings.max_calls, settings.max_tokens_total)
        self._paces = [
            SharedPace(one.requests_per_minute, one.tokens_per_minute) for one in backends
        ]
        self._reserved: dict[str, list[int]] = defaultdict(list)

    def turns(self, backend: int, tokens: Sequence[int]) -> list[Turn]:
        """When each of some calls may be made, in their order.

        Args:
            backend: Its place in ``backends``.
            tokens: Estimated tokens of each.
        """
        return [self._paces[backend].turn(one) for one in tokens]

    def is_free(self, backend: int, calls: int) -> bool:
        """As ``SharedPace.is_free``.

        Args:
            backend: Its place in ``backends``.
            calls: As for ``SharedPace.is_free``.
        """
        return self._paces[backend].is_free(calls)

    def settle_pace(self, backend: int, expected: int, used: int) -> None:
        """As ``Pace.settle``."""
        self._paces[backend].settle(expected, used)

    def pause(self, backend: int, seconds: float, *, crowded: bool) -> None:
        """As ``SharedPace.pause``."""
        self._paces[backend].pause(seconds, crowded=crowded)

    def reserve(self, worker: str, tokens: int) -> Reason | bool:
        """True if a call is reserved, the reason why it does not fit; False to ask again soon.

        Args:
            worker: Who makes it.
            tokens: The most it can use.
        """
        told = self._budget.reserve(tokens)
        if told is True:
            self._reserved[worker].append(tokens)
        return told

    def settle(self, worker: str, tokens: int, used: int | None) -> None:
        """As ``Budget.settle``."""
        if tokens in self._reserved[worker]:
            self._reserved[worker].remove(tokens)
            self._budget.settle(tokens, used)

    def forget(self, worker: str) -> None:
        """Gives back what a dead worker has reserved."""
        for tokens in self._reserved.pop(worker, []):
            self._budget.settle(tokens, None)


class RemotePace(Pace):
    """The pace of a backend as a worker's threads see it.

    Args:
        actor: Handle of the ``LimitsActor``.
        backend: Its place there.
    """

    def __init__(self, actor: Any, backend: int) -> None:
        super().__init__()
        self._actor, self._backend = actor, backend
        self._batcher: Batcher[int, Turn] = Batcher(self._send)
        self._looks = threading.Lock()
        self._free, self._looked, self._made = False, float("-inf"), 0

    def _is_free(self) -> bool:
        """Whether calls may go at once, as was so within the last second; one thread asks."""
        self._made += 1
        now = time.monotonic()
        if now - self._looked > SLICE_SECONDS and self._looks.acquire(blocking=False):
            try:
                made, self._made = self._made, 0
                self._free = bool(_told(self._actor.is_free.remote(self._backend, made)))
                self._looked = now
            finally:
                self._looks.release()
        return self._free

    def wait(self, tokens: int, stop: threading.Event) -> None:
        """As ``Pace.wait``.

        Raises:
            ClusterError: The actor is gone.
        """
        if self._is_free():
            return
        while not stop.is_set():
            asked = time.monotonic()
            turn = self._batcher.ask(tokens)
            if turn.seconds > 0:
                stop.wait(turn.seconds)
            # Its turn was at the earliest that long after the question went out.
            late = time.monotonic() - asked - turn.seconds
            if not turn.strict or late < LATEST * 0.8:
                return

    def settle(self, expected: int, used: int) -> None:
        """As ``Pace.settle``."""
        self._actor.settle_pace.remote(self._backend, expected, used)

    def pause(self, seconds: float, *, crowded: bool = False) -> None:
        """As ``SharedPace.pause``."""
        if seconds > 0 or crowded:
            self._free, self._looked = False, float("-inf")
            self._actor.pause.remote(self._backend, seconds, crowded=crowded)

    def _send(self, tokens: Sequence[int]) -> Sequence[Turn]:
        turns: list[Turn] = _told(self._actor.turns.remote(self._backend, list(tokens)))
        return turns


class RemoteBudget(Budget):
    """The budget of a run as a worker's threads see it.

    Args:
        actor: Handle of the ``LimitsActor``.
        worker: This worker's id.
        limited: Whether there is a budget at all; nobody is asked where there is none.
    """

    def __init__(self, actor: Any, worker: str, *, limited: bool) -> None:
        super().__init__()
        self._actor, self._worker, self._limited = actor, worker, limited

    def take(self, tokens: int) -> Reason | None:
        """As ``Budget.take``.

        Raises:
            ClusterError: The actor is gone.
        """
        while self._limited:
            told = _told(self._actor.reserve.remote(self._worker, tokens))
            if isinstance(told, Reason):
                return told
            if told:
                break
            time.sleep(POLL_SECONDS)
        return None

    def settle(self, tokens: int, used: int | None) -> None:
        """As ``Budget.settle``."""
        if self._limited:
            self._actor.settle.remote(self._worker, tokens, used)


def _told(ref: Any) -> Any:
    import ray

    try:
        return ray.get(ref)
    except ray.exceptions.RayError as error:
        raise ClusterError("cluster.lost", reason=type(error).__name__) from error
