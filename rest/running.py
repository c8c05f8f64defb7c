"""The server process: begun with one line, ended without losing anything."""

from __future__ import annotations

import socket
import sys

import uvicorn
from fastapi import FastAPI

from .service import Service

CLOSING_SECONDS = 30
"""Connections still open so long after the end was asked for are closed."""
SWITCH_SECONDS = 0.0005
_MOST_CONNECTIONS = 2000
_HEADER_BYTES = 64_000


class Server(uvicorn.Server):
    """Tells the service that it ends before it waits for connections, which wait for events."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what is waited for first."""
        service: Service | None = getattr(self.config.app.state, "service", None)  # type: ignore[union-attr]  # an app of ours
        if service is not None:
            service.stop_all()
        await super().shutdown(sockets)


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves until the process is asked to end."""
    # Threads that compute would else keep the event loop waiting for 5 ms each, again and again.
    sys.setswitchinterval(SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses and paths are nobody's business but a proxy's
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=CLOSING_SECONDS,
        h11_max_incomplete_event_size=_HEADER_BYTES,
    )
    Server(config).run()
