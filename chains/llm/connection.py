"""The way to a backend: its address, its key, the proxy and the certificates."""

from __future__ import annotations

import re
import urllib.request
from functools import cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..errors import BackendError
from .backends import Backend
from .errors import Kind, is_certificate, kind_of, words_in

if TYPE_CHECKING:
    import httpx

REACH_SECONDS = 5.0
_ERROR, _NOT_FOUND, _UNAUTHORIZED, _FORBIDDEN = 400, 404, 401, 403
_ENDPOINT = re.compile(r"/(?:chat/completions|completions|embeddings|models)/*\Z")
_DOUBLED = re.compile(r"(/v\d+)(?:/+v\d+)+(?=/*\Z)")
_VERSION = re.compile(r"/v\d|/openai|/compatible-mode|/api/paas")
_NO_KEY = re.compile(r"[^\x21-\x7e]")
_CODES: dict[Kind, str] = {
    "not_found": "backend.not_found",
    "no_access": "backend.no_access",
    "no_route": "backend.no_route",
    "page": "backend.page",
    "wrong_key": "backend.wrong_key",
}


def failure(kind: Kind, backend: Backend, reason: str) -> BackendError | None:
    """The error of a backend that cannot be used as it is set up; None for other kinds.

    It names the variable of the key, and never the key.

    Args:
        kind: From ``classify``.
        backend: The backend.
        reason: The server's own words.
    """
    if kind not in _CODES:
        return None
    return BackendError(
        _CODES[kind],
        backend=backend.name,
        address=backend.base_url or backend.provider,
        model=backend.model,
        variable=backend.api_key_env or "api_key_env",
        reason=reason,
    )


def tidy_address(address: str) -> str:
    """An address without what only a whole endpoint has, and without a doubled version.

    Args:
        address: As the user gave it; one that is right is given back as it is.
    """
    given = address.strip()
    return _DOUBLED.sub(r"\1", _ENDPOINT.sub("", given))


def check_key(backend: Backend, key: SecretStr) -> None:
    """Refuses a key that no request can carry.

    Raises:
        BackendError: It holds a blank, a line end, or a letter beyond ASCII.
    """
    odd = _NO_KEY.search(key.get_secret_value())
    if odd:
        raise BackendError(
            "backend.odd_key",
            backend=backend.name,
            variable=backend.api_key_env or "api_key_env",
            character=f"U+{ord(odd[0]):04X}",
            place=odd.start() + 1,
        )


def proxy_for(address: str) -> str | None:
    """The proxy that the environment names for an address; None for this machine itself.

    Args:
        address: Of the backend.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if _is_here(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    return (found if "://" in found else f"http://{found}") if found else None


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def check_reachable(backend: Backend, key: SecretStr | None) -> str:
    """Requests the list of models, so that a wrong address or key is reported at once.

    Returns:
        The address to use: with ``/v1`` where only that answers.

    Raises:
        BackendError: There is no response within 5 s, or the key is refused.
    """
    if key:
        check_key(backend, key)
    address = tidy_address(backend.base_url or "")
    answer = _list_models(backend, address, key)
    if _is_elsewhere(answer) and not _VERSION.search(urlsplit(address).path):
        versioned = f"{address.rstrip('/')}/v1"
        further = _list_models(backend, versioned, key)
        if not _is_elsewhere(further):
            address, answer = versioned, further
    status, said = answer.status_code, answer.text
    if status >= _ERROR:
        kind = kind_of(status, said)
        wrong = failure(kind, backend, words_in(said)[:300] or str(status))
        # Many servers have no list of models: only what holds for every request is told.
        if wrong is not None and kind not in ("not_found", "no_route") and status != _NOT_FOUND:
            raise wrong
    return address


def _is_elsewhere(answer: httpx.Response) -> bool:
    """Whether an address leads to no list of models."""
    page = "json" not in answer.headers.get("content-type", "json")
    return answer.status_code == _NOT_FOUND or (answer.is_success and page)


def _list_models(backend: Backend, address: str, key: SecretStr | None) -> httpx.Response:
    import httpx

    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    where = {"backend": backend.name, "address": backend.base_url or ""}
    proxy = proxy_for(address)
    try:
        with httpx.Client(
            *(),
            proxy=proxy,
            verify=certificates(),
            trust_env=False,
            timeout=REACH_SECONDS,
            follow_redirects=True,
        ) as client:
            return client.get(f"{address.rstrip('/')}/models", headers=headers)
    except ImportError as error:
        raise BackendError("backend.no_socks", proxy=_without_password(proxy), **where) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        if is_certificate(error):
            code = "backend.no_tls" if "WRONG_VERSION" in reason else "backend.certificate"
            raise BackendError(code, reason=reason, **where) from error
        if proxy:
            raise BackendError(
                "backend.proxy", proxy=_without_password(proxy), reason=reason, **where
            ) from error
        raise BackendError("backend.unreachable", **where) from error


def _without_password(proxy: str | None) -> str:
    return re.sub(r"//[^/@]*@", "//", proxy or "")


@cache
def certificates() -> SSLContext:
    """The certificate authorities, read once: that takes 20 ms."""
    import httpx

    return httpx.create_ssl_context()
