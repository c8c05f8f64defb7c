"""The wait for a client that goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


async def disconnected(request: Request) -> None:
    """Returns once the client has closed the connection.

    Args:
        request: Its body has been read.
    """
    while (await request.receive())["type"] != "http.disconnect":
        pass
