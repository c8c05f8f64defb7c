"""Authorization: the API key; without one, local programs only and no foreign web page."""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers

from serving import host_name, is_loopback, origin_host

from ..errors import EndpointError
from .json_body import plain


def check_caller(headers: Headers, api_key: str) -> None:
    """Raises EndpointError if a request is not authorized.

    Without a key the service listens on loopback only; but a web page that is open in a browser on
    this machine could still send to it, directly or by DNS rebinding.

    Args:
        headers: The request's headers.
        api_key: The required key; empty for none.

    Raises:
        EndpointError: The key is wrong, or none is required and a foreign web page sent this.
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
    """Compares in constant time."""
    scheme, _, given = authorization.partition(" ")
    # Headers arrive as Latin-1, whatever the bytes of the key are.
    same = secrets.compare_digest(given.strip().encode("latin-1"), api_key.encode())
    if not same or scheme.lower() != "bearer":
        raise EndpointError("endpoint.wrong_key")
