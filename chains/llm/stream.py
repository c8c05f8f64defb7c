"""Streams a reply from a backend in a thread, so that it can be stopped while nothing arrives."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from itertools import chain
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage

from messages.errors import SaidError

from ..errors import BackendError, ChainError
from .backends import Backend
from .client import OpenBackend
from .connection import failure
from .errors import classify, reason_of
from .limits import Pace
from .retry import until_answered

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

POLL_SECONDS = 0.05  # between checks of the stop signal
QUEUE_SIZE = 256  # chunks the backend may be ahead of the reader
RETRY_SECONDS = 30.0
"""Upper bound for retries, whatever the settings say, since a user is waiting."""

_Item = AIMessage | Exception | None


def stream(
    opened: OpenBackend,
    messages: list[BaseMessage],
    *,
    pace: Pace,
    tokens: int,
    seconds: float,
    stop: threading.Event,
    whole: threading.Event,
) -> Generator[AIMessage, None, None]:
    """Yields the chunks of a reply as they arrive; ends at once when stopped.

    Args:
        opened: The backend.
        messages: The request.
        pace: The rate limit, waited for before every try.
        tokens: Estimated tokens of the request and its reply, for the rate limit.
        seconds: How long a failing request is retried.
        stop: Ends the reply at once.
        whole: Set once the backend turns out not to stream; it is called without streaming then.

    Raises:
        SaidError: The backend cannot be reached, refuses, or breaks off.
    """
    queue: Queue[_Item] = Queue(QUEUE_SIZE)
    abandoned = threading.Event()

    def produce() -> None:
        try:
            llm = opened.llm()
            first_chunk = _FirstChunk(llm, messages, whole)
            first = until_answered(
                first_chunk,
                seconds=min(seconds, RETRY_SECONDS),
                pace=pace,
                tokens=tokens,
                stop=abandoned,
            )
            for chunk in chain([first], first_chunk.rest):
                if not _put(queue, chunk, abandoned):
                    return
            _put(queue, None, abandoned)
        except Exception as error:  # noqa: BLE001 - every provider's package raises its own kinds
            _put(queue, error, abandoned)

    # A thread of its own, since nothing else can be waited for and stopped.
    threading.Thread(target=produce, name="answer", daemon=True).start()
    try:
        while not stop.is_set():
            with suppress(Empty):
                chunk = queue.get(timeout=POLL_SECONDS)
                if chunk is None:
                    return
                if isinstance(chunk, Exception):
                    raise error_of(chunk, opened.backend) from chunk
                yield chunk
    finally:
        abandoned.set()


class _FirstChunk:
    """Calls for a reply and returns its first chunk; the others are in ``rest``."""

    def __init__(
        self, llm: BaseChatModel, messages: list[BaseMessage], whole: threading.Event
    ) -> None:
        self.rest: Iterator[AIMessage] = iter(())
        self._llm = llm
        self._messages = messages
        self._whole = whole

    def __call__(self) -> AIMessage:
        """The first chunk, or the whole reply of a backend that cannot stream."""
        if not self._whole.is_set():
            chunks: Iterator[AIMessage] = self._llm.stream(self._messages)
            with suppress(ValueError):  # a whole reply reads as a stream of nothing
                first = next(chunks)
                self.rest = chunks
                return first
        reply = self._llm.invoke(self._messages)
        self._whole.set()
        return reply


def _put(queue: Queue[_Item], chunk: _Item, abandoned: threading.Event) -> bool:
    """Whether a chunk was put into the queue; False if the reader has left."""
    while not abandoned.is_set():
        with suppress(Full):
            queue.put(chunk, timeout=POLL_SECONDS)
            return True
    return False


def error_of(error: Exception, backend: Backend) -> SaidError:
    """The error of a failed request, with the message codes of conversations."""
    if isinstance(error, SaidError):
        return error
    kind, reason = classify(error), reason_of(error)
    where = {"backend": backend.name, "address": backend.base_url or backend.provider}
    if wrong := failure(kind, backend, reason):
        return wrong
    if kind == "too_long":
        return ChainError("chat.too_long", limit=backend.context)
    codes = {"no_money": "chat.no_money", "lost": "chat.lost", "refused": "chat.refused"}
    return BackendError(codes[kind], reason=reason, **where)
