"""Input records of the page beside the list: texts and facts of the run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from loaders.records import Chunk

from ..records import TokenUsage

__all__ = ["ViewFacts", "ViewedText"]


class ViewedText(BaseModel):
    """The text of one file of a list, as its pairs' spans count it."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="as the pairs name it")
    text: str
    chunks: tuple[Chunk, ...] = Field(
        default=(), description="its chunks: what lies in boilerplate is not missed by coverage"
    )


class ViewFacts(BaseModel):
    """Facts of the run in the page's report; empty and None values are not shown."""

    model_config = ConfigDict(frozen=True)

    job: str = Field(default="", description="its id")
    created: float = Field(default=0.0, description="seconds since 1970")
    backend: str = ""
    model: str = ""
    usage: TokenUsage | None = Field(default=None, description="of all runs; None: the list's")
    seconds: float | None = Field(default=None, ge=0)
    judge: str = Field(default="", description="what the model that checked the pairs was worth")
    cost: float | None = Field(default=None, ge=0, description="in the price's own currency")
