"""A job while it runs, as far as its run has told: what is done, the pairs in document order."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

from chains.events import ChunkDone, Done, Event, Failed, Prepared
from chains.jobs.runner import Runner
from pairs.records import ChunkOutcome, QAPair, Reason, TokenUsage

WINDOW_SECONDS = 60.0
"""How far back the speed is measured from which the rest of the time is guessed."""


class Watch:
    """Follows the runs of one job; any number of chats may look at the same one.

    Args:
        runner: That runs it.
        job: Its whole id.

    Attributes:
        over: Whether the last run heard of has ended; its list stands in the journal then.
        failure: Why there is no list.
    """

    def __init__(self, runner: Runner, job: str) -> None:
        self._runner = runner
        self._job = job
        self._lock = threading.Lock()
        self._heard: str | None = None
        self._begin(None)

    def _begin(self, prepared: Prepared | None) -> None:
        self.prepared = prepared
        self.failure: Reason | None = None
        self.over = False
        self.done, self.total = 0, prepared.chunks if prepared else 0
        self.usage = TokenUsage()
        self._pairs: dict[int, tuple[QAPair, ...]] = {}
        self._bad: dict[int, ChunkOutcome] = {}
        self._parsed = 0
        self._speed: deque[tuple[float, int]] = deque()

    def catch_up(self) -> None:
        """Takes in what the run has told since the last time; returns at once."""
        with self._lock:
            for heard in self._runner.listen(self._job, self._heard, 0):
                if heard is None:
                    break
                token = (self._heard or "").partition("-")[0]
                self._heard, event = heard
                if self._heard.partition("-")[0] != token:
                    self._begin(None)  # another run, from its beginning
                self._take(event)
            self._speed.append((time.monotonic(), self.done))
            while self._speed[-1][0] - self._speed[0][0] > WINDOW_SECONDS:
                self._speed.popleft()

    def _take(self, event: Event) -> None:
        if isinstance(event, Prepared):
            self._begin(event)
        elif isinstance(event, ChunkDone):
            self.done, self.total, self.usage = event.done, event.total, event.usage
            self._parsed += event.outcome.parsed
            if event.pairs:
                self._pairs[event.index] = event.pairs
            if event.outcome.state == "failed":
                self._bad[event.index] = event.outcome
        elif isinstance(event, Done):
            self._end()
        elif isinstance(event, Failed):
            self._end()
            self.failure = event.reason

    def _end(self) -> None:
        """The list stands in the journal from now on."""
        self.over = True
        self._pairs.clear()
        self._bad.clear()

    def pairs(self) -> list[QAPair]:
        """The pairs kept so far, in document order; what comes later may still show duplicates."""
        with self._lock:
            return [pair for index in sorted(self._pairs) for pair in self._pairs[index]]

    def failed(self) -> list[ChunkOutcome]:
        """The chunks that failed so far, in document order."""
        with self._lock:
            return [self._bad[index] for index in sorted(self._bad)]

    def progress(self) -> dict[str, Any]:
        """What the progress line shows."""
        with self._lock:
            kept = sum(len(pairs) for pairs in self._pairs.values())
            return {
                "done": self.done,
                "total": self.total,
                "pairs": kept,
                "aside": self._parsed - kept,
                "failed": len(self._bad),
                "tokens": self.usage.prompt + self.usage.completion,
                "calls": self.usage.calls,
                "eta": self._eta(),
            }

    def _eta(self) -> float | None:
        """Seconds the rest may take, by the speed of the last minute."""
        (began, first), (now, last) = self._speed[0], self._speed[-1]
        if last <= first or now <= began:
            return None
        return round((self.total - self.done) * (now - began) / (last - first), 1)
