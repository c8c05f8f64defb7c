"""Middleware in front of Chainlit: checks Host, Origin and upload size, sets security headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from messages import say
from serving import host_name, is_loopback, is_own_page, language_of, send_refusal

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import Message, Receive, Scope, Send

MOST_BYTES = 200 * 1024 * 1024
_SLACK = 1024 * 1024  # what a form adds around a file
# Chainlit compiles elements in the browser, which needs eval. Other hosts are blocked in both
# directions, as a document or a model may put image links into its text.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
    " media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:;"
    " frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
)


class Guard:
    """ASGI middleware that refuses requests which do not come from the page itself.

    Args:
        app: The page's ASGI application.
        signed_in: Whether users sign in; if not, only loopback host names are served, against
            DNS rebinding.
        policy: The content security policy.
    """

    def __init__(self, app: Any, *, signed_in: bool, policy: str = POLICY) -> None:
        self._app = app
        self._signed_in = signed_in
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        from starlette.datastructures import Headers
        from starlette.responses import JSONResponse

        refusal = self._refusal(Headers(scope=scope))
        if refusal:
            status, words = refusal
            response = JSONResponse({"detail": words}, status_code=status)
            await send_refusal(response, scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        """Status and message of a refused request; None for an accepted one."""
        language = language_of(headers.get("accept-language", ""))
        host = headers.get("host", "")
        if not self._signed_in and not is_loopback(host_name(host)):
            return 403, say("page.no_sign_in_host", language, host=host[:100])
        origin = headers.get("origin")
        if origin and not is_own_page(origin, host):
            return 403, say("page.foreign_origin", language)
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > MOST_BYTES + _SLACK:
            return 413, say("page.too_large", language, most=MOST_BYTES // 1024**2)
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return 411, say("page.too_large", language, most=MOST_BYTES // 1024**2)
        return None
