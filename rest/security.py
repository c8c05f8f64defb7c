"""Who gets in: looked at before anything of a request is read."""

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
"""Read without a token: they tell nothing but what stands in the open source code."""
_OPEN_BELOW = ("/pairs/playground", "/docs/")
PAGE = "/ui"
_UPLOADS = ("/files", "/jobs")
_READING = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Lets through what may ask, and counts the bytes of what it sends.

    Args:
        app: What answers.
        access: Who may ask.
        limits: How much may be sent.
    """

    def __init__(self, app: ASGIApp, access: Access, limits: Limits) -> None:
        self._app = app
        self._access = access
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, or refuses."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check(scope, headers)
            most = self._most(scope, headers)
        except RestError as error:
            await self._refuse(error, scope, headers, receive, send)
            return
        if scope["type"] == "http":
            receive = _bounded(receive, most, self._limits.stall_seconds)
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - answered already; said once, without its words
            report(scope["path"], error)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if self._access.hosts and host_name(host) not in self._access.hosts:
            raise RestError("rest.host", host=host[:80])
        origin = headers.get("origin")
        asks = scope["type"] == "websocket" or scope["method"] not in _READING
        if origin and asks and not self._knows(origin, host):
            raise RestError("rest.origin", origin=origin[:80])
        if not self._is_let_in(scope, headers):
            raise RestError("rest.token_missing")

    def _knows(self, origin: str, host: str) -> bool:
        return origin in self._access.origins or is_own_page(origin, host)

    def _is_let_in(self, scope: Scope, headers: Headers) -> bool:
        path: str = scope["path"]
        open_ = path in OPEN or path.startswith(_OPEN_BELOW) or _is_page(path)
        if self._access.token is None or open_:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        wanted = self._access.token.get_secret_value().encode()
        same = secrets.compare_digest(given.strip().encode("utf-8", "replace"), wanted)
        return same and scheme.lower() == "bearer"

    def _most(self, scope: Scope, headers: Headers) -> int:
        """Bytes the body may have.

        Raises:
            RestError: It says itself that it has more.
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
        more: dict[str, str] = {}
        if error.code == "rest.token_missing":
            more["WWW-Authenticate"] = 'Bearer realm="qa3"'
        response: Response = refuse(error.code, language, error.fields, headers=more)
        await send_refusal(response, scope, receive, send)


def _is_page(path: str) -> bool:
    """Whether a path belongs to the page, which asks people to sign in itself."""
    return path == PAGE or path.startswith(f"{PAGE}/")


def _bounded(receive: Receive, most: int, seconds: float) -> Receive:
    """The same body, but never more of it than may come, nor more slowly."""
    taken, whole = 0, False

    async def bounded() -> Message:
        nonlocal taken, whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise RestError("rest.stalled", seconds=f"{seconds:g}") from error
        taken += len(message.get("body", b""))
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        if taken > most:
            raise RestError("rest.body_too_large", most=f"{most / 1e6:g}")
        return message

    return bounded
