"""What a run has told so far, for any number of listeners that come and go."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..events import Event

_OVER = ("done", "failed")


class News(NamedTuple):
    """What there is to hear at a moment.

    Attributes:
        events: With their ids.
        over: No more will come.
        elsewhere: Nor was an end told: the job goes on in another process, or later.
    """

    events: list[tuple[str, Event]]
    over: bool
    elsewhere: bool


@dataclass
class Run:
    """One run of a job: what it has told so far, and who waits for more."""

    job: str
    embedded: bool
    given: dict[str, Any]
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    events: list[Event] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    stop: threading.Event = field(default_factory=threading.Event)
    begun: bool = False
    over: bool = False
    turn: Future[None] | None = None
    watchers: list[Callable[[], object]] = field(default_factory=list)

    def tell(self, event: Event | None) -> None:
        """Tells an event, or that nothing more will come."""
        with self.changed:
            if event is not None:
                self.events.append(event)
            self.over = event is None or event.event in _OVER
            self.changed.notify_all()
            watchers = list(self.watchers)
        for wake in watchers:
            wake()

    def place(self, after: str | None) -> int:
        """How many events a listener has heard whose last one had an id."""
        token, _, number = (after or "").partition("-")
        if token != self.token or not (number.isascii() and number.isdecimal()):
            return 0
        return min(int(number[:9]), len(self.events))

    def since(self, at: int) -> News:
        """What was told after the first so many events."""
        with self.changed:
            new = self.events[at:]
            events = [(f"{self.token}-{number}", one) for number, one in enumerate(new, at + 1)]
            ended = bool(self.events) and self.events[-1].event in _OVER
            return News(events, self.over, self.over and not ended)

    def listen(
        self, after: str | None, patience: float | None
    ) -> Iterator[tuple[str, Event] | None]:
        """The events after one that was heard, as they are told; None where none came for long.

        Args:
            after: The id of the last event heard.
            patience: Seconds; None for ever.
        """
        at = self.place(after)
        while True:
            with self.changed:
                if at >= len(self.events) and not self.over:
                    self.changed.wait(patience)
            news = self.since(at)
            yield from news.events
            at += len(news.events)
            if news.over:
                return
            if not news.events:
                yield None

    @contextmanager
    def watching(self, wake: Callable[[], object]) -> Iterator[None]:
        """Calls a function after everything that is told, until the context ends."""
        with self.changed:
            self.watchers.append(wake)
        try:
            yield
        finally:
            with self.changed:
                self.watchers.remove(wake)
