"""Replaces OutputRouter and the logits processors of ContinuousBatchingManager.

Both classes have just the methods that the manager's loop calls.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from .sampling import Draw, adjusted_logits, noisy_logits

if TYPE_CHECKING:
    import torch

# All ids generated so far and whether generation has finished, or the error that ended it.
Result: TypeAlias = "tuple[list[int], bool] | BaseException"


class ResultRouter:
    """Routes the loop's results to one queue per request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, SimpleQueue[Result]] = {}

    def open(self, request: str) -> SimpleQueue[Result]:
        """A new queue that receives the results of a request."""
        queue: SimpleQueue[Result] = SimpleQueue()
        with self._lock:
            self._queues[request] = queue
        return queue

    def close(self, request: str) -> None:
        """Drops a request's queue; later results for it are discarded."""
        with self._lock:
            self._queues.pop(request, None)

    def deliver_batch(self, outputs: Sequence[Any]) -> None:
        """Called by the loop after each forward pass."""
        for output in outputs:
            self._put(output.request_id, (output.generated_tokens, output.is_finished()))

    def fail_and_deliver(self, state: Any, error: BaseException) -> None:
        """Called by the loop for a request that failed."""
        from transformers.generation.continuous_batching.requests import RequestStatus

        state.status = RequestStatus.FAILED
        self._put(state.request_id, error)

    def _put(self, request: str, result: Result) -> None:
        with self._lock:
            queue = self._queues.get(request)
        if queue is not None:
            queue.put(result)


class BatchSampler:
    """Logits processor that samples each row as its own request asks for."""

    do_processing = True
    tensors_required = 0

    def __init__(self) -> None:
        self._draws: list[Draw] = []
        self._positions: list[int] = []
        self._ids: list[list[int]] = []

    def check_kwargs(self, kwargs: dict[str, Any]) -> None:
        """Called by the loop for a new request, with the extra arguments of ``add_request``."""
        if not isinstance(kwargs.get("draw"), Draw):
            raise TypeError("a request without its draw")

    def fill_defaults(self, tensor: torch.Tensor) -> None:
        """Called by the loop once; does nothing, as no tensor is required."""

    def prepare_tensor_args(
        self, requests_in_batch: Sequence[Any], arg_storage: torch.Tensor
    ) -> torch.Tensor:
        """Called by the loop before a forward pass, with the requests in row order."""
        states = [request.state for request in requests_in_batch if request.has_new_token]
        self._draws = [state.logit_processor_kwargs["draw"] for state in states]
        # Unchanged for a request that was restarted with its generated ids as part of the prompt.
        self._positions = [len(one.initial_tokens) + len(one.generated_tokens) for one in states]
        self._ids = [
            [] if draw.plain else [*one.initial_tokens, *one.generated_tokens]
            for one, draw in zip(states, self._draws, strict=True)
        ]
        return arg_storage

    def __call__(
        self, ids: torch.Tensor, scores: torch.Tensor, arguments: torch.Tensor
    ) -> torch.Tensor:
        """Called by the loop with the logits of the rows that generate an id."""
        del ids, arguments
        scores = adjusted_logits(scores, self._draws, self._ids)
        return noisy_logits(scores, self._draws, self._positions)
