"""A run that a server has taken on, with what starts, stops and tells of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from ..events import Event
from .event_log import EventLog


@dataclass(eq=False)
class QueuedRun:
    """One run of a server: how to start it, the signal that stops it, and its event log.

    Attributes:
        job: The job's id; empty for a run whose client waits for the result.
        turn: Its future in the thread pool's queue.
    """

    job: str
    embedded: bool
    start: Callable[[QueuedRun], Iterator[Event]]
    stop: threading.Event = field(default_factory=threading.Event)
    log: EventLog = field(default_factory=EventLog)
    begun: bool = False
    turn: Future[None] | None = None

    @property
    def over(self) -> bool:
        """Whether its event log has ended."""
        return self.log.over
