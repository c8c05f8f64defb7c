"""Progress of a run, folded from its events; the one source of counts for every interface."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from pairs.records import ChunkOutcome, QAPair, TokenUsage

from ..events import ChunkDone, Event, Prepared, Verified

if TYPE_CHECKING:
    from .runner import Runner

WINDOW_SECONDS = 60.0
"""The window over which the rate is measured that the remaining time is estimated from."""


class Snapshot(NamedTuple):
    """The counts that a progress line shows.

    Attributes:
        done: Chunks that have ended.
        total: All chunks, further passes included once they begin.
        pairs: Pairs kept so far; later ones may still turn some into duplicates.
        aside: Pairs read but not kept.
        failed: Chunks that failed.
        tokens: Of prompts and replies together.
        calls: Made so far.
        rate: Chunks a minute, by the last minute; None before there is a speed.
        eta: Seconds the rest may take at that rate; None before there is a speed.
        checked: Pairs that a model has checked so far.
        to_check: Pairs it is to check, as far as known.
    """

    done: int
    total: int
    pairs: int
    aside: int
    failed: int
    tokens: int
    calls: int
    rate: float | None
    eta: float | None
    checked: int
    to_check: int


class RunProgress:
    """The progress of one run, from its first event on.

    Args:
        pairs: Whether the pairs themselves are held, or their number alone.

    Attributes:
        prepared: The run's first event; None before it.
        verified: Pairs that a model has checked, and how many it is to check; (0, 0) before that.
        over: Whether the run has ended; its list, or its failure, is in the journal then.
    """

    def __init__(self, *, pairs: bool = True) -> None:
        self._holds = pairs
        self._kept = self._read = 0
        self.prepared: Prepared | None = None
        self.verified = (0, 0)
        self.over = False
        self._done = self._total = 0
        self._usage = TokenUsage()
        # By chunk: a further pass tells of it again, of its pairs only those that are new.
        self._parsed: dict[int, int] = {}
        self._pairs: dict[int, tuple[QAPair, ...]] = {}
        self._failed: dict[int, ChunkOutcome] = {}
        self._speed: deque[tuple[float, int]] = deque()

    def take(self, event: Event) -> None:
        """Adds the next event."""
        if isinstance(event, Prepared):
            self.prepared, self._total = event, event.chunks
        elif isinstance(event, ChunkDone):
            self._done, self._total, self._usage = event.done, event.total, event.usage
            self._chunk(event)
        elif isinstance(event, Verified):
            self.verified, self._usage = (event.done, event.total), event.usage
        else:
            self.over = True
            self._pairs.clear()
            self._failed.clear()
            self._kept = 0

    def _chunk(self, event: ChunkDone) -> None:
        self._read += event.outcome.parsed - self._parsed.get(event.index, 0)
        self._parsed[event.index] = event.outcome.parsed
        self._kept += len(event.pairs)
        if event.pairs and self._holds:
            self._pairs[event.index] = (*self._pairs.get(event.index, ()), *event.pairs)
        self._failed.pop(event.index, None)
        if event.outcome.state == "failed":
            self._failed[event.index] = event.outcome

    def pairs(self) -> list[QAPair]:
        """The pairs kept so far, in document order; later ones may turn some into duplicates."""
        return [pair for index in sorted(self._pairs) for pair in self._pairs[index]]

    def failed(self) -> list[ChunkOutcome]:
        """The chunks that failed so far, in document order."""
        return [self._failed[index] for index in sorted(self._failed)]

    def snapshot(self) -> Snapshot:
        """Where the run is now."""
        rate = self._rate()
        return Snapshot(
            done=self._done,
            total=self._total,
            pairs=self._kept,
            aside=self._read - self._kept,
            failed=len(self._failed),
            tokens=self._usage.prompt + self._usage.completion,
            calls=self._usage.calls,
            rate=rate and 60 * rate,
            eta=rate and round((self._total - self._done) / rate, 1),
            checked=self.verified[0],
            to_check=self.verified[1],
        )

    def _rate(self) -> float | None:
        """Chunks per second over the last minute, or since the last chunk if that is longer ago."""
        now, speed = time.monotonic(), self._speed
        if not speed or speed[-1][1] != self._done:
            speed.append((now, self._done))
        while len(speed) > 1 and now - speed[1][0] >= WINDOW_SECONDS and speed[1][1] < self._done:
            speed.popleft()
        began, first = speed[0]
        return (self._done - first) / (now - began) if self._done > first and now > began else None


class JobProgress:
    """The progress of a job of a runner over all its runs; thread-safe.

    Args:
        runner: The runner of the job.
        job: The whole id.
    """

    def __init__(self, runner: Runner, job: str) -> None:
        self._runner = runner
        self._job = job
        self._lock = threading.Lock()
        self._last_id: str | None = None
        self._run = RunProgress()

    @property
    def prepared(self) -> Prepared | None:
        """The first event of the current run; None before it."""
        return self._run.prepared

    @property
    def over(self) -> bool:
        """Whether the latest run has ended; its list is in the journal then."""
        return self._run.over

    def catch_up(self) -> None:
        """Adds the events logged since the last call; returns at once."""
        with self._lock:
            news = self._runner.news(self._job, self._last_id)
            for id_, event in news.events if news else ():
                token = (self._last_id or "").partition("-")[0]
                if id_.partition("-")[0] != token:
                    self._run = RunProgress()  # another run, from its beginning
                self._last_id = id_
                self._run.take(event)

    def pairs(self) -> list[QAPair]:
        """The pairs kept so far, in document order; later ones may turn some into duplicates."""
        with self._lock:
            return self._run.pairs()

    def failed(self) -> list[ChunkOutcome]:
        """The chunks that failed so far, in document order."""
        with self._lock:
            return self._run.failed()

    def snapshot(self) -> Snapshot:
        """Where the run is now."""
        with self._lock:
            return self._run.snapshot()
