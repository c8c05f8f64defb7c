"""uvicorn's HTTP protocol with two guards: a time for request heads, and one length of a body.

uvicorn waits for ever for a head that never ends. A body with both a Content-Length and a
Transfer-Encoding is read by one of them here and by the other in some proxy (request smuggling);
RFC 9112, section 6.1, lets a server refuse it and close the connection.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
BOTH_LENGTHS = {b"content-length", b"transfer-encoding"}


class _OneLength(h11.Connection):
    """A connection on which a request with two lengths is no HTTP."""

    def next_event(self) -> Any:
        """The next event of the peer, as h11 gives it."""
        event = super().next_event()
        if isinstance(event, h11.Request) and {name for name, _ in event.headers} >= BOTH_LENGTHS:
            raise h11.RemoteProtocolError("both Content-Length and Transfer-Encoding")
        return event


class GuardedHttp(H11Protocol):
    """Closes a connection whose request head is not whole in time; refuses two lengths with 400.

    To be given to ``uvicorn.Config(http=...)``.
    """

    _deadline: TimerHandle | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        most = self.config.h11_max_incomplete_event_size
        sizes = {} if most is None else {"max_incomplete_event_size": most}
        self.conn = _OneLength(h11.SERVER, **sizes)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Called by asyncio for a new connection."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio with the next bytes."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio when the connection has ended."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._drop)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _drop(self) -> None:
        self._deadline = None
        # A request answered in the meantime may have left a connection that is kept alive.
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()
