"""Generates an answer in a thread and streams it from the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import StreamingResponse

from serving import STREAM_HEADERS, disconnected

from ..errors import EndpointError
from .detokenize import Piece
from .errors import refusal
from .fair_queue import Turns
from .json_body import plain
from .responses import DONE, ChatAnswer, event

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Answer:
    """One answer being generated; created inside the event loop by a caller that holds a turn.

    Args:
        pieces: The generator, run in the executor; closing it cancels the generation.
        turns: The queue that the turn goes back to when the model is done.
        executor: Has a thread for every turn.
    """

    def __init__(
        self, pieces: Generator[Piece, None, None], turns: Turns, executor: Executor
    ) -> None:
        self._pieces = pieces
        self._turns = turns
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[Piece | EndpointError] = asyncio.Queue()
        self._cancelled = threading.Event()
        executor.submit(self._generate)

    async def next(self) -> Piece:
        """The next piece.

        Raises:
            EndpointError: The model failed, or the answer was cancelled.
        """
        arrived = await self._arrived.get()
        if isinstance(arrived, EndpointError):
            raise arrived
        return arrived

    def cancel(self) -> None:
        """Ends the generation at its next step; ``next`` then raises EndpointError."""
        self._cancelled.set()
        self._arrived.put_nowait(EndpointError("endpoint.gone"))

    def _generate(self) -> None:
        began = time.monotonic()
        try:
            for piece in self._pieces:
                if self._cancelled.is_set():
                    break
                self._put(piece)
        except EndpointError as error:
            self._put(error)
        except Exception as error:  # a fault of the engine must reach its caller
            log.exception("the engine failed")
            self._put(
                EndpointError("endpoint.engine", reason=plain(f"{type(error).__name__}: {error}"))
            )
        finally:
            self._pieces.close()
            with suppress(RuntimeError):  # the loop has ended before us
                self._loop.call_soon_threadsafe(self._turns.give_back, time.monotonic() - began)

    def _put(self, what: Piece | EndpointError) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, what)


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
    """An answer as server-sent events; cancels the generation when the client disconnects.

    Args:
        answer: Its pieces after the first.
        first: Its first piece; with it the status of the response is known.
        shape: Makes the JSON.
        usage: Whether the count of tokens comes at the end.
        language: Of a message, should the model fail midway.
    """

    def __init__(
        self, answer: Answer, first: Piece, shape: ChatAnswer, *, usage: bool, language: str
    ) -> None:
        self._answer = answer
        events = _events(answer, first, shape, usage, language)
        super().__init__(events, media_type="text/event-stream", headers=STREAM_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answer.cancel()


async def _events(
    answer: Answer, piece: Piece, shape: ChatAnswer, usage: bool, language: str
) -> AsyncIterator[str]:
    yield event(shape.chunk({"role": "assistant", "content": ""}, counted=usage))
    try:
        while True:
            if piece.text:
                yield event(shape.chunk({"content": piece.text}, counted=usage))
            if piece.finish:
                break
            piece = await answer.next()
    except EndpointError as error:
        # The status has been sent; clients read an error in the stream as one.
        yield event(refusal(error, language))
        return
    yield event(shape.chunk({}, piece.finish, counted=usage))
    if usage:
        yield event(shape.counts(piece))
    yield DONE
