"""Checks the Host and Origin headers, against DNS rebinding and cross-site requests.

A web page that is open in a browser on this machine can send requests to every server here, under
the server's own name or under a name that the page's owner points at 127.0.0.1 (DNS rebinding).
Starlette's TrustedHostMiddleware answers such a request in plain text and does not check Origin.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]:/?#@\\]+)(?::[0-9]*)?", re.IGNORECASE)
_POLICY_VIOLATION = 1008


def host_name(host: str) -> str:
    """The host name in a Host header, in lower case, without port and brackets.

    Args:
        host: The header's value. An invalid one, such as ``localhost@evil``, gives an empty name.
    """
    found = _HOST.fullmatch(host)
    return found[1].lower().strip("[]") if found else ""


def origin_host(origin: str) -> str:
    """The host and port of an Origin header, in the form of a Host header; empty if it has none.

    Args:
        origin: Such as ``https://example.org:8000``, or ``null``.
    """
    try:
        scheme, host, *rest = urlsplit(origin)
    except ValueError:
        return ""
    return host.lower() if scheme in ("http", "https") and not any(rest) else ""


def is_own_page(origin: str, host: str) -> bool:
    """Whether a request comes from a page of the same server (same origin).

    Args:
        origin: The Origin header.
        host: The Host header.
    """
    return bool(host_name(host)) and origin_host(origin) == host.lower()


async def send_refusal(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends an error response; closes the connection instead if it is a websocket.

    Args:
        response: The response for an HTTP client.
        scope: The ASGI scope, of type ``http`` or ``websocket``.
        receive: The ASGI receive callable.
        send: The ASGI send callable.
    """
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    await response(scope, receive, send)
