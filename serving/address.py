"""Tells whether a service can have an address, before it loads what it serves."""

from __future__ import annotations

import socket
import sys

from messages import SaidError


def check_address(host: str, port: int) -> None:
    """Checks that a service can listen on an address.

    Args:
        host: A name or an address of this machine.
        port: 0 for a free one.

    Raises:
        SaidError: It cannot: another process does, or it is no address of this machine.
    """
    try:
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as opened:
            if sys.platform != "win32":  # where it would let a second service in
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SaidError("serving.address", host=host, port=port, reason=reason) from error
