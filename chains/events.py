"""The events of a run, the same for every interface."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pairs.records import ChunkOutcome, PairList, QAPair, Reason, TokenUsage


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)


class AskedBefore(BaseModel):
    """What a run asks again that an earlier job was answered, since prompts have changed.

    That job is left as it is, and goes on without asking anything again when it is resumed.
    """

    model_config = ConfigDict(frozen=True)

    job: str
    chunks: int = Field(description="chunks to ask about again")
    tokens: int = Field(description="of their prompts and replies, estimated")


class Prepared(_Event):
    """All inputs are read and split; no request has been sent yet."""

    event: Literal["prepared"] = "prepared"
    job: str
    files: int
    chunks: int
    tokens: int = Field(description="estimated tokens of the texts to be asked about")
    backend: str
    small: bool = Field(
        default=False, description="the model is an embedded one that is very small"
    )
    model: str
    prompt: str = Field(default="", description="name and version of the prompt, or own")
    embeddings: str
    warnings: tuple[tuple[str, Reason], ...] = Field(default=(), description="by file")
    refused: tuple[Reason, ...] = Field(default=(), description="files that cannot be read")
    asked_before: AskedBefore | None = Field(
        default=None, description="an earlier job whose prompts have changed since"
    )


class ChunkDone(_Event):
    """One chunk has ended; its pairs are provisional until the run is done."""

    event: Literal["chunk"] = "chunk"
    index: int
    outcome: ChunkOutcome
    pairs: tuple[QAPair, ...] = Field(
        default=(), description="proved, in order; one may still turn out to be a duplicate"
    )
    done: int = Field(description="chunks ended so far")
    total: int
    usage: TokenUsage = Field(description="of the run so far")


class Verified(_Event):
    """More pairs have been checked by a model, or got no reply.

    Where lists of pairs are judged, this is told beside the chunks: the total grows with them.
    """

    event: Literal["verified"] = "verified"
    done: int = Field(description="pairs asked about so far")
    total: int
    usage: TokenUsage = Field(description="of the run so far")


class Done(_Event):
    """The run is over: every chunk has a state, and the list is complete."""

    event: Literal["done"] = "done"
    job: str
    seconds: float
    result: PairList = Field(description="with the user's edits applied")
    adopted: int = Field(
        default=0, description="edits taken over from earlier jobs on documents of the same names"
    )
    notes: tuple[Reason, ...] = Field(
        default=(), description="what the run learnt about its server"
    )


class Failed(_Event):
    """The run ended without a list; sent by servers, while scripts get the exception."""

    event: Literal["failed"] = "failed"
    job: str
    reason: Reason


Event = Prepared | ChunkDone | Verified | Done | Failed
