"""Records that pass between the steps of a run: replies, draft pairs, jobs, progress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.runnables import RunnableConfig
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    computed_field,
    field_validator,
    model_validator,
)

from loaders import whole_characters
from pairs.records import JudgeRecord, Reason, TokenUsage

THOUGHT = "thought"
"""The finish reason of a reply whose tokens were all used up by the model's thoughts."""
LOOP = "loop"
"""The finish reason of a reply that qa3 ended because the model repeated itself."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


def is_watched(config: RunnableConfig | None) -> bool:
    """Whether some callback is told of the runs under a configuration, as far as that is known.

    A run that nobody is told of costs LangChain 0.1 ms of processor time, which a step saves.
    """
    callbacks = (config or {}).get("callbacks")
    return not isinstance(callbacks, BaseCallbackManager) or bool(callbacks.handlers)


class DraftPair(_Record):
    """A question and its answer as the model wrote them: stripped, neither blank."""

    question: str
    answer: str
    reasoning: str = Field(default="", description="what the model thought, where it is kept")

    @field_validator("question", "answer")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        stripped = text.strip()
        if not stripped:
            raise ValueError("blank")
        return stripped


class Reply(_Record):
    """The model's raw reply to one request."""

    chunk_id: str
    text: str
    id: str = Field(default="", description="its own: two calls may be answered alike")
    model: str = ""
    prompt: str = Field(default="", description="the prompt's fingerprint")
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reason: str = ""
    seconds: float = Field(default=0.0, ge=0)
    truncated: bool = Field(default=False, description="cut off by the token limit")

    @field_validator("text", mode="before")
    @classmethod
    def _whole(cls, text: object) -> object:
        return whole_characters(text) if isinstance(text, str) else text


class SourceFile(_Record):
    """The text of one file of a job, with the offsets of its pages."""

    source: str
    sha256: str
    text: str
    pages: tuple[tuple[int, int], ...] = Field(
        default=(), description="(first character, page) in order; empty without pages"
    )


class ChunkCounts(_Record):
    """How many chunks are in each state; they add up to the job's chunks."""

    pairs: int = Field(default=0, ge=0, description="answered with pairs")
    nothing: int = Field(default=0, ge=0, description="answered that there is nothing to ask")
    repeated: int = Field(default=0, ge=0, description="whose text stands in an earlier one")
    failed: int = Field(default=0, ge=0)
    not_asked: int = Field(default=0, ge=0)

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no property under a decorator
    @property
    def done(self) -> int:
        """Chunks that have ended."""
        return self.pairs + self.nothing + self.repeated + self.failed

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> int:
        """All chunks of the job."""
        return self.done + self.not_asked


class PairCounts(_Record):
    """The pairs read from the replies, by what became of them; the counts add up to all."""

    kept: int = Field(default=0, ge=0)
    duplicates: int = Field(default=0, ge=0)
    rejected: int = Field(default=0, ge=0)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> int:
        """Pairs read from the replies."""
        return self.kept + self.duplicates + self.rejected


class VerificationCounts(_Record):
    """Kept pairs by the result of their verification."""

    verified: int = Field(default=0, ge=0)
    doubted: int = Field(default=0, ge=0)
    unverified: int = Field(default=0, ge=0, description="nobody answered")


class Progress(_Record):
    """The progress of a job, with the same meaning during a run and afterwards."""

    chunks: ChunkCounts = Field(default=ChunkCounts(), description="as they stand now")
    pairs: PairCounts | None = Field(
        default=None, description="of the list a run last ended with; None before there is one"
    )
    verification: VerificationCounts | None = Field(
        default=None, description="of that list; None where it was not asked for"
    )
    judge: JudgeRecord | None = Field(
        default=None,
        description="what the model that checked its pairs was worth; None where none was measured",
    )

    @classmethod
    def of_counts(cls, counts: Mapping[str, Any]) -> Progress:
        """The progress in a flat table of counts; missing names count as 0.

        Args:
            counts: As ``counts`` gives them.

        Raises:
            ValidationError: A count is not one.
        """
        flat = _COUNTS.validate_python(counts)
        known = {name.replace(" ", "_"): count for name, count in flat.items()}
        judge = {
            name.removeprefix(_JUDGE): count
            for name, count in flat.items()
            if name.startswith(_JUDGE)
        }
        return cls(
            chunks=ChunkCounts.model_validate(known),
            pairs=PairCounts.model_validate(known) if "kept" in flat else None,
            verification=VerificationCounts.model_validate(known) if "verified" in flat else None,
            judge=JudgeRecord.model_validate(judge) if judge else None,
        )

    def counts(self) -> dict[str, int]:
        """All counts in one flat table, the form used in journals and JSON.

        ``chunks`` is their number, ``pairs`` that of the chunks with pairs.
        """
        chunks = self.chunks.model_dump(exclude={"done", "total"})
        flat = {"chunks": self.chunks.total}
        flat |= {name.replace("_", " "): count for name, count in chunks.items()}
        if self.pairs is not None:
            flat |= self.pairs.model_dump(exclude={"total"})
        if self.verification is not None:
            flat |= self.verification.model_dump()
        if self.judge is not None:
            counts = self.judge.model_dump(exclude={"model"})
            flat |= {f"{_JUDGE}{name}": int(count) for name, count in counts.items()}
        return flat


_COUNTS = TypeAdapter(dict[str, int])
_JUDGE = "judge_"


class Job(_Record):
    """A job: one run with its settings, state, progress and usage."""

    id: str
    fingerprint: str = Field(description="equal for runs that would ask the same")
    state: str = Field(
        default="running",
        description="waiting, running, done, partial (chunks failed), stopped (chunks were not"
        " asked), failed (nothing could be asked), or broken off: its process is gone",
    )
    settings: dict[str, Any] = Field(default_factory=dict)
    backend: dict[str, Any] = Field(default_factory=dict, description="as a table of settings")
    output: dict[str, str] = Field(default_factory=dict, description="path and format of its list")
    sources: tuple[str, ...] = Field(default=(), description="its files, the first three of them")
    name: str = Field(default="", description="what a person calls it; empty for its files' names")
    created: float = Field(default=0.0, description="seconds since 1970")
    updated: float = 0.0
    seconds: float = Field(default=0.0, description="of all its runs together")
    usage: TokenUsage = Field(default=TokenUsage(), description="of all its runs together")
    progress: Progress = Field(default=Progress(), description="how far it is")
    failure: Reason | None = Field(default=None, description="of a failed one")
    refused: tuple[Reason, ...] = Field(
        default=(), description="of each of its documents that cannot be read"
    )
    served: bool = Field(default=False, description="a server took it on, and will finish it")

    @model_validator(mode="before")
    @classmethod
    def _name_judge(cls, given: Any) -> Any:
        """Gives the judge's record, which counts alone were kept of, its model's name."""
        progress = given.get("progress") if isinstance(given, dict) else None
        if not (isinstance(progress, Progress) and progress.judge and not progress.judge.model):
            return given
        backend = given.get("backend") or {}
        model = str((backend.get("judge") or backend).get("model") or "")
        judge = progress.judge.model_copy(update={"model": model})
        return {**given, "progress": progress.model_copy(update={"judge": judge})}
