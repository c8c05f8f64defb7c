"""Continuous batching: many requests in one forward pass, by transformers' batching manager.

The manager's loop ends at any error, whichever request caused it. A new loop is started then. If
memory ran out, the longest request fails and the others resume after the ids they already have.
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
from .batch_router import BatchSampler, Result, ResultRouter
from .engine import Sampling, Step
from .memory import ran_out
from .sampling import Draw, draw_for
from .sequential_engine import PREFILL, answer_limit, guide_for

if TYPE_CHECKING:
    from transformers import GlmForCausalLM

    from .grammar import Grammar

PAGE = 32  # tokens in a page of the cache
POLL_SECONDS = 1.0  # how often a waiting request checks that the loop still runs
JOIN_SECONDS = 30.0
MAX_RESTARTS = 8  # of the loop during one request, before the request fails


class LoopEndedError(RuntimeError):
    """The batching loop ended without a result for one of its requests."""


@dataclass
class Running:
    """A request that is being generated."""

    key: str
    prompt: list[int]
    draw: Draw
    limit: int
    made: list[int] = field(default_factory=list)
    base: int = 0  # how many of them the current loop got as part of the prompt
    loop: int = 0
    tries: int = 0
    given_up: bool = False
    results: SimpleQueue[Result] = field(default_factory=SimpleQueue)

    @property
    def length(self) -> int:
        """Positions it takes in the cache."""
        return len(self.prompt) + len(self.made)


class BatchingEngine:
    """Generates up to ``slots`` answers in the same forward passes.

    Args:
        model: On its device; its attention must be sdpa.
        name: As callers may give it.
        context: Tokens of a request, prompt and answer together.
        slots: Requests in one batch; further ones wait.
        end_ids: Ids that end an answer.
        cache_tokens: Positions of the cache that all requests share, at least ``context``.
        grammar: For answers of a schema; None where none can be asked for.

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
        grammar: Grammar | None = None,
    ) -> None:
        self.name = name
        self.context = context
        self._model = model
        self._end_ids = end_ids
        self._grammar = grammar
        self.guided = grammar is not None and grammar.usable
        # One page more per request, since a request's last page is seldom full.
        self._pages = -(-max(cache_tokens, context) // PAGE) + slots + 1
        self._most = slots
        self._slots = threading.Semaphore(slots)
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._running: dict[str, Running] = {}
        self._router = ResultRouter()
        self._loop = 0
        self._closed = False
        self._manager: Any = None
        with self._lock:
            self._start()

    def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
        """Yields the answer, some ids per step; closing the iterator cancels the request.

        Args:
            ids: The prompt.
            sampling: How to draw.

        Raises:
            EndpointError: The prompt is too long, its schema cannot be followed, this request found
                no memory, or the engine failed under it.
        """
        limit = answer_limit(ids, sampling, self.context)
        draw = draw_for(sampling, len(ids), guide_for(sampling, self._grammar))
        request = Running(f"r{next(self._numbers)}", list(ids), draw, limit)
        with self._slots:
            try:
                yield from self._steps(request)
            finally:
                self._leave(request)

    def _steps(self, request: Running) -> Iterator[Step]:
        self._submit(request)
        while True:
            result = self._next(request)
            if isinstance(result, BaseException):
                self._recover(request, result)
                self._submit(request)
                continue
            made, done = result
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
        """Adds a request to the loop, with all ids it has generated so far."""
        with self._lock:
            if self._closed:
                raise EndpointError("endpoint.engine", reason="it was closed")
            if self._manager is None or not self._manager.is_running():
                self._renew(None)
            if not self._added(request):  # the loop ended just now
                del self._running[request.key]  # so that it does not count as the cause
                self._renew(None)
                self._added(request)

    def _added(self, request: Running) -> bool:
        """Adds a request to the loop; False if the loop refuses it."""
        request.base, request.loop = len(request.made), self._loop
        self._running[request.key] = request
        request.results = self._router.open(request.key)
        accepted = self._manager.add_request(
            [*request.prompt, *request.made],
            request_id=request.key,
            max_new_tokens=request.limit - len(request.made),
            streaming=True,
            draw=request.draw,
        )
        return accepted is not None

    def _next(self, request: Running) -> Result:
        """The next result of a request; a LoopEndedError if none can arrive any more."""
        while True:
            with suppress(Empty):
                return request.results.get(timeout=POLL_SECONDS)
            manager = self._manager
            alive = manager is not None and manager.is_running() and request.loop == self._loop
            if not alive and request.results.empty():
                return LoopEndedError("the batching loop ended")

    def _recover(self, request: Running, error: BaseException) -> None:
        """Starts a new loop if an error ended this request's, so that the request can resume.

        Raises:
            EndpointError: This request cannot be resumed.
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
        if not (lost or ran_out(error)) or request.tries > MAX_RESTARTS:
            raise EndpointError("endpoint.engine", reason=str(error)[:200]) from error

    def _renew(self, error: BaseException | None) -> None:
        """Replaces a loop that ended; marks its longest request as failed if memory ran out.

        Args:
            error: The exception that ended the loop; None for the error that the manager recorded.
        """
        ended = self._stop()
        error = error or ended
        affected = [one for one in self._running.values() if one.loop == self._loop]
        if affected and error is not None and ran_out(error):
            max(affected, key=lambda one: one.length).given_up = True
        self._start()

    def _leave(self, request: Running, *, cancel: bool = True) -> None:
        with self._lock:
            known = self._running.pop(request.key, None)
            self._router.close(request.key)
            if known and cancel and self._manager is not None and request.loop == self._loop:
                self._manager.cancel_request(request.key)

    def _start(self) -> None:
        """Starts a new loop with an empty cache."""
        from transformers import ContinuousBatchingConfig, GenerationConfig

        # Its requests get the error that ends a loop; the manager would also print a traceback.
        logging.getLogger("ContinuousBatchingLogger").setLevel(logging.CRITICAL)
        self._loop += 1
        self._router = ResultRouter()
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
        manager.logit_processor = BatchSampler()
        manager.output_router = self._router
        # Threads inherit the daemon flag; the loop must not keep the program alive.
        starter = threading.Thread(target=manager.start, daemon=True)
        starter.start()
        starter.join()
        self._manager = manager

    def _stop(self) -> BaseException | None:
        """Ends the loop, frees its cache and returns the error that had ended it, if any."""
        manager, self._manager = self._manager, None
        if manager is None:
            return None
        manager.stop(block=True, timeout=JOIN_SECONDS, hard_stop=True)
        error: BaseException | None = manager.background_thread_status.fatal_error
        return error

    def close(self) -> None:
        """Ends the loop; requests in progress fail."""
        with self._lock:
            self._closed = True
            self._stop()
