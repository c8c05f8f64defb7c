"""Event log of one run, replayable for late and returning subscribers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from ..events import Event

_OVER = ("done", "failed")


class News(NamedTuple):
    """The events that a subscriber has not received yet.

    Attributes:
        events: Ids and events.
        over: Whether no more will come.
        elsewhere: Whether it is over without a final event: the job goes on in another process,
            or later.
    """

    events: list[tuple[str, Event]]
    over: bool
    elsewhere: bool


@dataclass(eq=False)
class EventLog:
    """The events of one run so far, and its subscribers.

    Attributes:
        token: Prefix of the ids of its events; unique for each log.
        events: In the order they were logged.
        over: Whether nothing more will come.
        error: The exception that the run failed with.
    """

    token: str = field(default_factory=lambda: secrets.token_hex(4))
    events: list[Event] = field(default_factory=list)
    over: bool = False
    error: Exception | None = None
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _watchers: list[Callable[[], object]] = field(default_factory=list)

    def tell(self, event: Event | None) -> None:
        """Appends an event; None ends the log."""
        with self._changed:
            if event is not None:
                self.events.append(event)
            self.over = event is None or event.event in _OVER
            self._changed.notify_all()
            watchers = list(self._watchers)
        for wake in watchers:
            wake()

    def place(self, after: str | None) -> int:
        """The index of the first event after the one with this id; 0 for an id of another log."""
        token, _, number = (after or "").partition("-")
        if token != self.token or not (number.isascii() and number.isdecimal()):
            return 0
        return min(int(number[:9]), len(self.events))

    def since(self, at: int) -> News:
        """The events from an index on."""
        with self._changed:
            new = self.events[at:]
            events = [(f"{self.token}-{number}", one) for number, one in enumerate(new, at + 1)]
            ended = bool(self.events) and self.events[-1].event in _OVER
            return News(events, self.over, self.over and not ended)

    def listen(
        self, after: str | None, patience: float | None
    ) -> Iterator[tuple[str, Event] | None]:
        """Yields the events after a given one as they are logged, and None after a time-out.

        Args:
            after: The id of the last event received.
            patience: Seconds to wait for the next event; None for ever.
        """
        at = self.place(after)
        while True:
            with self._changed:
                if at >= len(self.events) and not self.over:
                    self._changed.wait(patience)
            news = self.since(at)
            yield from news.events
            at += len(news.events)
            if news.over:
                return
            if not news.events:
                yield None

    @contextmanager
    def watching(self, wake: Callable[[], object]) -> Iterator[None]:
        """Calls a function after every logged event, until the context ends."""
        with self._changed:
            self._watchers.append(wake)
        try:
            yield
        finally:
            with self._changed:
                self._watchers.remove(wake)
