"""Many callers in one forward pass, by transformers' continuous-batching manager.

The manager's loop ends at any error, whichever request brought it about. A new one is started then;
where memory ran out, the longest request is told so and the others go on where they were.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..errors import EndpointError
from .batch_router import Drawing, Letter, LetterBoxes
from .engine import Sampling, Step
from .memory import ran_out
from .sampling import Draw, draw_for
from .sequential_engine import PREFILL, room_for

if TYPE_CHECKING:
    from transformers import GlmForCausalLM

PAGE = 32  # tokens in a page of the cache
LOOK_SECONDS = 1.0  # how often a waiting request looks whether the loop still lives
JOIN_SECONDS = 30.0
MOST_TRIES = 8  # loops that a request sees end before it is told so


class LoopEndedError(RuntimeError):
    """A loop that ended without a word to one of its requests."""


@dataclass
class Running:
    """A request between its first and its last id."""

    key: str
    prompt: list[int]
    draw: Draw
    room: int
    made: list[int] = field(default_factory=list)
    base: int = 0  # how many of them a loop was given as part of the prompt
    loop: int = 0
    tries: int = 0
    given_up: bool = False
    box: SimpleQueue[Letter] = field(default_factory=SimpleQueue)

    @property
    def length(self) -> int:
        """Positions it holds."""
        return len(self.prompt) + len(self.made)


class BatchingEngine:
    """Answers up to ``slots`` requests in the same forward passes.

    Args:
        model: On its device; its attention must be sdpa.
        name: As callers may give it.
        context: Positions a request may hold.
        slots: Requests in one batch; further ones wait.
        end_ids: Ids that end an answer.
        cache_tokens: Positions of the cache that all requests share, at least ``context``.

    Raises:
        EndpointError: There is no memory for the cache.
    """

    seeded = True

    def __init__(
        self,
        model: GlmForCausalLM,
        *,
        name: str,
        context: int,
        slots: int,
        end_ids: frozenset[int],
        cache_tokens: int,
    ) -> None:
        self.name = name
        self.context = context
        self._model = model
        self._end_ids = end_ids
        # A page more each, since the last one of a request is seldom full.
        self._pages = -(-max(cache_tokens, context) // PAGE) + slots + 1
        self._most = slots
        self._slots = threading.Semaphore(slots)
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._running: dict[str, Running] = {}
        self._boxes = LetterBoxes()
        self._loop = 0
        self._closed = False
        self._manager: Any = None
        with self._lock:
            self._start()

    def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
        """The answer, some ids a step; closing the iterator takes it out of the batch.

        Args:
            ids: The prompt.
            sampling: How to draw.

        Raises:
            EndpointError: The prompt is too long, this request found no memory, or the engine
                failed under it.
        """
        room = room_for(ids, sampling, self.context)
        request = Running(f"r{next(self._numbers)}", list(ids), draw_for(sampling), room)
        with self._slots:
            try:
                yield from self._steps(request)
            finally:
                self._leave(request)

    def _steps(self, request: Running) -> Iterator[Step]:
        self._submit(request)
        while True:
            letter = self._next(request)
            if isinstance(letter, BaseException):
                self._recover(request, letter)
                self._submit(request)
                continue
            made, done = letter
            fresh = made[len(request.made) - request.base :]
            request.made += fresh
            if not done:
                yield Step(ids=tuple(fresh))
                continue
            ended = bool(fresh) and fresh[-1] in self._end_ids
            kept = tuple(fresh[:-1] if ended else fresh)
            self._leave(request, cancel=False)
            yield Step(ids=kept, finish="stop" if ended else "length")
            return

    def _submit(self, request: Running) -> None:
        """Puts a request into the loop, with all it has made so far."""
        with self._lock:
            if self._closed:
                raise EndpointError("endpoint.engine", reason="it was closed")
            if self._manager is None or not self._manager.is_running():
                self._renew(None)
            if not self._added(request):  # the loop ended just now
                del self._running[request.key]  # it had no part in that
                self._renew(None)
                self._added(request)

    def _added(self, request: Running) -> bool:
        """Whether the loop takes a request."""
        request.base, request.loop = len(request.made), self._loop
        self._running[request.key] = request
        request.box = self._boxes.open(request.key)
        accepted = self._manager.add_request(
            [*request.prompt, *request.made],
            request_id=request.key,
            max_new_tokens=request.room - len(request.made),
            streaming=True,
            draw=request.draw,
        )
        return accepted is not None

    def _next(self, request: Running) -> Letter:
        """What arrives next for a request; an error where nothing can arrive any more."""
        while True:
            with suppress(Empty):
                return request.box.get(timeout=LOOK_SECONDS)
            manager = self._manager
            lives = manager is not None and manager.is_running() and request.loop == self._loop
            if not lives and request.box.empty():
                return LoopEndedError("the batching loop ended")

    def _recover(self, request: Running, error: BaseException) -> None:
        """Makes a new loop where an error ended the one of this request, and says who goes on.

        Raises:
            EndpointError: This request does not.
        """
        with self._lock:
            if self._closed:
                raise EndpointError("endpoint.engine", reason="it was closed") from error
            if request.loop == self._loop:
                self._renew(error)
        if request.given_up:
            raise EndpointError("endpoint.memory", tokens=request.length) from error
        request.tries += 1
        lost = isinstance(error, LoopEndedError)
        if not (lost or ran_out(error)) or request.tries > MOST_TRIES:
            raise EndpointError("endpoint.engine", reason=str(error)[:200]) from error

    def _renew(self, error: BaseException | None) -> None:
        """Puts a new loop in place of one that ended; gives up its longest request if for memory.

        Args:
            error: What ended it; None for what it says itself.
        """
        ended = self._stop()
        error = error or ended
        here = [one for one in self._running.values() if one.loop == self._loop]
        if here and error is not None and ran_out(error):
            max(here, key=lambda one: one.length).given_up = True
        self._start()

    def _leave(self, request: Running, *, cancel: bool = True) -> None:
        with self._lock:
            known = self._running.pop(request.key, None)
            self._boxes.close(request.key)
            if known and cancel and self._manager is not None and request.loop == self._loop:
                self._manager.cancel_request(request.key)

    def _start(self) -> None:
        """A new loop with an empty cache."""
        from transformers import ContinuousBatchingConfig, GenerationConfig

        # What ends the loop is told to its requests; it would also print a traceback.
        logging.getLogger("ContinuousBatchingLogger").setLevel(logging.CRITICAL)
        self._loop += 1
        self._boxes = LetterBoxes()
        settings: Any = GenerationConfig  # it has no types
        manager: Any = self._model.init_continuous_batching(
            generation_config=settings(
                do_sample=False, eos_token_id=sorted(self._end_ids), max_new_tokens=self.context
            ),
            continuous_batching_config=ContinuousBatchingConfig(
                page_size=PAGE,
                num_blocks=self._pages,
                max_batch_tokens=PREFILL,
                max_requests_per_batch=self._most,
                use_cuda_graph=False,
                use_async_batching=False,
                auto_switch_to_flash=False,  # it would fetch a kernel from the hub
            ),
        )
        manager.logit_processor = Drawing()
        manager.output_router = self._boxes
        # A thread inherits its maker's being a daemon: the loop must not keep a program alive.
        starter = threading.Thread(target=manager.start, daemon=True)
        starter.start()
        starter.join()
        self._manager = manager

    def _stop(self) -> BaseException | None:
        """Ends the loop and gives back its cache; the error that ended it before, if any."""
        manager, self._manager = self._manager, None
        if manager is None:
            return None
        manager.stop(block=True, timeout=JOIN_SECONDS, hard_stop=True)
        error: BaseException | None = manager.background_thread_status.fatal_error
        return error

    def close(self) -> None:
        """Ends the loop; what still runs fails."""
        with self._lock:
            self._closed = True
            self._stop()
