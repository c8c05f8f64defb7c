"""Unbatched engine: one request per forward pass, each with its own KV cache.

Requests alternate step by step, so a long answer does not block others. It is the fallback if
transformers' batching manager cannot be used.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import EndpointError
from .engine import Sampling, Step
from .sampling import draw_for, noisy_logits

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache, GlmForCausalLM

PREFILL = 512  # ids of a prompt in one pass: longer ones take gigabytes for their activations


def answer_limit(ids: Sequence[int], sampling: Sampling, context: int) -> int:
    """How many ids an answer may have.

    Raises:
        EndpointError: The prompt leaves no room for any.
    """
    if not ids or len(ids) >= context:
        raise EndpointError("endpoint.prompt_too_long", tokens=len(ids), context=context)
    return max(1, min(sampling.max_tokens, context - len(ids)))


class SequentialEngine:
    """Generates answers with a transformers model, one forward pass per id.

    Args:
        model: On its device.
        name: As callers may give it.
        context: Positions a request may hold.
        slots: Requests that hold a cache at the same time; further ones wait.
        end_ids: Ids that end an answer.
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
    ) -> None:
        self.name = name
        self.context = context
        self._model: GlmForCausalLM | None = model
        self._end_ids = end_ids
        self._slots = threading.Semaphore(slots)
        self._turn = threading.Lock()

    def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
        """Yields the answer, one id per step; closing the iterator frees its cache.

        Args:
            ids: The prompt.
            sampling: How to draw.

        Raises:
            EndpointError: The prompt is too long, or this request found no memory.
        """
        from transformers import DynamicCache

        limit = answer_limit(ids, sampling, self.context)
        draw = draw_for(sampling)
        with self._slots:
            cache = DynamicCache()
            scores = self._prefill(ids, cache)
            for made in range(limit):
                choice = int(noisy_logits(scores, [draw], [len(ids) + made]).argmax(-1))
                if choice in self._end_ids:
                    yield Step(finish="stop")
                    return
                yield Step(ids=(choice,), finish="length" if made + 1 == limit else None)
                if made + 1 < limit:
                    scores = self._forward([choice], cache)

    def _prefill(self, ids: Sequence[int], cache: DynamicCache) -> torch.Tensor:
        for start in range(0, len(ids), PREFILL):
            scores = self._forward(ids[start : start + PREFILL], cache)
        return scores

    def _forward(self, ids: Sequence[int], cache: DynamicCache) -> torch.Tensor:
        """The logits of the next id after these ids, 1 x vocabulary."""
        import torch

        with self._turn:
            if self._model is None:
                raise EndpointError("endpoint.engine", reason="it was closed")
            try:
                with torch.inference_mode():
                    given = torch.tensor([list(ids)], device=self._model.device)
                    out = self._model(input_ids=given, past_key_values=cache, logits_to_keep=1)
                scores: torch.Tensor = out.logits[0].float()
            except (MemoryError, torch.OutOfMemoryError) as error:
                raise EndpointError("endpoint.memory", tokens=len(ids)) from error
        return scores

    def close(self) -> None:
        """Frees the model; requests in progress fail at their next step."""
        with self._turn:
            self._model = None
