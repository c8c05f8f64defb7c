"""Whether the service's backend can be reached at all."""

from __future__ import annotations

import threading
import time

from chains import QWEN_CODER, BackendError, Resolved, check_reachable, choose, find, secret
from messages import SaidError

LOOK_AGAIN = 5.0
"""Seconds for which what was found about the backend counts; it may be asked often."""


class BackendLook:
    """Whether the service's backend can be reached; looked at now and then.

    Args:
        resolved: The settings of the service.
    """

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._lock = threading.Lock()
        self._found, self._until = "", 0.0

    def state(self) -> str:
        """``ok``, or the code of what is wrong."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = self._look()
                self._until = time.monotonic() + LOOK_AGAIN
            return self._found

    def _look(self) -> str:
        backend = choose(self._resolved)
        try:
            if backend.embedded:
                own = backend.model != QWEN_CODER.name
                return "ok" if own or find(QWEN_CODER) else "doctor.no_model"
            key = secret(backend.api_key_env) if backend.api_key_env else None
            if backend.api_key_env and key is None:
                raise BackendError(
                    "backend.no_key", backend=backend.name, variable=backend.api_key_env
                )
            if backend.base_url:
                check_reachable(backend, key)
        except SaidError as error:
            return error.code
        return "ok"
