"""Probes the service's backend for the readiness check."""

from __future__ import annotations

import threading
import time

from chains import BackendError, Resolved, check_reachable, choose, find_named, secret
from messages import SaidError

CACHE_SECONDS = 5.0
"""Seconds for which a probe's result is cached; /ready may be called often."""


class BackendProbe:
    """Checks whether the service's backend can be reached, and caches the result.

    Args:
        resolved: The settings of the service.
    """

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._lock = threading.Lock()
        self._state, self._expires = "", 0.0

    def state(self) -> str:
        """``ok``, or the message code of the problem."""
        with self._lock:
            if time.monotonic() >= self._expires:
                self._state = self._probe()
                self._expires = time.monotonic() + CACHE_SECONDS
            return self._state

    def _probe(self) -> str:
        backend = choose(self._resolved)
        try:
            if backend.embedded:
                return "ok" if find_named(backend.model) else "doctor.no_model"
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
