"""Generates answers in threads and streams them from the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Hashable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from starlette.responses import StreamingResponse

from serving import STREAM_HEADERS, disconnected

from ..errors import EndpointError
from .detokenize import Piece
from .errors import refusal
from .fair_queue import Turns
from .json_body import plain
from .responses import DONE, Shape, event

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Maker: TypeAlias = Callable[[], Generator[Piece, None, None]]


class Answers:
    """The answers to one request, made side by side as far as there are turns.

    Args:
        makers: Each makes the generator of an answer's pieces; it runs in the executor, and closing
            the generator cancels the answer.
        turns: The queue; each answer takes a turn, which goes back when the model is done.
        caller: Identifies the caller in the queue.
        executor: Has a thread for every turn.
        finished: Called with the tokens of each answer that is whole.
    """

    def __init__(
        self,
        makers: Sequence[Maker],
        turns: Turns,
        caller: Hashable,
        executor: Executor,
        finished: Callable[[int], None],
    ) -> None:
        self.count = len(makers)
        self._turns = turns
        self._caller = caller
        self._executor = executor
        self._finished = finished
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[tuple[int, Piece | EndpointError]] = asyncio.Queue()
        self._cancelled = threading.Event()
        self._starting = [
            asyncio.ensure_future(self._start(at, make)) for at, make in enumerate(makers)
        ]

    async def next(self) -> tuple[int, Piece]:
        """The next piece of any of them, and which one it belongs to.

        Raises:
            EndpointError: The model failed, the queue is full, or they were cancelled.
        """
        index, arrived = await self._arrived.get()
        if isinstance(arrived, EndpointError):
            raise arrived
        if arrived.finish:
            self._finished(arrived.tokens)
        return index, arrived

    def cancel(self) -> None:
        """Ends each generation at its next step; ``next`` then raises EndpointError."""
        self._cancelled.set()
        for task in self._starting:
            task.cancel()
        self._arrived.put_nowait((0, EndpointError("endpoint.gone")))

    async def _start(self, index: int, make: Maker) -> None:
        try:
            await self._turns.take(self._caller)
        except EndpointError as error:
            self._arrived.put_nowait((index, error))
            return
        self._executor.submit(self._generate, index, make)

    def _generate(self, index: int, make: Maker) -> None:
        began = time.monotonic()
        pieces: Generator[Piece, None, None] | None = None
        try:
            pieces = make()
            for piece in pieces:
                if self._cancelled.is_set():
                    break
                self._put(index, piece)
        except EndpointError as error:
            self._put(index, error)
        except Exception as error:  # a fault of the engine must reach its caller
            log.exception("the engine failed")
            reason = plain(f"{type(error).__name__}: {error}")
            self._put(index, EndpointError("endpoint.engine", reason=reason))
        finally:
            if pieces is not None:
                pieces.close()
            with suppress(RuntimeError):  # the loop has ended before us
                self._loop.call_soon_threadsafe(self._turns.give_back, time.monotonic() - began)

    def _put(self, index: int, what: Piece | EndpointError) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, (index, what))


async def unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine; cancels it if the client disconnects first.

    Args:
        request: The request; its body must have been read already.
        work: The coroutine.

    Raises:
        EndpointError: The client disconnected.
    """
    doing = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(disconnected(request))
    try:
        await asyncio.wait({doing, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise EndpointError("endpoint.gone")
        return doing.result()
    finally:
        doing.cancel()
        watching.cancel()
        await asyncio.gather(doing, watching, return_exceptions=True)


class AnswerStream(StreamingResponse):
    """Answers as server-sent events; cancels the generation when the client disconnects.

    Args:
        answers: Their pieces after the first.
        first: The first piece, and which answer it belongs to; with it the status is known.
        shape: Makes the JSON.
        usage: Whether the count of tokens comes at the end.
        language: Of a message, should the model fail midway.
    """

    def __init__(
        self,
        answers: Answers,
        first: tuple[int, Piece],
        shape: Shape,
        *,
        usage: bool,
        language: str,
    ) -> None:
        self._answers = answers
        events = _events(answers, first, shape, usage, language)
        super().__init__(events, media_type="text/event-stream", headers=STREAM_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answers.cancel()


async def _events(
    answers: Answers, arrived: tuple[int, Piece], shape: Shape, usage: bool, language: str
) -> AsyncIterator[str]:
    for at in range(answers.count):
        for chunk in shape.opening(at):
            yield event(chunk)
    left, tokens = answers.count, 0
    try:
        while True:
            index, piece = arrived
            for chunk in shape.chunks(index, piece):
                yield event(chunk)
            if piece.finish:
                left, tokens = left - 1, tokens + piece.tokens
            if not left:
                break
            arrived = await answers.next()
    except EndpointError as error:
        # The status has been sent; clients read an error in the stream as one.
        yield event(refusal(error, language))
        return
    if usage:
        yield event(shape.counts(tokens))
    yield DONE
