"""The engine protocol: prompt ids in, a stream of answer ids out, with a finish reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters of one request.

    Attributes:
        temperature: 0 takes the likeliest id each time (greedy).
        top_p: Draws from the likeliest ids whose probabilities add up to this; 1 from all.
        max_tokens: Ids of the answer at the most.
        seed: Makes the draw repeatable, where the engine can.
        repetition_penalty: Divides what speaks for an id that has occurred, in the prompt or the
            answer; 1 for none (Keskar et al. 2019).
        frequency_penalty: Taken from an id's logit for each time it occurs in the answer.
        presence_penalty: Taken from an id's logit if it occurs in the answer.
        schema: A JSON schema, as JSON, that the answer has to fit; where the engine is guided.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int | None = None
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    schema: str | None = None


@dataclass(frozen=True)
class Step:
    """One step of a generation.

    Attributes:
        ids: New ids, without end tokens.
        finish: Set on the last step only: ``stop`` at an end token, ``length`` if ``max_tokens``
            or the context limit cut the answer.
    """

    ids: tuple[int, ...] = ()
    finish: Literal["stop", "length"] | None = None


class Engine(Protocol):
    """A loaded model that serves many requests at once.

    Attributes:
        name: The model's name, as callers may give it.
        context: Positions a request may hold, prompt and answer together.
        seeded: Whether ``Sampling.seed`` is honoured.
        guided: Whether ``Sampling.schema`` is.
    """

    name: str
    context: int
    seeded: bool
    guided: bool

    def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
        """Yields the answer step by step; closing the iterator cancels the generation.

        Safe to call from many threads at once; each waits on its own iterator.

        Args:
            ids: The prompt.
            sampling: How to draw.

        Raises:
            EndpointError: ``endpoint.memory`` if memory ran out for this request,
                ``endpoint.engine`` if the engine failed during it, ``endpoint.bad_schema`` if the
                schema cannot be followed.
        """
        ...

    def close(self) -> None:
        """Ends the engine and frees its memory; requests in progress fail."""
        ...
