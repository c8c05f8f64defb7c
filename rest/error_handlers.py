"""What is said to a client that cannot be served: a status, a code, and a sentence it can read."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from loaders import whole_characters
from messages import SaidError, logged, say
from pairs import Reason
from serving import language_of

from .schemas import TAGS

log = logging.getLogger(__name__)
LONGEST_NAME = 80  # characters of a client's own words in an answer

STATUS = {
    "rest.body": 400,
    "rest.token_missing": 401,
    "rest.origin": 403,
    "rest.base_url": 403,
    "job.unknown": 404,
    "edit.unknown": 404,
    "rest.no_file": 404,
    "rest.no_route": 404,
    "rest.method": 405,
    "rest.stalled": 408,
    "job.busy": 409,
    "job.no_list": 409,
    "job.other_version": 409,
    "rest.not_here": 409,
    "rest.body_too_large": 413,
    "rest.file_too_large": 413,
    "rest.too_many_files": 413,
    "load.too_large": 413,
    "load.too_many_pages": 413,
    "load.too_many_cells": 413,
    "load.zip_bomb": 413,
    "load.pdf_bomb": 413,
    "rest.not_multipart": 415,
    "rest.formats": 415,
    "load.refused_format": 415,
    "load.archive": 415,
    "load.legacy": 415,
    "load.not_text": 415,
    "rest.host": 421,
    "rest.too_many": 429,
    "rest.too_many_jobs": 429,
    "rest.busy": 503,
    "rest.closing": 503,
    "rest.uploads_full": 503,
    "job.queue_full": 503,
    "export.write": 503,
    "rest.upload_failed": 503,
    "job.unexpected": 500,
    "job.unexpected_logged": 500,
    "rest.unexpected": 500,
    "rest.unexpected_logged": 500,
}
"""Of single codes; the rest goes by the part of qa3 it comes from."""
_BY_ROOM = {
    "backend": 502, "endpoint": 502, "weights": 502, "embeddings": 502, "journal": 503,
    "dedupe": 500,
}  # fmt: skip
_RETRY_AFTER = {
    "rest.too_many": 2, "rest.busy": 2, "rest.closing": 10, "rest.too_many_jobs": 30,
    "job.queue_full": 30, "rest.uploads_full": 60,
}  # fmt: skip
_UNPROCESSABLE = 422
_OF_HTTP = {
    400: "rest.body", 401: "rest.token_missing", 404: "rest.no_route", 405: "rest.method",
    415: "rest.not_multipart",
}  # fmt: skip
_FIELD = {
    "missing": "rest.field_missing",
    "extra_forbidden": "rest.field_unknown",
    "string_too_short": "rest.field_short",
    "too_short": "rest.field_short",
    "string_too_long": "rest.field_long",
    "too_long": "rest.field_long",
    "greater_than_equal": "rest.field_least",
    "less_than_equal": "rest.field_most",
    "literal_error": "rest.field_one_of",
    "enum": "rest.field_one_of",
    "json_invalid": "rest.field_json",
    "string_pattern_mismatch": "rest.field_pattern",
}
_BOUND = ("min_length", "max_length", "ge", "le", "expected", "pattern")


class FieldFault(BaseModel):
    """One field of a request and what is wrong with it."""

    field: str = Field(description="its place, as in input.threshold")
    detail: str


class Refusal(BaseModel):
    """Why a request is not served."""

    code: str = Field(description="stable across languages and releases")
    detail: str = Field(description="a sentence, in the language of Accept-Language")
    fields: list[FieldFault] = Field(
        default_factory=list, description="of status 422: what is wrong"
    )


def status_of(code: str) -> int:
    """The status under which an error is told: whose fault it is, and whether it may pass."""
    return STATUS.get(code) or _BY_ROOM.get(code.partition(".")[0], _UNPROCESSABLE)


def refuse(
    code: str,
    language: str,
    fields: Mapping[str, object] | None = None,
    *,
    faults: Sequence[FieldFault] = (),
    headers: Mapping[str, str] | None = None,
    status: int | None = None,
) -> JSONResponse:
    """The response for a message code.

    Args:
        code: Of the message.
        language: ``en`` or ``zh``.
        fields: What fills its sentence in.
        faults: What is wrong with the fields of the request.
        headers: Beside those the code asks for.
        status: None for the code's own.
    """
    body: dict[str, Any] = {"code": code, "detail": sentence(code, language, fields or {})}
    if faults:
        body["fields"] = [fault.model_dump() for fault in faults]
    sent = dict(headers or {})
    if code in _RETRY_AFTER:
        sent["Retry-After"] = str(_RETRY_AFTER[code])
    return JSONResponse(body, status_code=status or status_of(code), headers=sent)


def sentence(code: str, language: str, fields: Mapping[str, object]) -> str:
    """A message as JSON can carry it, whatever a client's own words in it are made of."""
    said = {
        name: value.say(language) if isinstance(value, SaidError) else value
        for name, value in fields.items()
    }
    return whole_characters(say(code, language, **said))


def reason_in(reason: Reason, language: str) -> Refusal:
    """What ended a job, in a language."""
    return Refusal(code=reason.code, detail=sentence(reason.code, language, reason.fields))


def add_refusals(app: FastAPI) -> None:
    """Makes every error of the service an answer with a code and a sentence."""

    @app.exception_handler(SaidError)
    async def said(request: Request, error: SaidError) -> JSONResponse:
        if status_of(error.code) >= 500:
            log.warning("%s %r: %s", request.method, request.url.path, error.code)
        return refuse(error.code, of_request(request), error.fields)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        language = of_request(request)
        faults = [_fault(one, language) for one in error.errors()[:20]]
        first = faults[0]
        fields = {"field": first.field, "detail": first.detail}
        return refuse("rest.invalid", language, fields, faults=faults)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, SaidError):  # a body that was refused while it was read
            return refuse(error.__cause__.code, of_request(request), error.__cause__.fields)
        code = _OF_HTTP.get(error.status_code, "rest.body")
        path = whole_characters(request.url.path[:LONGEST_NAME])
        fields = {"path": path, "method": request.method}
        headers = _allowed(request) if code == "rest.method" else error.headers
        return refuse(code, of_request(request), fields, headers=headers, status=error.status_code)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        report(request.url.path, error)
        code, fields = fault_of(error)
        return refuse(code, of_request(request), fields)


def report(path: str, error: BaseException) -> None:
    """Logs a fault of ours with its traceback.

    Its words may hold a client's text or a key: the log's own lines show them at DEBUG only.
    """
    log.error("%r: %s", path, type(error).__name__, exc_info=error)


def fault_of(error: BaseException) -> tuple[str, dict[str, str | int]]:
    """The message a client is given about a fault of ours, and its fields."""
    return logged("rest.unexpected", "rest.unexpected_logged", kind=type(error).__name__)


def of_request(request: Request) -> str:
    """The language a request is answered in."""
    return language_of(request.headers.get("accept-language", ""))


def _allowed(request: Request) -> dict[str, str]:
    """Every method a path takes, where the framework names those of its first route."""
    parts = request.url.path.split("/")
    methods: set[str] = set()
    for path, operations in request.app.openapi()["paths"].items():
        places = path.split("/")
        fits = len(places) == len(parts) and all(
            place == part or place.startswith("{")
            for place, part in zip(places, parts, strict=True)
        )
        methods |= {method.upper() for method in operations} if fits else set()
    return {"Allow": ", ".join(sorted(methods or {"GET"}))}


def _fault(error: Mapping[str, Any], language: str) -> FieldFault:
    place = [str(part) for part in error["loc"] if part not in ("body", "query", "path")]
    # Which of the kinds of input it was taken for is nothing a client wrote.
    place = [part for at, part in enumerate(place) if not (at and _is_kind(place[at - 1], part))]
    if error["type"] == "json_invalid":
        place = []  # a number of characters
    name = whole_characters(".".join(place)[:LONGEST_NAME]) or "body"
    context = error.get("ctx") or {}
    bound = next((context[one] for one in _BOUND if one in context), "")
    code = _FIELD.get(error["type"], "rest.field_other")
    bounded = str(bound).replace("'", "")
    return FieldFault(
        field=name,
        detail=sentence(code, language, {"bound": bounded, "reason": str(error["msg"])[:200]}),
    )


def _is_kind(above: str, part: str) -> bool:
    return part in TAGS and (above == "input" or above.isdecimal())
