"""What joins our requests to transformers' batching loop: a letter box each, and our own draws.

Both stand in for objects of the manager's (``OutputRouter`` and its list of logits processors) and
have just the methods that its loop calls.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from .sampling import Draw, stirred

if TYPE_CHECKING:
    import torch

# All ids made so far and whether that is all, or what went wrong.
Letter: TypeAlias = "tuple[list[int], bool] | BaseException"


class LetterBoxes:
    """Hands every request its own results, whatever order the loop makes them in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[str, SimpleQueue[Letter]] = {}

    def open(self, request: str) -> SimpleQueue[Letter]:
        """A new box, in which what belongs to a request arrives."""
        box: SimpleQueue[Letter] = SimpleQueue()
        with self._lock:
            self._boxes[request] = box
        return box

    def close(self, request: str) -> None:
        """Throws away a box; what still comes for it is lost."""
        with self._lock:
            self._boxes.pop(request, None)

    def deliver_batch(self, outputs: Sequence[Any]) -> None:
        """Called by the loop after each forward pass."""
        for output in outputs:
            self._put(output.request_id, (output.generated_tokens, output.is_finished()))

    def fail_and_deliver(self, state: Any, error: BaseException) -> None:
        """Called by the loop for a request that cannot go on."""
        from transformers.generation.continuous_batching.requests import RequestStatus

        state.status = RequestStatus.FAILED
        self._put(state.request_id, error)

    def _put(self, request: str, letter: Letter) -> None:
        with self._lock:
            box = self._boxes.get(request)
        if box is not None:
            box.put(letter)


class Drawing:
    """Draws each request's next id its own way, in one pass over the batch."""

    do_processing = True
    tensors_required = 0

    def __init__(self) -> None:
        self._draws: list[Draw] = []
        self._positions: list[int] = []

    def check_kwargs(self, kwargs: dict[str, Any]) -> None:
        """Called by the loop for a new request, with what it was added with."""
        if not isinstance(kwargs.get("draw"), Draw):
            raise TypeError("a request without its draw")

    def fill_defaults(self, tensor: torch.Tensor) -> None:
        """Called by the loop once; there is nothing to fill."""

    def prepare_tensor_args(
        self, requests_in_batch: Sequence[Any], arg_storage: torch.Tensor
    ) -> torch.Tensor:
        """Called by the loop before a forward pass, with the requests in the order of the rows."""
        states = [request.state for request in requests_in_batch if request.has_new_token]
        self._draws = [state.logit_processor_kwargs["draw"] for state in states]
        # The same for a request that lost its cache and began anew behind what it had made.
        self._positions = [len(one.initial_tokens) + len(one.generated_tokens) for one in states]
        return arg_storage

    def __call__(
        self, ids: torch.Tensor, scores: torch.Tensor, arguments: torch.Tensor
    ) -> torch.Tensor:
        """Called by the loop with the scores of the rows that make an id."""
        del ids, arguments
        return stirred(scores, self._draws, self._positions)
