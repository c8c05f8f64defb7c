"""What passes between the steps of a chain: replies, draft pairs, jobs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from loaders import whole_characters
from pairs.records import Reason, TokenUsage

LOOP = "loop"
"""The finish reason of a reply we ended, because the model only repeated itself."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class DraftPair(_Record):
    """A question and its answer as the model put them: stripped, neither blank."""

    question: str
    answer: str

    @field_validator("question", "answer")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        stripped = text.strip()
        if not stripped:
            raise ValueError("blank")
        return stripped


class Reply(_Record):
    """What the model really said to one request."""

    chunk_id: str
    text: str
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
    """The text of one file of a job, and where its pages begin."""

    source: str
    sha256: str
    text: str
    pages: tuple[tuple[int, int], ...] = Field(
        default=(), description="(first character, page) in order; empty without pages"
    )


class Job(_Record):
    """One run, as every door sees it."""

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
    created: float = Field(default=0.0, description="seconds since 1970")
    updated: float = 0.0
    seconds: float = Field(default=0.0, description="of all its runs together")
    usage: TokenUsage = Field(default=TokenUsage(), description="of all its runs together")
    counts: dict[str, int] = Field(default_factory=dict, description="pairs and chunks by state")
    failure: Reason | None = Field(default=None, description="of a failed one")
    served: bool = Field(default=False, description="a server took it on, and will finish it")
