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
from .sampling import adjusted_logits, draw_for, noisy_logits

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache, GlmForCausalLM

    from .grammar import Grammar, Guide

PREFILL = 512  # ids of a prompt in one pass: longer ones take gigabytes for their activations


def answer_limit(ids: Sequence[int], sampling: Sampling, context: int) -> int:
    """How many ids an answer may have.

    Raises:
        EndpointError: The prompt leaves no room for any.
    """
    if not ids or len(ids) >= context:
        raise EndpointError("endpoint.prompt_too_long", tokens=len(ids), context=context)
    return max(1, min(sampling.max_tokens, context - len(ids)))


def guide_for(sampling: Sampling, grammar: Grammar | None) -> Guide | None:
    """The guide of a request's schema; None if it has none.

    Raises:
        EndpointError: The schema cannot be followed.
    """
    if sampling.schema is None or grammar is None:
        return None
    return grammar.guide(sampling.schema)


class SequentialEngine:
    """Generates answers with a transformers model, one forward pass per id.

    Args:
        model: On its device.
        name: As callers may give it.
        context: Positions a request may hold.
        slots: Requests that hold a cache at the same time; further ones wait.
        end_ids: Ids that end an answer.
        grammar: For answers of a schema; None where none can be asked for.
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
        grammar: Grammar | None = None,
    ) -> None:
        self.name = name
        self.context = context
        self._model: GlmForCausalLM | None = model
        self._end_ids = end_ids
        self._grammar = grammar
        self.guided = grammar is not None and grammar.usable
        self._slots = threading.Semaphore(slots)
        self._turn = threading.Lock()

    def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
        """Yields the answer, one id per step; closing the iterator frees its cache.

        Args:
            ids: The prompt.
            sampling: How to draw.

        Raises:
            EndpointError: The prompt is too long, this request found no memory, or its schema
                cannot be followed.
        """
        from transformers import DynamicCache

        limit = answer_limit(ids, sampling, self.context)
        draw = draw_for(sampling, len(ids), guide_for(sampling, self._grammar))
        with self._slots:
            cache = DynamicCache()
            scores, whole = self._prefill(ids, cache), list(ids)
            for made in range(limit):
                scores = adjusted_logits(scores, [draw], [whole])
                choice = int(noisy_logits(scores, [draw], [len(whole)]).argmax(-1))
                whole.append(choice)
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
