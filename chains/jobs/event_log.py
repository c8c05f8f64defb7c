"""Event log of one run, replayable for listeners that come late, leave, and come back."""

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
    """What there is to hear at a moment.

    Attributes:
        events: With their ids.
        over: No more will come.
        elsewhere: Nor was an end told: the job goes on in another process, or later.
    """

    events: list[tuple[str, Event]]
    over: bool
    elsewhere: bool


@dataclass(eq=False)
class EventLog:
    """What one run has told so far, and who waits for more.

    Attributes:
        token: What the ids of its events begin with; no other log has it.
        events: In the order they were told.
        over: Nothing more will come.
        error: Why the run failed, as it was raised.
    """

    token: str = field(default_factory=lambda: secrets.token_hex(4))
    events: list[Event] = field(default_factory=list)
    over: bool = False
    error: Exception | None = None
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _watchers: list[Callable[[], object]] = field(default_factory=list)

    def tell(self, event: Event | None) -> None:
        """Tells an event, or that nothing more will come."""
        with self._changed:
            if event is not None:
                self.events.append(event)
            self.over = event is None or event.event in _OVER
            self._changed.notify_all()
            watchers = list(self._watchers)
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
        with self._changed:
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
        """Calls a function after everything that is told, until the context ends."""
        with self._changed:
            self._watchers.append(wake)
        try:
            yield
        finally:
            with self._changed:
                self._watchers.remove(wake)
