"""Who may call: whoever shows the key; without one, programs of this machine and no web page."""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers

from serving import host_name, is_loopback, origin_host

from ..errors import EndpointError
from .json_body import plain


def check_caller(headers: Headers, api_key: str) -> None:
    """Passes for a caller who may ask.

    Without a key the service listens on this machine alone; but every page that is open in a
    browser here can send to it, under its own name or under one that it lets point here.

    Args:
        headers: Of the request.
        api_key: What has to be shown; empty for none.

    Raises:
        EndpointError: The key is wrong, or there is none and a web page of others asks.
    """
    if api_key:
        _check_key(headers.get("authorization", ""), api_key)
        return
    host = headers.get("host", "")
    if not is_loopback(host_name(host)):
        raise EndpointError("endpoint.foreign_host", given=plain(host))
    origin = headers.get("origin")
    if origin is not None and not is_loopback(host_name(origin_host(origin))):
        raise EndpointError("endpoint.foreign_page", given=plain(origin))


def _check_key(authorization: str, api_key: str) -> None:
    """Takes the same time for every wrong one."""
    scheme, _, given = authorization.partition(" ")
    # Headers arrive as Latin-1, whatever the bytes of the key are.
    same = secrets.compare_digest(given.strip().encode("latin-1"), api_key.encode())
    if not same or scheme.lower() != "bearer":
        raise EndpointError("endpoint.wrong_key")
