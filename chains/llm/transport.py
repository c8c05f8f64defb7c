"""Sends requests in the form that a server takes, and gives its replies in the form asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx

from .errors import is_page, status_said, words_in
from .event_stream import EventReader, as_events, is_event_stream, watched
from .request_form import RequestForm

if TYPE_CHECKING:
    from ssl import SSLContext

_ERROR = 400
_CONNECTIONS = httpx.Limits(max_connections=1000, max_keepalive_connections=300)
_OF_BODY = {"content-length", "content-encoding", "transfer-encoding", "content-type"}


class FormTransport(httpx.BaseTransport):
    """A transport that rewrites chat requests as ``form`` says, and learns from refusals.

    A reply streamed though it was asked for whole is put together, and the other way round; an
    error under status 200 gets the status of an error.

    Args:
        inner: Sends them.
        form: The server's.
        thoughts: Whether a reply's thoughts, which servers give in a field of their own, are put
            in front of it in tags; a streamed reply then comes whole.
    """

    def __init__(
        self, inner: httpx.BaseTransport, form: RequestForm, *, thoughts: bool = False
    ) -> None:
        self._inner, self._form, self._thoughts = inner, form, thoughts

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The response to a request, in the form in which it was asked for.

        Raises:
            TransportError: The connection fails.
        """
        if not request.url.path.endswith("/chat/completions"):
            return self._inner.handle_request(request)
        body = json.loads(request.read())
        while True:
            sent = self._form.apply(body)
            response = self._inner.handle_request(_rewritten(request, sent))
            status, said = response.status_code, ""
            streamed = is_event_stream(response.headers.get("content-type", ""))
            if status < _ERROR and streamed:
                if body.get("stream") and not self._thoughts:
                    return _passed_on(response)
                reply = _collected(response)
            else:
                said = _text(response)
                reply = _decoded(said)
                if status < _ERROR:
                    status = _status(reply, said) or status
            if isinstance(reply, dict) and streamed and "choices" not in reply:
                said, status = json.dumps(reply, ensure_ascii=False), status_said(reply)
            if status >= _ERROR:
                if self._form.learn(status, said, sent, body):
                    continue
                return _answer(response, status, said.encode())
            if self._thoughts and isinstance(reply, dict):
                reply = _with_thoughts(reply)
            return _as_asked(response, reply, said, streamed=bool(body.get("stream")))

    def close(self) -> None:
        """Closes the connections."""
        self._inner.close()


def http_client(
    form: RequestForm,
    *,
    timeout: float,
    proxy: str | None,
    certificates: SSLContext,
    thoughts: bool = False,
) -> httpx.Client:
    """A client for the package that calls the model.

    Args:
        form: The server's.
        timeout: Seconds a call may take.
        proxy: Address of the proxy on the way; None for none.
        certificates: The authorities that are trusted.
        thoughts: As for ``FormTransport``.

    Raises:
        ImportError: The proxy speaks SOCKS, and its package is missing.
        ValueError: The proxy's address is none.
    """
    inner = httpx.HTTPTransport(verify=certificates, proxy=proxy, limits=_CONNECTIONS)
    transport = FormTransport(inner, form, thoughts=thoughts)
    return httpx.Client(
        transport=transport, timeout=timeout, trust_env=False, follow_redirects=True
    )


def _rewritten(request: httpx.Request, body: dict[str, Any]) -> httpx.Request:
    headers = [(n, v) for n, v in request.headers.raw if n.lower() != b"content-length"]
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return httpx.Request(
        request.method,
        request.url,
        headers=headers,
        content=content.encode("utf-8", "surrogatepass"),
        extensions=request.extensions,
    )


def _text(response: httpx.Response) -> str:
    try:
        response.read()
    finally:
        response.close()
    return response.text


def _decoded(said: str) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        return None


def _status(reply: Any, said: str) -> int:
    """The status of an error that came under that of a reply; 0 for a reply."""
    if is_page(said):
        return _ERROR
    if isinstance(reply, dict) and not reply.get("choices"):
        return status_said({n: v for n, v in reply.items() if n != "id"})
    return 0


def _collected(response: httpx.Response) -> dict[str, Any]:
    """A streamed reply as one body; what came before it broke off is kept as a cut reply."""
    reader = EventReader()
    try:
        for line in response.iter_lines():
            reader.take(line)
    except httpx.TransportError:
        if not reader.begun:
            raise
        return reader.whole(broken=True)
    finally:
        response.close()
    if reader.error is not None and not reader.begun:
        return reader.error
    return reader.whole(broken=reader.error is not None)


def _with_thoughts(reply: dict[str, Any]) -> dict[str, Any]:
    """A reply with the thoughts of its own field in front of its text, in tags."""
    choices = reply.get("choices") or [{}]
    message = choices[0].get("message") or {}
    thought = message.get("reasoning_content") or message.get("reasoning")
    said = message.get("content") or ""
    if not (isinstance(thought, str) and thought.strip() and isinstance(said, str)):
        return reply
    said = f"<think>\n{thought.strip()}\n</think>\n\n{said}"
    first = {**choices[0], "message": {**message, "content": said}}
    return {**reply, "choices": [first, *choices[1:]]}


class _Watched(httpx.SyncByteStream):
    """The body of a streamed reply, which fails where it ends too early."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from watched(self._response.iter_bytes(), httpx.RemoteProtocolError)

    def close(self) -> None:
        self._response.close()


def _passed_on(response: httpx.Response) -> httpx.Response:
    headers = _headers(response) | {"content-type": "text/event-stream"}
    return httpx.Response(response.status_code, headers=headers, stream=_Watched(response))


def _as_asked(response: httpx.Response, reply: Any, said: str, *, streamed: bool) -> httpx.Response:
    if not isinstance(reply, dict):
        return _answer(response, response.status_code, said.encode())
    if not reply.get("choices"):  # nothing was written, and nothing says why
        empty = {"role": "assistant", "content": ""}
        reply = {**reply, "choices": [{"index": 0, "finish_reason": "stop", "message": empty}]}
    if streamed:
        return _answer(response, 200, as_events(reply), "text/event-stream")
    return _answer(response, 200, json.dumps(reply).encode())


def _answer(
    response: httpx.Response, status: int, body: bytes, kind: str = "application/json"
) -> httpx.Response:
    given = response.headers.get("content-type", "")
    if status >= _ERROR and words_in(body.decode()) and not given.startswith("application/json"):
        kind = given or kind
    return httpx.Response(status, headers=_headers(response) | {"content-type": kind}, content=body)


def _headers(response: httpx.Response) -> dict[str, str]:
    return {n: v for n, v in response.headers.items() if n.lower() not in _OF_BODY}
