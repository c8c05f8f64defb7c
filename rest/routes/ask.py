"""One question, one answer, as the earlier Flask service gave it; from a job's list, if asked."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from chains import Dialogue, Source, Turn, choose
from pairs import TokenUsage
from prompts import MAX_OWN_PROMPT

from ..invoke import answer
from ..openapi import BODY, refusals
from ..schemas import NOT_BLANK, Choices, Whole, settings_for
from ..service import Service, TheService
from .jobs import JOB_ID, find

LONGEST_QUESTION = 20_000  # characters
MOST_TURNS = 200
_BY_NUMBER = {1: "gpt-3.5", 2: "chatglm3"}

router = APIRouter(tags=["dialogue"])

Words = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION, pattern=NOT_BLANK)]


class SaidBefore(BaseModel):
    """An earlier turn."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Literal["user", "assistant"]
    text: Annotated[str, Field(max_length=LONGEST_QUESTION)]


class Question(BaseModel):
    """A question, whom it goes to, and how."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: Words
    model: Annotated[
        Literal[1, 2] | Annotated[str, Field(min_length=1, max_length=100)] | None,
        Whole,
    ] = Field(None, description="1 is GPT-3.5, 2 is ChatGLM3; or a backend's name")
    prompt: Annotated[str, Field(max_length=MAX_OWN_PROMPT, pattern=NOT_BLANK)] | None = Field(
        None, description="a system prompt of your own"
    )
    max_tokens: Annotated[int, Field(ge=16, le=32_768), Whole] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    history: list[SaidBefore] = Field(
        default_factory=list, max_length=MOST_TURNS, description="the oldest turn first"
    )
    job: Annotated[str, Field(pattern=JOB_ID)] | None = Field(
        None, description="a job whose list and passages the answer is drawn from"
    )


class Answer(BaseModel):
    """What was answered."""

    answer: str
    model: str = Field(description="the model's name")
    found: bool = Field(description="False where the job's documents do not hold the answer")
    sources: list[Source] = Field(description="what the answer is drawn from")
    ended: Literal["", "length", "loop", "stopped"] = Field(
        description="why the answer is not whole; empty where it is"
    )
    usage: TokenUsage


@router.post("/ask", responses=refusals(*BODY, 404, 409, 429, 502, 503))
async def ask(request: Request, asked: Question, service: TheService) -> Answer:
    """The model's answer under a prompt; with a job, drawn from its list, sources named."""
    return await answer(request, service, lambda stop: _answered(service, asked, stop))


def _answered(service: Service, asked: Question, stop: threading.Event) -> Answer:
    chosen = Choices(
        backend=_BY_NUMBER[asked.model] if isinstance(asked.model, int) else asked.model,
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
    )
    resolved = settings_for(chosen, service.resolved, service.access)
    retriever = (
        service.shelves.of_job(find(service, asked.job), service.embeddings) if asked.job else None
    )
    history = [Turn(role=turn.role, text=turn.text) for turn in asked.history]
    embedded = choose(resolved).embedded
    dialogue = Dialogue(resolved, system=asked.prompt, retriever=retriever)
    with service.embedded if embedded else nullcontext(), dialogue:
        parts = list(dialogue.ask(asked.question, history, stop))
    last = parts[-1]
    service.metrics.tokens.labels("prompt").inc(last.usage.prompt)
    service.metrics.tokens.labels("completion").inc(last.usage.completion)
    return Answer(
        answer="".join(part.text for part in parts),
        model=dialogue.model,
        found=all(part.found for part in parts),
        sources=list(parts[0].sources),
        ended=last.ended,
        usage=last.usage,
    )
