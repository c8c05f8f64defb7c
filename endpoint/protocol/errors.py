"""Exception handlers: every failure as OpenAI's error JSON with its HTTP status."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from messages.errors import SaidError
from messages.log import logged
from serving import language_of

from ..errors import EndpointError
from .json_body import plain

log = logging.getLogger(__name__)
ROUTES = (
    "POST /v1/chat/completions, POST /v1/completions, POST /v1/embeddings, POST /tokenize, "
    "GET /v1/models, GET /v1/models/NAME, GET /version, GET /metrics, GET /health"
)
NOT_ALLOWED = 405


def answer_errors(app: FastAPI) -> None:
    """Registers handlers that answer every error with OpenAI's error JSON."""

    @app.exception_handler(SaidError)
    async def said(request: Request, error: SaidError) -> JSONResponse:
        language = language_of(request.headers.get("accept-language", ""))
        return JSONResponse(refusal(error, language), status_of(error), headers_of(error))

    @app.exception_handler(HTTPException)
    async def routed(request: Request, error: HTTPException) -> JSONResponse:
        route = plain(f"{request.method} {request.url.path}")
        if error.status_code == NOT_ALLOWED:
            return await said(
                request, EndpointError("endpoint.wrong_method", given=route, known=ROUTES)
            )
        return await said(request, EndpointError("endpoint.no_route", given=route, known=ROUTES))

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:
        # Starlette also re-raises it, for uvicorn's log.
        log.error("%r: %s", request.url.path, type(error).__name__, exc_info=error)
        code, fields = logged("endpoint.fault", "endpoint.fault_logged", kind=type(error).__name__)
        return await said(request, EndpointError(code, **fields))


INVALID, SERVER = "invalid_request_error", "server_error"
# Status, OpenAI's type and OpenAI's code, for what a caller can put right.
_KINDS: dict[str, tuple[int, str, str]] = {
    "endpoint.wrong_key": (401, INVALID, "invalid_api_key"),
    "endpoint.foreign_page": (403, INVALID, "forbidden_origin"),
    "endpoint.foreign_host": (421, INVALID, "misdirected_request"),
    "endpoint.unknown_model": (404, INVALID, "model_not_found"),
    "endpoint.no_route": (404, INVALID, "unknown_url"),
    "endpoint.wrong_method": (405, INVALID, "method_not_allowed"),
    "endpoint.slow_body": (408, INVALID, "timeout"),
    "endpoint.body_too_large": (413, INVALID, "request_too_large"),
    "endpoint.not_said_json": (415, INVALID, "unsupported_media_type"),
    "endpoint.busy": (429, "rate_limit_error", "queue_full"),
    "endpoint.gone": (499, INVALID, "client_closed_request"),
    "endpoint.prompt_too_long": (400, INVALID, "context_length_exceeded"),
    "endpoint.input_too_long": (400, INVALID, "context_length_exceeded"),
    "endpoint.not_json": (400, INVALID, "invalid_json"),
    "endpoint.not_object": (400, INVALID, "invalid_json"),
    "endpoint.half_character": (400, INVALID, "invalid_unicode"),
    "endpoint.missing": (400, INVALID, "missing_required_parameter"),
    "endpoint.unknown_parameter": (400, INVALID, "unknown_parameter"),
    "endpoint.unsupported": (400, INVALID, "unsupported_parameter"),
    "endpoint.unseeded": (400, INVALID, "unsupported_parameter"),
    "endpoint.token_input": (400, INVALID, "unsupported_value"),
    "endpoint.bad_value": (400, INVALID, "invalid_value"),
    "endpoint.empty": (400, INVALID, "invalid_value"),
    "endpoint.too_many_inputs": (400, INVALID, "invalid_value"),
    "endpoint.bad_schema": (400, INVALID, "invalid_schema"),
    "endpoint.no_grammar": (400, INVALID, "unsupported_parameter"),
    "endpoint.schema_beside_tools": (400, INVALID, "unsupported_parameter"),
    "endpoint.too_many_stops": (400, INVALID, "invalid_value"),
    "endpoint.no_embedding": (501, INVALID, "not_implemented"),
    "endpoint.fault": (500, SERVER, "internal_error"),
    "endpoint.fault_logged": (500, SERVER, "internal_error"),
}
_OURS = (503, SERVER, "engine_unavailable")  # memory, an engine that died, weights not here


def status_of(error: SaidError) -> int:
    """The HTTP status of an error."""
    return _KINDS.get(error.code, _OURS)[0]


def headers_of(error: SaidError) -> dict[str, str]:
    """The headers that belong to an error: when to come back, or how to show a key."""
    if error.code == "endpoint.busy":
        return {"Retry-After": str(error.fields.get("seconds", 1))}
    return {"WWW-Authenticate": "Bearer"} if error.code == "endpoint.wrong_key" else {}


def refusal(error: SaidError, language: str) -> dict[str, Any]:
    """The body of an error, in OpenAI's form.

    Args:
        error: What happened.
        language: ``en`` or ``zh``.
    """
    _, kind, code = _KINDS.get(error.code, _OURS)
    return {
        "error": {
            "message": error.say(language),
            "type": kind,
            "param": error.fields.get("name"),
            "code": code,
        }
    }
