"""POST /ask: one question, one answer, optionally answered from the documents of a job."""

from __future__ import annotations

import threading
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, create_model

from chains import Dialogue, Source, Turn
from pairs import TokenUsage
from prompts import MAX_OWN_PROMPT

from ..invoke import request_slot
from ..openapi import BODY, refusals
from ..schemas import NOT_BLANK, Choices, Strict, Whole, offer, settings_for
from ..service import Service, TheService
from .jobs import JOB_ID, find

LONGEST_QUESTION = 20_000  # characters
MOST_TURNS = 200
_BACKEND_BY_NUMBER = {1: "gpt-3.5", 2: "chatglm3"}

router = APIRouter(tags=["dialogue"])

Words = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION, pattern=NOT_BLANK)]


class SaidBefore(Strict):
    """An earlier turn."""

    role: Literal["user", "assistant"]
    text: Annotated[str, Field(max_length=LONGEST_QUESTION)]


_OFFERED: dict[str, Any] = {name: offer(name) for name in ("max_tokens", "temperature")}


class Question(create_model("_Question", __base__=Strict, **_OFFERED)):  # type: ignore[misc]  # a dynamic base class
    """A question, the model that answers it, and settings."""

    question: Words
    model: Annotated[
        Literal[1, 2] | Annotated[str, Field(min_length=1, max_length=100)] | None,
        Whole,
    ] = Field(None, description="1 is GPT-3.5, 2 is ChatGLM3; or a backend's name")
    prompt: Annotated[str, Field(max_length=MAX_OWN_PROMPT, pattern=NOT_BLANK)] | None = Field(
        None, description="a system prompt of your own"
    )
    history: list[SaidBefore] = Field(
        default_factory=list, max_length=MOST_TURNS, description="the oldest turn first"
    )
    job: Annotated[str, Field(pattern=JOB_ID)] | None = Field(
        None, description="a job whose list and passages the answer is drawn from"
    )


class Answer(BaseModel):
    """The answer to a question."""

    answer: str
    model: str = Field(description="the model's name")
    found: bool = Field(description="False where the job's documents do not hold the answer")
    sources: list[Source] = Field(description="what the answer is drawn from")
    ended: Literal["", "length", "loop", "stopped"] = Field(
        description="why the answer is not whole; empty where it is"
    )
    usage: TokenUsage


@router.post("/ask", responses=refusals(*BODY, 404, 409, 429, 502, 503))
async def ask(request: Request, body: Question, service: TheService) -> Answer:
    """The model's answer under a prompt; with a job, drawn from its list, sources named."""
    async with request_slot(request, service) as stop:
        return await service.work(lambda: _answer(service, body, stop))


def _answer(service: Service, body: Question, stop: threading.Event) -> Answer:
    backend = _BACKEND_BY_NUMBER[body.model] if isinstance(body.model, int) else body.model
    chosen = Choices(backend=backend, **body.model_dump(include={*_OFFERED}))
    resolved = settings_for(chosen, service.resolved, service.access)
    retriever = service.retrievers.of_job(find(service, body.job)) if body.job else None
    history = [Turn(role=turn.role, text=turn.text) for turn in body.history]
    backends = service.runner.backends
    with Dialogue(resolved, system=body.prompt, retriever=retriever, backends=backends) as dialogue:
        parts = list(dialogue.ask(body.question, history, stop))
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
