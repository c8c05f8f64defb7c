"""Replies of chat servers as streams of events, and as one body."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from .finish import BROKEN


class EventReader:
    """Collects a streamed reply.

    Attributes:
        error: The error object that came instead of the rest; None if there was none.
        ended: Whether the server said that it was done.
    """

    def __init__(self) -> None:
        self.error: dict[str, Any] | None = None
        self.ended = False
        self._head: dict[str, Any] = {}
        self._pieces: dict[str, list[str]] = {"content": [], "reasoning_content": []}
        self._finish: str | None = None
        self._usage: Any = None

    def take(self, line: str) -> None:
        """Takes one line of the stream."""
        if not line.startswith("data:"):
            return
        data = line[5:].strip()
        if data == "[DONE]":
            self.ended = True
            return
        try:
            event = json.loads(data)
        except ValueError:
            return
        if not isinstance(event, dict):
            return
        if event.get("error"):
            self.error = event
            return
        self._head = self._head or event
        self._usage = event.get("usage") or self._usage
        for choice in (event.get("choices") or [])[:1]:
            delta = choice.get("delta") or choice.get("message") or {}
            self._pieces["content"].append(delta.get("content") or "")
            thought = delta.get("reasoning_content") or delta.get("reasoning") or ""
            self._pieces["reasoning_content"].append(thought if isinstance(thought, str) else "")
            if choice.get("finish_reason"):
                self._finish, self.ended = choice["finish_reason"], True

    @property
    def begun(self) -> bool:
        """Whether any of the reply's text has come."""
        return any(self._pieces["content"])

    def whole(self, *, broken: bool = False) -> dict[str, Any]:
        """The reply as one body.

        Args:
            broken: Whether the connection closed, or an error came, before it was done.
        """
        message = {name: "".join(pieces) for name, pieces in self._pieces.items()}
        finish = BROKEN if broken or not self.ended else self._finish
        body: dict[str, Any] = {
            "id": self._head.get("id", ""),
            "object": "chat.completion",
            "created": self._head.get("created", 0),
            "model": self._head.get("model", ""),
            "choices": [
                {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
            ],
        }
        return {**body, "usage": self._usage} if self._usage else body


def is_event_stream(content_type: str) -> bool:
    """Whether a reply is a stream of events."""
    return "event-stream" in content_type.lower()


def as_events(body: dict[str, Any]) -> bytes:
    """A whole reply as a stream of one event."""
    choices = [
        {"index": 0, "finish_reason": one.get("finish_reason"), "delta": one.get("message") or {}}
        for one in body.get("choices") or ()
    ]
    event = {**body, "object": "chat.completion.chunk", "choices": choices}
    return f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n".encode()


def watched(chunks: Iterable[bytes], broken: type[Exception]) -> Iterator[bytes]:
    """A stream as it comes; one that closes before the server has said that it is done, fails.

    Args:
        chunks: The bytes of the stream.
        broken: Raised at such an end.

    Raises:
        Exception: ``broken``.
    """
    reader, rest = EventReader(), b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            reader.take(line.decode("utf-8", "replace").strip())
        yield chunk
    reader.take(rest.decode("utf-8", "replace").strip())
    if not reader.ended and reader.error is None:
        raise broken("the connection closed in the middle of the reply")
