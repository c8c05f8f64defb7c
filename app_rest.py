"""The REST door: LangServe's wire shape in plain FastAPI, the engine in worker threads.

qa3 serve          then          curl -d '{"input": {"text": "..."}}' .../pairs/invoke
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chains.events import Done, Event
from chains.materials import Text
from chains.pipeline import Pipeline
from chains.settings import resolve
from messages.errors import SaidError
from pairs.records import PairList

if TYPE_CHECKING:
    from fastapi import FastAPI

MOST_CHARACTERS = 2_000_000


class TextInput(BaseModel):
    """A text and how to ask about it; a client can name no file and no address of the server."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
    name: Annotated[str, Field(max_length=200)] = "text"
    backend: str | None = None
    language: Literal["auto", "zh", "en"] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=16, le=32_768)] | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    prompt_text: Annotated[str, Field(max_length=20_000)] | None = None


class InvokeRequest(BaseModel):
    """The body of ``/pairs/invoke`` and ``/pairs/stream``; LangServe's other fields are ignored."""

    input: TextInput


class Metadata(BaseModel):
    """What LangServe clients read beside the output."""

    run_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    feedback_tokens: list[str] = Field(default_factory=list)


class InvokeResponse(BaseModel):
    """The answer of ``/pairs/invoke``."""

    output: PairList
    metadata: Metadata


def create_app(config: Path | None = None) -> FastAPI:
    """The service.

    Args:
        config: A settings file.

    Raises:
        SettingsError: The settings cannot be used.
    """
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse, StreamingResponse

    resolve(config=config)
    app = FastAPI(title="qa3", description=__doc__)

    @app.exception_handler(SaidError)
    def refuse(request: Request, error: SaidError) -> JSONResponse:
        language = "zh" if request.headers.get("accept-language", "").startswith("zh") else "en"
        return JSONResponse(
            {"code": error.code, "detail": error.say(language)}, status_code=_status(error)
        )

    # Plain functions: FastAPI runs them in worker threads, and the event loop stays free.
    @app.post("/pairs/invoke")
    def invoke(request: InvokeRequest) -> InvokeResponse:
        result = PairList()
        for event in _events(request.input, config):
            if isinstance(event, Done):
                result = event.result
        return InvokeResponse(output=result, metadata=Metadata())

    @app.post("/pairs/stream")
    def stream(request: InvokeRequest) -> StreamingResponse:
        return StreamingResponse(_sse(request.input, config), media_type="text/event-stream")

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


def _events(given: TextInput, config: Path | None) -> Iterator[Event]:
    settings = given.model_dump(exclude={"text", "name"}, exclude_none=True)
    resolved = resolve(settings, config)
    return Pipeline(resolved).run([Text(text=given.text, name=given.name)])


def _sse(given: TextInput, config: Path | None) -> Iterator[str]:
    """LangServe's events: metadata, then data ..., then end or error."""
    yield f"event: metadata\ndata: {Metadata().model_dump_json()}\n\n"
    try:
        for event in _events(given, config):
            yield f"event: data\ndata: {event.model_dump_json()}\n\n"
    except SaidError as error:
        body = json.dumps({"status_code": _status(error), "message": str(error)})
        yield f"event: error\ndata: {body}\n\n"
    else:
        yield "event: end\n\n"


def _status(error: SaidError) -> int:
    """Whose fault it is: the client's, or a backend's behind us."""
    return 502 if error.code.startswith(("backend.", "endpoint.", "weights.")) else 422


def serve(host: str, port: int, config: Path | None = None) -> None:
    """Serves until interrupted."""
    import uvicorn

    uvicorn.run(create_app(config), host=host, port=port, log_level="warning")
