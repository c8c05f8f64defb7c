"""/pairs: the pipeline with LangServe's endpoints: invoke, batch, three streams, JSON schemas."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pairs import PairList
from serving import STREAM_HEADERS

from ..invoke import PipelineRequest, request_slot, run_batch, run_pipeline, streamed_run
from ..openapi import BODY, bound_files, refusals
from ..schemas import Choices, Input
from ..service import Service, TheService
from ..sse import EVENT_STREAM_CONTENT
from ..streams import Chunks, EventFilter, Metadata, RunEvents, RunLog, Stream

MOST_INPUTS = 64

_REFUSALS = refusals(*BODY, 404, 429, 502, 503)
_STREAMED: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": {200: {"content": EVENT_STREAM_CONTENT}, **_REFUSALS},
}

router = APIRouter(prefix="/pairs", tags=["pairs"])


class Configurable(Choices):
    """Settings; other keys, which a client's own parts of a chain may have, are ignored."""

    model_config = ConfigDict(extra="ignore")


class Config(BaseModel):
    """LangChain's run configuration; what is not named here is ignored."""

    model_config = ConfigDict(frozen=True)

    configurable: Configurable = Field(default_factory=Configurable)
    run_id: uuid.UUID | None = Field(None, description="None for a new one")


class Invoke(BaseModel):
    """The body of invoke and stream; other fields that LangServe's clients send are ignored."""

    input: Input
    config: Config = Field(default_factory=Config)


class StreamEvents(Invoke, EventFilter):
    """The body of stream_events."""


class Batch(BaseModel):
    """The body of batch: one configuration for all inputs, or a list with one per input."""

    inputs: list[Input] = Field(max_length=MOST_INPUTS, description=f"at most {MOST_INPUTS}")
    config: Config | list[Config] = Field(
        default_factory=Config, description="the run_id of a single one is that of the first input"
    )


class Invoked(BaseModel):
    """The response of invoke."""

    output: PairList
    metadata: Metadata


class BatchMetadata(BaseModel):
    """Metadata of every output, in order."""

    responses: list[Metadata]
    run_ids: list[uuid.UUID]


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
        content = await service.work(lambda: _invoke_json(output, _run_id(body.config)))
    return Response(content, media_type="application/json")


@router.post("/batch", response_model=Batched, responses=_REFUSALS)
async def batch(request: Request, body: Batch, service: TheService) -> Response:
    """Returns one pair list per input, in order; if one input fails, the whole batch fails."""
    configs = _configs(body)
    inputs = zip(body.inputs, configs, strict=True)
    requests = [PipelineRequest(one, config.configurable) for one, config in inputs]
    async with request_slot(request, service) as stop:
        output = await run_batch(service, requests, stop)
        content = await service.work(lambda: _batch_json(output, [_run_id(one) for one in configs]))
    return Response(content, media_type="application/json")


@router.post("/stream", **_STREAMED)
async def stream(request: Request, body: Invoke, service: TheService) -> StreamingResponse:
    """Streams the run as server-sent events: `metadata`, a `data` per event, then `end`.

    The data are the events of a job: `prepared`, a `chunk` with its pairs for each finished chunk,
    and `done` with the whole list, in `result` and beside it. An `error` with `status_code` and
    `message` ends it early.
    """
    return await _streamed(request, body, service, Chunks(_run_id(body.config)))


@router.post("/stream_log", **_STREAMED)
async def stream_log(request: Request, body: Invoke, service: TheService) -> StreamingResponse:
    """Streams the run as LangChain's run log: JSON patches that add the events of `stream`."""
    return await _streamed(request, body, service, RunLog(_run_id(body.config)))


@router.post("/stream_events", **_STREAMED)
async def stream_events(
    request: Request, body: StreamEvents, service: TheService
) -> StreamingResponse:
    """Streams LangChain's events of the run: its start, the events of `stream`, its end."""
    given = (
        body.input.model_dump(exclude_unset=True) if isinstance(body.input, Choices) else body.input
    )
    events = RunEvents(_run_id(body.config), given, wanted=body.takes_the_run())
    return await _streamed(request, body, service, events)


async def _streamed(
    request: Request, body: Invoke, service: Service, form: Stream
) -> StreamingResponse:
    pipeline_request = PipelineRequest(body.input, body.config.configurable)
    events = await streamed_run(request, service, pipeline_request, form)
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


@router.get("/input_schema")
def input_schema(service: TheService) -> dict[str, Any]:
    """The JSON schema of an input."""
    schema = TypeAdapter[Any](Input).json_schema()
    bound_files(schema["$defs"], service.limits.files)
    return schema


@router.get("/output_schema")
def output_schema() -> dict[str, Any]:
    """The JSON schema of an output."""
    return PairList.model_json_schema(mode="serialization")


@router.get("/config_schema")
def config_schema() -> dict[str, Any]:
    """The JSON schema of a configuration."""
    return Config.model_json_schema()


def _run_id(config: Config) -> uuid.UUID:
    return config.run_id or uuid.uuid4()


def _configs(body: Batch) -> list[Config]:
    """The configuration of each input; inputs beyond the list's end get the default one."""
    count = len(body.inputs)
    if isinstance(body.config, list):
        return [*body.config, *(Config() for _ in range(count))][:count]
    others = body.config.model_copy(
        update={"run_id": None}
    )  # as LangChain does: an id is of one run
    return [body.config, *(others for _ in range(count))][:count]


def _invoke_json(output: PairList, run_id: uuid.UUID) -> str:
    return Invoked(output=output, metadata=Metadata(run_id=run_id)).model_dump_json()


def _batch_json(output: list[PairList], run_ids: list[uuid.UUID]) -> str:
    responses = [Metadata(run_id=run_id) for run_id in run_ids]
    metadata = BatchMetadata(responses=responses, run_ids=run_ids)
    return Batched(output=output, metadata=metadata).model_dump_json()
