"""Handles Ctrl-C during a long operation."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """A context in which Ctrl-C calls a function; outside the main thread it does nothing.

    Args:
        act: The handler, called in the main thread between two bytecode instructions.
    """

    def interrupted(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's form
        act()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
