"""/pairs: the pipeline with LangServe's endpoints: invoke, batch, stream and the JSON schemas."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pairs import PairList
from serving import STREAM_HEADERS, sse_event

from ..invoke import PipelineRequest, request_slot, run_batch, run_pipeline, stream_events
from ..openapi import BODY, refusals
from ..schemas import Choices, Input
from ..service import TheService
from ..sse import EVENT_STREAM_CONTENT

MOST_INPUTS = 64

_REFUSALS = refusals(*BODY, 404, 415, 429, 502, 503)

router = APIRouter(prefix="/pairs", tags=["pairs"])


class Config(BaseModel):
    """LangChain's run configuration; ``configurable`` holds settings, the rest is ignored."""

    model_config = ConfigDict(frozen=True)

    configurable: Choices = Field(default_factory=Choices)


class Invoke(BaseModel):
    """The body of invoke and stream; other fields that LangServe's clients send are ignored."""

    input: Input
    config: Config = Field(default_factory=Config)


class Batch(BaseModel):
    """The body of batch: one configuration for all inputs, or a list with one per input."""

    inputs: list[Input] = Field(max_length=MOST_INPUTS)
    config: Config | list[Config] = Field(default_factory=Config)


class Metadata(BaseModel):
    """Metadata that LangServe's clients expect beside an output."""

    run_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    feedback_tokens: list[str] = Field(default_factory=list)


class Invoked(BaseModel):
    """The response of invoke."""

    output: PairList
    metadata: Metadata


class BatchMetadata(BaseModel):
    """Metadata of every output, in order."""

    responses: list[Metadata]
    run_ids: list[str]


class Batched(BaseModel):
    """The response of batch."""

    output: list[PairList]
    metadata: BatchMetadata


@router.post("/invoke", response_model=Invoked, responses=_REFUSALS)
async def invoke(request: Request, body: Invoke, service: TheService) -> Response:
    """Returns the pair list of a text or of uploads when it is complete.

    The run is cancelled when the connection closes: for a long document start a job instead.
    """
    pipeline_request = PipelineRequest(body.input, body.config.configurable)
    async with request_slot(request, service) as stop:
        output = await run_pipeline(service, pipeline_request, stop)
        content = await service.work(lambda: _invoke_json(output))
    return Response(content, media_type="application/json")


@router.post("/batch", response_model=Batched, responses=_REFUSALS)
async def batch(request: Request, body: Batch, service: TheService) -> Response:
    """Returns one pair list per input, in order; if one input fails, the whole batch fails."""
    async with request_slot(request, service) as stop:
        output = await run_batch(service, _pipeline_requests(body), stop)
        content = await service.work(lambda: _batch_json(output))
    return Response(content, media_type="application/json")


@router.post(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": EVENT_STREAM_CONTENT}, **_REFUSALS},
)
async def stream(request: Request, body: Invoke, service: TheService) -> StreamingResponse:
    """Streams the run as server-sent events: `metadata`, a `data` per event, then `end`.

    The data are the events of a job: `prepared`, a `chunk` with its pairs for each finished chunk,
    and `done` with the whole list. An `error` with `status_code` and `message` ends it early.
    """
    pipeline_request = PipelineRequest(body.input, body.config.configurable)
    events = await stream_events(request, service, pipeline_request)

    async def with_metadata() -> AsyncIterator[str]:
        yield sse_event(Metadata().model_dump_json(), "metadata")
        async for event in events:
            yield event

    return StreamingResponse(
        with_metadata(), media_type="text/event-stream", headers=STREAM_HEADERS
    )


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


def _invoke_json(output: PairList) -> str:
    return Invoked(output=output, metadata=Metadata()).model_dump_json()


def _pipeline_requests(body: Batch) -> list[PipelineRequest]:
    """Each input with its configuration; inputs beyond the list's end get the default one."""
    count = len(body.inputs)
    configs = body.config if isinstance(body.config, list) else [body.config] * count
    padded = [*configs, *(Config() for _ in range(count))]
    return [
        PipelineRequest(one, config.configurable)
        for one, config in zip(body.inputs, padded, strict=False)
    ]


def _batch_json(output: list[PairList]) -> str:
    responses = [Metadata() for _ in output]
    metadata = BatchMetadata(responses=responses, run_ids=[one.run_id for one in responses])
    return Batched(output=output, metadata=metadata).model_dump_json()
