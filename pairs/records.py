"""Records of a run's result: pairs with evidence, and the outcome of every chunk and pair."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, overload

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loaders.characters import whole
from loaders.records import Span
from messages import say
from messages.errors import SaidError

if TYPE_CHECKING:
    import datasets
    import pandas as pd

Match = Literal["exact", "normalised", "fuzzy", "supported", "computed", "judged", "none"]
SameBy = Literal["exact", "semantic", "judged", "person"]
"""How two pairs were found to ask the same: equal words, near vectors, a judge's or a person's
word."""
Verdict = Literal["proven", "open", "refuted"]
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
    """The passage that proves an answer; ``quote`` is the source's own text over ``span``.

    An answer may rest on up to three places; ``sentence`` holds the sentences around all of them.
    """

    match: Match = Field(description="how the quote was found; judged: a model named it")
    span: Span | None = Field(default=None, description="in characters of the whole file's text")
    page: int | None = Field(default=None, ge=1, description="page on which the quote begins")
    quote: str = ""
    sentence: str = Field(default="", description="the source's own sentences around the places")
    # Fields of later versions are left out where they say nothing, so that lists of earlier ones
    # export the same bytes.
    more: tuple[Span, ...] = Field(
        default=(),
        max_length=2,
        description="further places that the answer rests on",
        exclude_if=operator.not_,
    )
    header: str = Field(
        default="",
        description="of a table's cell: caption and unit, row name, column name",
        exclude_if=operator.not_,
    )
    score: float = Field(default=0.0, ge=0, le=1, description="1 for exact and normalised")
    numbers_ok: bool = Field(default=True, description="every number of the answer stands in it")
    names_ok: bool = Field(
        default=True,
        description="the row, column, code or name it stands under is the one that is asked about",
        exclude_if=bool,
    )
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
    verdict: Verdict | None = Field(
        default=None,
        description="the rules' word: proven by the text, refuted by it, or open; None where nobody"
        " was to check the pairs, and in lists of earlier versions",
    )
    verified: bool | None = Field(
        default=None,
        description="the word of the model that checked the pair; None where it was not asked or"
        " gave no usable answer",
    )
    answer_again: str = Field(
        default="", description="what it answered where it was asked the question again"
    )
    objection: str = Field(default="", description="what it holds against the pair")
    edited: bool = Field(default=False, description="its words are a person's")
    written: bool = Field(
        default=False, description="no reply had it: a person wrote it", exclude_if=operator.not_
    )
    source: str = ""
    page: int | None = None
    chunk_id: str = ""
    model: str = ""
    prompt: str = Field(default="", description="the prompt's fingerprint")
    reasoning: str = Field(
        default="",
        description="what the model thought before the reply with the pair, where that is kept",
        exclude_if=operator.not_,
    )

    @property
    def proven(self) -> bool:
        """Whether the text proves the pair: by rule, or by words that a trusted model quotes."""
        if self.edited or self.verdict is None:
            return self.evidence.match != "none" and self.evidence.numbers_ok
        if self.verdict == "open":
            return self.verified is True
        return self.verdict == "proven" and self.verified is not False

    @property
    def doubtful(self) -> bool:
        """Whether rules and model contradict each other about a pair that was kept."""
        return not self.edited and (
            self.verified is False or (self.verdict == "refuted" and self.verified is True)
        )


class Duplicate(_Record):
    """A pair left out because a kept one asks the same."""

    item: QAPair
    duplicate_of: QAPair = Field(description="always a kept pair")
    score: float = Field(
        description="cosine of the questions; 1 where equal after normalisation, 0 where judged"
    )
    kind: SameBy


class Conflict(_Record):
    """Two kept pairs that ask the same and answer differently: a person must choose."""

    item: QAPair
    conflicts_with: QAPair
    score: float = Field(description="as for a duplicate")
    kind: SameBy


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


class JudgeRecord(_Record):
    """How far the model's word about pairs could be trusted in a run.

    Each list put to it held some pairs known to be wrong, and pairs known to be right.
    """

    model: str = ""
    trusted: bool = Field(default=False, description="whether its word decided what was kept")
    asked: int = Field(default=0, ge=0, description="pairs put to it, planted ones left out")
    unanswered: int = Field(default=0, ge=0, description="of these, without a usable answer")
    planted: int = Field(default=0, ge=0, description="planted wrong pairs it gave its word on")
    caught: int = Field(default=0, ge=0, description="of these, called wrong")
    sure: int = Field(default=0, ge=0, description="pairs known to be right it gave its word on")
    refused: int = Field(default=0, ge=0, description="of these, called wrong")
    look_alikes: int = Field(default=0, ge=0, description="couples known to ask different things")
    confused: int = Field(default=0, ge=0, description="of these, said to ask the same")

    def __add__(self, other: JudgeRecord) -> JudgeRecord:
        """The counts of both, under the model and the trust of the first."""
        sums = {
            name: value + getattr(other, name)
            for name, value in self
            if name not in ("model", "trusted")
        }
        return self.model_copy(update=sums)


class PairList(_Record):
    """One deduplicated list, and the account of every chunk and every pair.

    It has the length of its kept pairs, gives them one after the other, and shows itself in a
    notebook.

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> len(pairs) == len([pair.question for pair in pairs]) == len(pairs.to_pandas())
        True
    """

    kept: tuple[QAPair, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    conflicts: tuple[Conflict, ...] = Field(default=(), description="among the kept ones")
    chunks: tuple[ChunkOutcome, ...] = ()
    usage: TokenUsage = TokenUsage()
    embeddings: str = Field(default="", description="what the duplicates were judged with")
    prompt: str = Field(default="", description="name and version of the prompt, or own")
    judge: JudgeRecord | None = Field(
        default=None, description="of the model that checked the pairs; None if none did"
    )
    refused: tuple[Reason, ...] = Field(
        default=(), exclude_if=operator.not_, description="of each document that cannot be read"
    )

    @model_validator(mode="after")
    def _adds_up(self) -> PairList:
        parsed = sum(chunk.parsed for chunk in self.chunks)
        everything = (
            *self.kept,
            *(one.item for one in self.duplicates),
            *(one.item for one in self.rejected),
        )
        sorted_out = sum(not pair.written for pair in everything)
        if self.chunks and parsed != sorted_out:
            raise ValueError(f"{parsed} pairs were read but {sorted_out} are accounted for")
        return self

    def __len__(self) -> int:
        return len(self.kept)

    def __bool__(self) -> bool:
        return True  # a list without a pair is a result, too

    def __iter__(self) -> Iterator[QAPair]:  # type: ignore[override]  # pairs, not fields
        return iter(self.kept)

    @overload
    def __getitem__(self, at: int) -> QAPair: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[QAPair, ...]: ...
    def __getitem__(self, at: int | slice) -> QAPair | tuple[QAPair, ...]:
        return self.kept[at]

    def __repr__(self) -> str:
        from .table import summary

        return summary(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        from .table import as_html

        return as_html(self)

    def to_pandas(self) -> pd.DataFrame:
        """The kept pairs as a table, a row each, with the columns of the JSON format.

        Raises:
            ImportError: pandas is not installed.
        """
        from .table import to_pandas

        return to_pandas(self.kept)

    def to_dataset(self) -> datasets.Dataset:
        """The kept pairs as a Hugging Face dataset, with the columns of the JSON format.

        Raises:
            ImportError: datasets is not installed.
        """
        from .table import to_dataset

        return to_dataset(self.kept)

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
    def answered(self) -> bool:
        """Whether every chunk was answered and every pair judged."""
        states = self.states()
        unjudged = self.judge.unanswered if self.judge else 0
        return not (states["failed"] or states["not asked"] or unjudged)

    @property
    def complete(self) -> bool:
        """Whether every document was read, every chunk answered and every pair judged."""
        return self.answered and not self.refused
