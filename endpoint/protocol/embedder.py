"""The embedding model of ``/v1/embeddings``, passed in by the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import EndpointError
from .messages import LONGEST_TOKEN
from .requests import named_alike


@dataclass(frozen=True)
class Embedder:
    """An embedding model, run in a thread of its own.

    Attributes:
        name: As callers name it, with or without its owner, in any case.
        longest: Tokens of a text that it reads.
        vectors: One unit vector a text. Raises EndpointError where its weights are not here.
        tokens: How many tokens each text has, as the model reads it.
    """

    name: str
    longest: int
    vectors: Callable[[Sequence[str]], Sequence[Sequence[float]]]
    tokens: Callable[[Sequence[str]], Sequence[int]]

    def answers_to(self, name: str) -> bool:
        """Whether a caller means this model."""
        return named_alike(name, self.name)

    def embed(self, texts: Sequence[str]) -> tuple[Sequence[Sequence[float]], int]:
        """One vector a text, and the tokens read.

        Raises:
            EndpointError: A text is longer than the model reads, or its weights are not here.
        """
        for at, text in enumerate(texts):
            if len(text) > self.longest * LONGEST_TOKEN:
                raise self._too_long(at, f"≥ {len(text) // LONGEST_TOKEN}")
        counts = self.tokens(texts)
        for at, count in enumerate(counts):
            if count > self.longest:
                raise self._too_long(at, count)
        return self.vectors(texts), sum(counts)

    def _too_long(self, at: int, tokens: object) -> EndpointError:
        return EndpointError(
            "endpoint.input_too_long",
            name=f"input[{at}]",
            tokens=tokens,
            most=self.longest,
            model=self.name,
        )
