"""Limits of a run: a budget of calls and tokens, and a rate of requests and tokens a minute."""

from __future__ import annotations

import threading
import time

from pairs.records import Reason


class Budget:
    """Counts calls and tokens against their limits; thread-safe.

    A call reserves the most it can use until its reply says what it used. If that does not
    fit, it waits for the calls in flight: they may use less.

    Args:
        calls: Answered calls at most; None for any number.
        tokens: Tokens at most, of prompts (estimated beforehand) and replies; None for any number.
    """

    def __init__(self, calls: int | None = None, tokens: int | None = None) -> None:
        self._max_calls, self._max_tokens = calls, tokens
        self._calls = self._tokens = 0
        self._in_flight: list[int] = []
        self._changed = threading.Condition()  # reentrant

    def take(self, tokens: int) -> Reason | None:
        """None if a call is reserved, else the reason why it does not fit.

        Args:
            tokens: The most the call can use.
        """
        with self._changed:
            while not (told := self.reserve(tokens)):
                self._changed.wait()
        return None if told is True else told

    def reserve(self, tokens: int) -> Reason | bool:
        """True if a call is reserved, False if it may fit later, else the reason why it never will.

        Args:
            tokens: As for ``take``.
        """
        with self._changed:
            exceeded = self._exceeded(tokens)
            if exceeded:
                return False if self._in_flight else exceeded
            self._in_flight.append(tokens)
        return True

    def settle(self, tokens: int, used: int | None) -> None:
        """Replaces a reservation by what the call used.

        Args:
            tokens: The reserved tokens.
            used: The tokens used; None if there was no reply.
        """
        with self._changed:
            self._in_flight.remove(tokens)
            if used is not None:
                self._calls += 1
                self._tokens += used
            self._changed.notify_all()

    def _exceeded(self, tokens: int) -> Reason | None:
        calls, most = self._calls + len(self._in_flight), self._max_calls
        if most is not None and calls >= most:
            return Reason(code="budget.calls", fields={"most": most})
        spent, most = self._tokens + sum(self._in_flight), self._max_tokens
        if most is not None and spent + tokens > most:
            return Reason(code="budget.tokens", fields={"most": most})
        return None


MINUTE = 60.0


class Pace:
    """A rate limit that spaces calls evenly.

    Args:
        requests: Calls a minute; None for any number.
        tokens: Tokens a minute, of prompts and replies together; None for any number.
        late: Seconds by which a call may come after its turn, without more of them in any minute.
    """

    def __init__(
        self, requests: int | None = None, tokens: int | None = None, late: float = 0.0
    ) -> None:
        self._call_seconds = (MINUTE + late) / requests if requests else 0.0
        self._token_seconds = (MINUTE + late) / tokens if tokens else 0.0
        self._lock = threading.Lock()
        self._next_call = self._next_tokens = 0.0

    def wait(self, tokens: int, stop: threading.Event) -> None:
        """Waits until a call may be made.

        Args:
            tokens: Estimated tokens of the call; ``settle`` corrects them afterwards.
            stop: Ends the waiting.
        """
        seconds = self.take(tokens)
        if seconds > 0:
            stop.wait(seconds)

    def take(self, tokens: int) -> float:
        """Seconds until a call may be made, which is counted from then on.

        Args:
            tokens: As for ``wait``.
        """
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next_call, self._next_tokens)
            self._next_call = at + self._call_seconds
            self._next_tokens = at + tokens * self._token_seconds
        return at - now

    def settle(self, expected: int, used: int) -> None:
        """Corrects an estimate: later calls wait for the used tokens, not the expected ones."""
        with self._lock:
            self._next_tokens += (used - expected) * self._token_seconds

    def pause(self, seconds: float, *, crowded: bool = False) -> None:
        """Delays all callers, since the server told one of them to wait.

        Args:
            seconds: As it said; 0 where it did not.
            crowded: Whether it takes fewer calls at present; one machine's tries, each after a
                longer pause, see to that by themselves.
        """
        del crowded
        if seconds > 0:
            with self._lock:
                self._next_call = max(self._next_call, time.monotonic() + seconds)
