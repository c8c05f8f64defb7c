"""A chat server whose every answer is scripted: status, headers, body, how the line ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

from bench.simulated import pairs_reply
from loaders import count_tokens

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the server says to one request.

    ``close``: the line is closed after the body, of which the length was not told.
    """

    body: object = ""
    status: int = 200
    kind: str = "application/json"
    close: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()


Script = Callable[[Body], Answer]


def reply(body: Body, text: str | None = None, finish: str | None = "stop", **message: Any) -> Body:
    """A whole reply: by default one good pair for every sentence."""
    said = pairs_reply(body["messages"]) if text is None else text
    read = sum(count_tokens(str(message["content"])) for message in body["messages"])
    choice: Body = {"index": 0, "finish_reason": finish}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{**choice, "message": {"role": "assistant", "content": said, **message}}],
        "usage": {"prompt_tokens": read, "completion_tokens": 10, "total_tokens": read + 10},
    }


def good(body: Body) -> Answer:
    """A whole reply with good pairs."""
    return Answer(reply(body))


def error(message: object, status: int = 400) -> Answer:
    """A refusal as OpenAI words it."""
    return Answer({"error": {"message": message, "type": "invalid_request_error"}}, status)


def streamed(text: str, finish: str | None = "stop", *, done: bool = True) -> Answer:
    """A reply as a stream of events."""
    deltas = [*({"content": piece} for piece in text.split("|"))]
    events: list[Body] = [
        {"choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas
    ]
    if finish:
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    head: Body = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    lines = [f"data: {json.dumps({**head, **event})}\n\n" for event in events]
    return Answer("".join(lines) + "data: [DONE]\n\n" * done, kind="text/event-stream", close=True)


class Scripted:
    """The server.

    Attributes:
        asked: The bodies of all requests for a reply.
        paid: Those that were answered with one.
        heads: The authorization and the path of every request.
    """

    def __init__(self, script: Script, models: Callable[[str], Answer]) -> None:
        self.script, self.models = script, models
        self.asked: list[Body] = []
        self.paid: list[Body] = []
        self.heads: list[tuple[str, str]] = []
        self.base_url = ""


@contextmanager
def serving(
    script: Script,
    models: Callable[[str], Answer] = lambda _: Answer({"data": [{"id": "m"}]}),
    tls: SSLContext | None = None,
) -> Iterator[Scripted]:
    """A server on a free port of this machine.

    Args:
        script: From the body of a request to its answer.
        models: From the path of any other request to its answer.
        tls: Its certificate; None to speak plainly.
    """
    server = Scripted(script, models)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            server.heads.append((self.headers.get("Authorization", ""), self.path))
            self._say(server.models(self.path))

        def do_POST(self) -> None:
            server.heads.append((self.headers.get("Authorization", ""), self.path))
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append(body)
            answer = server.script(body)
            if answer.status < 400 and b'"choices"' in answer.raw and answer.body != answer.raw:
                server.paid.append(body)
            self._say(answer)

        def _say(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.close:
                self.send_header("Connection", "close")
                self.close_connection = True
            elif "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.raw)))
            self.end_headers()
            self.wfile.write(answer.raw)
            self.close_connection = self.close_connection or "Content-Length" in answer.headers

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    server.base_url = f"http{'s' if tls else ''}://127.0.0.1:{listening.server_address[1]}/v1"
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
