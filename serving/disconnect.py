"""Waits for an HTTP client to disconnect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


async def disconnected(request: Request) -> None:
    """Returns when the client has closed the connection.

    Args:
        request: The request; its body must have been read already.
    """
    while (await request.receive())["type"] != "http.disconnect":
        pass
