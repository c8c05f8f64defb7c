"""Records of a run's result: pairs with evidence, and the outcome of every chunk and pair."""

from __future__ import annotations

import operator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loaders.characters import whole
from loaders.records import Span
from messages import say
from messages.errors import SaidError

Match = Literal["exact", "normalised", "fuzzy", "supported", "computed", "none"]
ChunkState = Literal["pairs", "nothing", "repeated", "failed", "not asked"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _whole_characters(cls, given: Any) -> Any:
        return whole(given)


class Reason(_Record):
    """Why something ended as it did: a message code and the fields of its sentence."""

    code: str
    fields: dict[str, str | int] = Field(default_factory=dict)

    @classmethod
    def of(cls, error: Exception, unexpected: str = "") -> Reason:
        """The reason that an exception gives.

        Args:
            error: A ``SaidError`` keeps its code and its fields, integers as integers.
            unexpected: The code for any other exception; its sentence has the fields ``kind``,
                the exception's class, and ``reason``, its text of at most 300 characters.

        Raises:
            Exception: The error itself, where it has no code and none was given.
        """
        if isinstance(error, SaidError):
            fields = {
                name: value if isinstance(value, int) else str(value)
                for name, value in error.fields.items()
            }
            return cls(code=error.code, fields=fields)
        if not unexpected:
            raise error
        kind, reason = type(error).__name__, str(error)[:300]
        return cls(code=unexpected, fields={"kind": kind, "reason": reason})

    def say(self, language: str = "en") -> str:
        """The sentence in ``en`` or ``zh``."""
        return say(self.code, language, **self.fields)


class Evidence(_Record):
    """The passage that proves an answer; ``quote`` is the source's own text over ``span``."""

    match: Match
    span: Span | None = Field(default=None, description="in characters of the whole file's text")
    page: int | None = Field(default=None, ge=1, description="page on which the quote begins")
    quote: str = ""
    sentence: str = Field(default="", description="the source's own sentence around the quote")
    score: float = Field(default=0.0, ge=0, le=1, description="1 for exact and normalised")
    numbers_ok: bool = Field(default=True, description="every number of the answer stands in it")
    # Left out where empty, so that lists of earlier versions export the same bytes.
    operands: tuple[str, ...] = Field(
        default=(),
        description="the source's numbers that a computed answer follows from",
        exclude_if=operator.not_,
    )

    @model_validator(mode="after")
    def _quote_has_a_place(self) -> Evidence:
        if (self.match == "none") != (self.span is None):
            raise ValueError("evidence has a span exactly when it matches")
        return self


class QAPair(_Record):
    """A question, its answer, and where both come from."""

    id: str = Field(default="", description="the same in every run that makes the pair")
    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    evidence: Evidence
    verified: bool | None = Field(
        default=None,
        description="whether the model, asked again, answers so from the evidence alone; None"
        " where it was not asked",
    )
    answer_again: str = Field(default="", description="what it answered then")
    edited: bool = Field(default=False, description="its words are a person's")
    source: str = ""
    page: int | None = None
    chunk_id: str = ""
    model: str = ""
    prompt: str = Field(default="", description="the prompt's fingerprint")


class Duplicate(_Record):
    """A pair left out because a kept one asks the same."""

    item: QAPair
    duplicate_of: QAPair = Field(description="always a kept pair")
    score: float = Field(description="cosine of the questions; 1 where equal after normalisation")
    kind: Literal["exact", "semantic"]


class Conflict(_Record):
    """Two kept pairs that ask the same and answer differently: a person must choose."""

    item: QAPair
    conflicts_with: QAPair
    score: float = Field(description="as for a duplicate")
    kind: Literal["exact", "semantic"]


class Rejected(_Record):
    """A pair left out because something is wrong with it."""

    item: QAPair
    reason: Reason


class ChunkOutcome(_Record):
    """How asking about one chunk ended."""

    chunk_id: str
    source: str = ""
    span: Span
    state: ChunkState
    parsed: int = Field(default=0, ge=0, description="pairs read from its replies")
    reason: Reason | None = Field(default=None, description="of every state but pairs")
    raw: str = Field(default="", description="the raw reply of a failed chunk")


class TokenUsage(_Record):
    """Tokens as the backend counted them, and the calls made."""

    calls: int = 0
    prompt: int = 0
    completion: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(
            calls=self.calls + other.calls,
            prompt=self.prompt + other.prompt,
            completion=self.completion + other.completion,
        )


class PairList(_Record):
    """One deduplicated list, and the account of every chunk and every pair."""

    kept: tuple[QAPair, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    conflicts: tuple[Conflict, ...] = Field(default=(), description="among the kept ones")
    chunks: tuple[ChunkOutcome, ...] = ()
    usage: TokenUsage = TokenUsage()
    embeddings: str = Field(default="", description="what the duplicates were judged with")

    @model_validator(mode="after")
    def _adds_up(self) -> PairList:
        parsed = sum(chunk.parsed for chunk in self.chunks)
        sorted_out = len(self.kept) + len(self.duplicates) + len(self.rejected)
        if self.chunks and parsed != sorted_out:
            raise ValueError(f"{parsed} pairs were read but {sorted_out} are accounted for")
        return self

    def states(self) -> dict[ChunkState, int]:
        """How many chunks ended in each state; the values add up to the chunks."""
        counts: dict[ChunkState, int] = {
            "pairs": 0,
            "nothing": 0,
            "repeated": 0,
            "failed": 0,
            "not asked": 0,
        }
        for chunk in self.chunks:
            counts[chunk.state] += 1
        return counts

    @property
    def complete(self) -> bool:
        """Whether no chunk failed or was left unasked."""
        states = self.states()
        return not (states["failed"] or states["not asked"])
