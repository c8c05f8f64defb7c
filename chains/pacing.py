"""The pace of calls: so many requests and tokens a minute, and a rest where a server asks."""

from __future__ import annotations

import threading
import time

MINUTE = 60.0


class Pace:
    """Spaces calls evenly, so that no minute holds more than its share.

    Args:
        requests: Calls a minute; None for any number.
        tokens: Tokens a minute, of prompts and replies together; None for any number.
    """

    def __init__(self, requests: int | None = None, tokens: int | None = None) -> None:
        self._a_call = MINUTE / requests if requests else 0.0
        self._a_token = MINUTE / tokens if tokens else 0.0
        self._lock = threading.Lock()
        self._next_call = self._next_tokens = 0.0

    def wait(self, tokens: int, stop: threading.Event) -> None:
        """Waits for a call's turn.

        Args:
            tokens: About how many the call takes; ``settle`` puts it right afterwards.
            stop: Ends the waiting.
        """
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next_call, self._next_tokens)
            self._next_call = at + self._a_call
            self._next_tokens = at + tokens * self._a_token
        if at > now:
            stop.wait(at - now)

    def settle(self, expected: int, used: int) -> None:
        """Puts an estimate right: later calls wait for what was used, not what was expected."""
        with self._lock:
            self._next_tokens += (used - expected) * self._a_token

    def pause(self, seconds: float) -> None:
        """Lets every caller rest, since the server told one of them to."""
        if seconds > 0:
            with self._lock:
                self._next_call = max(self._next_call, time.monotonic() + seconds)
