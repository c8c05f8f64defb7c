"""Doubles that tests of several rooms use."""

from __future__ import annotations

import threading

from bench.simulated import pairs_reply

WAIT = 60.0
"""Seconds after which a test that waits for another thread has failed."""


class Gate:
    """Holds a simulated model's replies back until it is opened.

    Attributes:
        open: Set, every reply may go.
        reached: Released once for every request that came.
    """

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Semaphore(0)

    def __call__(self, messages: list[dict[str, str]]) -> str:
        """The reply, once it may go."""
        self.reached.release()
        assert self.open.wait(WAIT)
        return pairs_reply(messages)
