"""The pipeline in LangServe's wire shape: invoke, batch, stream, and the schemas of both ends."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pairs import PairList
from serving import STREAM_HEADERS, sse_event

from ..invoke import Asked, make_list, make_lists, seated, stream_pieces
from ..openapi import BODY, refusals
from ..schemas import Choices, Input
from ..service import TheService
from ..sse import DESCRIBED

MOST_INPUTS = 64

_REFUSALS = refusals(*BODY, 404, 415, 429, 502, 503)

router = APIRouter(prefix="/pairs", tags=["pairs"])


class Config(BaseModel):
    """LangChain's run configuration; ``configurable`` holds settings, the rest is passed over."""

    model_config = ConfigDict(frozen=True)

    configurable: Choices = Field(default_factory=Choices)


class Invoke(BaseModel):
    """The body of invoke and stream; what else LangServe's clients send is passed over."""

    input: Input
    config: Config = Field(default_factory=Config)


class Batch(BaseModel):
    """The body of batch: one configuration for all inputs, or one for each in turn."""

    inputs: list[Input] = Field(max_length=MOST_INPUTS)
    config: Config | list[Config] = Field(default_factory=Config)


class Metadata(BaseModel):
    """What LangServe's clients read beside an output."""

    run_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    feedback_tokens: list[str] = Field(default_factory=list)


class Invoked(BaseModel):
    """The answer of invoke."""

    output: PairList
    metadata: Metadata


class BatchMetadata(BaseModel):
    """Of every output, in order."""

    responses: list[Metadata]
    run_ids: list[str]


class Batched(BaseModel):
    """The answer of batch."""

    output: list[PairList]
    metadata: BatchMetadata


@router.post("/invoke", response_model=Invoked, responses=_REFUSALS)
async def invoke(request: Request, asked: Invoke, service: TheService) -> Response:
    """The list of pairs of a text or of uploads, when it is done.

    Whoever waits for a long document had better begin a job: a closed connection ends this.
    """
    one = Asked(asked.input, asked.config.configurable)
    async with seated(request, service) as stop:
        output = await make_list(service, one, stop)
        body = await service.work(lambda: _invoked(output))
    return Response(body, media_type="application/json")


@router.post("/batch", response_model=Batched, responses=_REFUSALS)
async def batch(request: Request, asked: Batch, service: TheService) -> Response:
    """One list of pairs for each input, in order; the first that fails fails them all."""
    async with seated(request, service) as stop:
        output = await make_lists(service, _several(asked), stop)
        body = await service.work(lambda: _batched(output))
    return Response(body, media_type="application/json")


@router.post(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": DESCRIBED}, **_REFUSALS},
)
async def stream(request: Request, asked: Invoke, service: TheService) -> StreamingResponse:
    """What happens as it happens: `metadata`, then `data` with an event each, then `end`.

    The events are those of a job: `prepared`, a `chunk` with its pairs as they are made, and
    `done` with the whole list. An `error` with `status_code` and `message` ends it early.
    """
    one = Asked(asked.input, asked.config.configurable)
    pieces = await stream_pieces(request, service, one)

    async def framed() -> AsyncIterator[str]:
        yield sse_event(Metadata().model_dump_json(), "metadata")
        async for piece in pieces:
            yield piece

    return StreamingResponse(framed(), media_type="text/event-stream", headers=STREAM_HEADERS)


@router.get("/input_schema")
def input_schema() -> dict[str, Any]:
    """The JSON schema of an input."""
    return TypeAdapter[Any](Input).json_schema()


@router.get("/output_schema")
def output_schema() -> dict[str, Any]:
    """The JSON schema of an output."""
    return PairList.model_json_schema(mode="serialization")


@router.get("/config_schema")
def config_schema() -> dict[str, Any]:
    """The JSON schema of a configuration."""
    return Config.model_json_schema()


def _invoked(output: PairList) -> str:
    return Invoked(output=output, metadata=Metadata()).model_dump_json()


def _several(asked: Batch) -> list[Asked]:
    """Every input with its configuration, and those without one with the service's own."""
    count = len(asked.inputs)
    configs = asked.config if isinstance(asked.config, list) else [asked.config] * count
    whole = [*configs, *(Config() for _ in range(count))]
    return [
        Asked(one, config.configurable) for one, config in zip(asked.inputs, whole, strict=False)
    ]


def _batched(output: list[PairList]) -> str:
    said = [Metadata() for _ in output]
    told = BatchMetadata(responses=said, run_ids=[one.run_id for one in said])
    return Batched(output=output, metadata=told).model_dump_json()
