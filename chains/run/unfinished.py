"""Runs that are not over when the interpreter ends."""

from __future__ import annotations

import atexit
from collections.abc import Generator
from contextlib import suppress
from typing import Any
from weakref import WeakSet

_unfinished: WeakSet[Generator[Any, None, None]] = WeakSet()


def stop_at_exit(events: Generator[Any, None, None]) -> None:
    """Stops a run whose events nobody takes any more, while its threads can still end.

    A generator that is closed later, with the interpreter's last objects, would wait for ever.
    """
    _unfinished.add(events)


@atexit.register
def _stop_unfinished() -> None:
    for events in list(_unfinished):
        with suppress(ValueError):  # another thread is inside it
            events.close()
