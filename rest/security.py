"""Middleware that checks host, origin, token and body size before a request reaches the app."""

from __future__ import annotations

import asyncio
import secrets

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import host_name, is_own_page, language_of, send_refusal

from .config import MOST_BODY, Access, Limits
from .error_handlers import refuse, report
from .errors import RestError

OPEN = ("/health", "/ready", "/docs")
"""Paths that need no token: they reveal nothing that is not in the open source code."""
_OPEN_PREFIXES = ("/pairs/playground", "/docs/")
PAGE, DESK = "/ui", "/desk"
_UPLOADS = ("/files", "/jobs")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class AccessMiddleware:
    """ASGI middleware that enforces the access rules and the size of request bodies.

    Args:
        app: The wrapped ASGI application.
        access: The access rules.
        limits: Limits on uploads and on stalled bodies.
    """

    def __init__(self, app: ASGIApp, access: Access, limits: Limits) -> None:
        self._app = app
        self._access = access
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers it with an error."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check(scope, headers)
            most = self._max_body(scope, headers)
        except RestError as error:
            await self._refuse(error, scope, headers, receive, send)
            return
        if scope["type"] == "http":
            receive = _bounded(receive, most, self._limits.stall_seconds)
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the exception handler has answered; this logs it
            report(scope["path"], error)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if self._access.hosts and host_name(host) not in self._access.hosts:
            raise RestError("rest.host", host=host[:80])
        origin = headers.get("origin")
        unsafe = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if origin and unsafe and not self._allows_origin(origin, host):
            raise RestError("rest.origin", origin=origin[:80])
        if not self._is_authorized(scope, headers):
            raise RestError("rest.token_missing")

    def _allows_origin(self, origin: str, host: str) -> bool:
        return origin in self._access.origins or is_own_page(origin, host)

    def _is_authorized(self, scope: Scope, headers: Headers) -> bool:
        path: str = scope["path"]
        public = path in OPEN or path.startswith(_OPEN_PREFIXES) or _is_page(path)
        if self._access.token is None or public:
            return True
        scheme, _, token = headers.get("authorization", "").partition(" ")
        expected = self._access.token.get_secret_value().encode()
        same = secrets.compare_digest(token.strip().encode("utf-8", "replace"), expected)
        return same and scheme.lower() == "bearer"

    def _max_body(self, scope: Scope, headers: Headers) -> int:
        """The most bytes that the body may have.

        Raises:
            RestError: Its Content-Length says it has more.
        """
        if scope["type"] == "websocket":
            return 0
        kind = headers.get("content-type", "").lower()
        upload = scope["path"] in _UPLOADS and kind.startswith("multipart/form-data")
        upload = upload or _is_page(scope["path"])
        most = self._limits.upload_bytes if upload else MOST_BODY
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > most:
            raise RestError("rest.body_too_large", most=f"{most / 1e6:g}")
        return most

    async def _refuse(
        self, error: RestError, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        language = language_of(headers.get("accept-language", ""))
        extra: dict[str, str] = {}
        if error.code == "rest.token_missing":
            extra["WWW-Authenticate"] = 'Bearer realm="qa3"'
        response: Response = refuse(error.code, language, error.fields, headers=extra)
        await send_refusal(response, scope, receive, send)


def _is_page(path: str) -> bool:
    """Whether a path belongs to the page or the desk, which have a sign-in of their own."""
    return path == PAGE or path.startswith((f"{PAGE}/", f"{DESK}/"))


def _bounded(receive: Receive, most: int, seconds: float) -> Receive:
    """A ``receive`` that raises RestError for a body that is too large or stalls."""
    received, complete = 0, False

    async def bounded() -> Message:
        nonlocal received, complete
        if complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise RestError("rest.stalled", seconds=f"{seconds:g}") from error
        received += len(message.get("body", b""))
        complete = message["type"] != "http.request" or not message.get("more_body", False)
        if received > most:
            raise RestError("rest.body_too_large", most=f"{most / 1e6:g}")
        return message

    return bounded
