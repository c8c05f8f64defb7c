"""Authorization: the API key; without one, local programs only and no foreign web page."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

from starlette.datastructures import Headers

from serving import host_name, is_loopback, origin_host

from ..errors import EndpointError
from .json_body import plain

LOOPBACK_ORIGIN = r"https?://([\w-]+\.)*localhost(:\d+)?|https?://(127(\.\d+){3}|\[::1\])(:\d+)?"
"""A regular expression of the origins of pages that this machine serves."""


def usable_key(given: str) -> str:
    """A key without white space around it.

    Args:
        given: From the command line or the environment; empty for no key.

    Raises:
        EndpointError: It has characters that no header carries alike everywhere.
    """
    key = given.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise EndpointError("endpoint.key_form")
    return key


def usable_origins(given: Iterable[str]) -> tuple[str, ...]:
    """The origins of web pages that may read answers, as a browser writes them.

    Raises:
        EndpointError: One is no origin, such as ``*``, ``null`` or an address without a scheme.
    """
    origins = tuple(origin.strip().rstrip("/") for origin in given)
    for origin in origins:
        if "*" in origin or not host_name(origin_host(origin)):
            raise EndpointError("endpoint.cors_origin", given=plain(origin))
    return tuple(
        f"{origin.partition(':')[0].lower()}://{origin_host(origin)}" for origin in origins
    )


def check_caller(headers: Headers, api_key: str, origins: Collection[str] = ()) -> None:
    """Raises EndpointError if a request is not authorized.

    Without a key the service listens on loopback only; but a web page that is open in a browser on
    this machine could still send to it, directly or by DNS rebinding.

    Args:
        headers: The request's headers.
        api_key: The required key; empty for none.
        origins: Of further web pages that may ask without a key.

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
    if origin is None or origin in origins:
        return
    if not is_loopback(host_name(origin_host(origin))):
        raise EndpointError("endpoint.foreign_page", given=plain(origin))


def _check_key(authorization: str, api_key: str) -> None:
    """Compares in constant time."""
    scheme, _, given = authorization.partition(" ")
    # Headers arrive as Latin-1, whatever the bytes of the key are.
    same = secrets.compare_digest(given.strip().encode("latin-1"), api_key.encode())
    if not same or scheme.lower() != "bearer":
        raise EndpointError("endpoint.wrong_key")
