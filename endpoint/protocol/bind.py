"""Binds the service's socket before the model is loaded, and serves on it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from serving import GuardedHttp, is_loopback

from ..errors import EndpointError
from .auth import usable_key

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

SHUTDOWN_SECONDS = 5  # for requests in progress when the service ends


def bind(host: str, port: int, api_key: str) -> socket.socket:
    """A socket bound to an address, so that no other process can take the port.

    Args:
        host: A name or an address of this machine.
        port: 0 for a free one.
        api_key: Needed where other machines can reach the address.

    Raises:
        EndpointError: The address is not loopback and there is no key, the key cannot be one, or
            the address cannot be bound.
    """
    if not usable_key(api_key) and not is_loopback(host):
        raise EndpointError("endpoint.key_needed", host=host)
    try:
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
        family, kind, protocol, _, address = found[0]
        # With the protocol, asyncio sends each token at once; without it, they wait 40 ms.
        opened = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as error:
        raise _refused(host, port, error) from error
    try:
        if sys.platform != "win32":  # where it would let a second service in
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except (OSError, OverflowError) as error:
        opened.close()
        raise _refused(host, port, error) from error
    return opened


def _refused(host: str, port: int, error: Exception) -> EndpointError:
    reason = getattr(error, "strerror", None) or str(error)
    return EndpointError("serving.address", host=host, port=port, reason=reason)


def serve(app: FastAPI, opened: socket.socket, ready: Callable[[], None]) -> None:
    """Serves until interrupted.

    Args:
        app: From ``create_app``.
        opened: From ``bind``.
        ready: Called once callers can connect.
    """
    server = server_of(app)
    opened.listen(server.config.backlog)
    ready()
    server.run(sockets=[opened])


def server_of(app: FastAPI, log_level: str = "warning") -> uvicorn.Server:
    """The server of an application, which has yet to run.

    Args:
        app: From ``create_app``.
        log_level: Of uvicorn's own log.
    """
    import uvicorn

    config = uvicorn.Config(
        app,
        http=GuardedHttp,
        log_level=log_level,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
    )
    return uvicorn.Server(config)
