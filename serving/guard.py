"""Who asks, by the Host and Origin headers, and how a stranger is refused.

A page that is open in a browser here can send to every server of this machine, under the server's
own name or under one that the page's owner lets point here (DNS rebinding). Starlette's
TrustedHostMiddleware answers such a request with plain text, and knows of no origin.
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
    """The name in a Host header, in small letters, without port and brackets; empty for none.

    Args:
        host: The header's value. What is no host, such as ``localhost@evil``, has no name.
    """
    found = _HOST.fullmatch(host)
    return found[1].lower().strip("[]") if found else ""


def origin_host(origin: str) -> str:
    """The host and port of an Origin header as a Host header has them; empty for none.

    Args:
        origin: Such as ``https://example.org:8000``, or ``null``.
    """
    try:
        scheme, host, *rest = urlsplit(origin)
    except ValueError:
        return ""
    return host.lower() if scheme in ("http", "https") and not any(rest) else ""


def is_own_page(origin: str, host: str) -> bool:
    """Whether a request comes from a page of the server that it goes to.

    Args:
        origin: The Origin header.
        host: The Host header.
    """
    return bool(host_name(host)) and origin_host(origin) == host.lower()


async def send_refusal(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a refusal; a websocket, which can carry none, is closed instead.

    Args:
        response: What an HTTP client is answered.
        scope: ASGI's, of ``http`` or ``websocket``.
        receive: ASGI's.
        send: ASGI's.
    """
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    await response(scope, receive, send)
