"""Exception handlers: turn every error into a status, a stable code and a readable sentence."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from loaders import whole_characters
from messages import SaidError, at_door, logged, say
from pairs import Reason
from serving import language_of

from .schemas import TAGS

log = logging.getLogger(__name__)
MAX_ECHO = 80  # characters of client input repeated in an error

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
    "rest.not_json": 415,
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
"""HTTP status by message code; ``_STATUS_BY_PREFIX`` covers the codes not listed."""
_STATUS_BY_PREFIX = {
    "backend": 502, "endpoint": 502, "weights": 502, "embeddings": 502, "journal": 503,
    "dedupe": 500,
}  # fmt: skip
_SENTENCE_BY_PREFIX = {
    "backend": "service.backend.setup", "endpoint": "service.model.setup",
    "weights": "service.model.setup", "embeddings": "service.embeddings.setup",
    "journal": "service.journal.setup",
}  # fmt: skip
"""What is said of a setting of the service's own: its fields are files and addresses there."""
_RETRY_AFTER = {
    "rest.too_many": 2, "rest.busy": 2, "rest.closing": 10, "rest.too_many_jobs": 30,
    "job.queue_full": 30, "rest.uploads_full": 60,
}  # fmt: skip
_UNPROCESSABLE = 422
_CODE_BY_STATUS = {
    400: "rest.body", 401: "rest.token_missing", 404: "rest.no_route", 405: "rest.method",
    415: "rest.not_multipart",
}  # fmt: skip
_CODE_BY_PYDANTIC_TYPE = {
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
_BOUNDS = ("min_length", "max_length", "ge", "le", "expected", "pattern")


class FieldFault(BaseModel):
    """One invalid field of a request and what is wrong with it."""

    field: str = Field(description="its place, as in input.threshold")
    detail: str


class Refusal(BaseModel):
    """The body of every error response."""

    code: str = Field(description="stable across languages and releases")
    detail: str = Field(description="a sentence, in the language of Accept-Language")
    fields: list[FieldFault] = Field(
        default_factory=list, description="of status 422: what is wrong"
    )


def status_of(code: str) -> int:
    """The HTTP status for a message code."""
    return STATUS.get(code) or _STATUS_BY_PREFIX.get(code.partition(".")[0], _UNPROCESSABLE)


def refuse(
    code: str,
    language: str,
    fields: Mapping[str, object] | None = None,
    *,
    faults: Sequence[FieldFault] = (),
    headers: Mapping[str, str] | None = None,
    status: int | None = None,
) -> JSONResponse:
    """The error response for a message code.

    Args:
        code: Message code.
        language: ``en`` or ``zh``.
        fields: Values for the placeholders of the message.
        faults: The invalid fields of the request.
        headers: Headers to send beside ``Retry-After``.
        status: HTTP status; None for ``status_of(code)``.
    """
    body: dict[str, Any] = {"code": code, "detail": sentence(code, language, fields or {})}
    if faults:
        body["fields"] = [fault.model_dump() for fault in faults]
    all_headers = dict(headers or {})
    if code in _RETRY_AFTER:
        all_headers["Retry-After"] = str(_RETRY_AFTER[code])
    return JSONResponse(body, status_code=status or status_of(code), headers=all_headers)


def sentence(code: str, language: str, fields: Mapping[str, object]) -> str:
    """A message filled in, as a client of the service is told it.

    The sentences are written for who sits at the machine, and may advise flags or name addresses
    there. Where ``CODE@service`` is a message, it says the same for others; of some packages every
    message without one is said by one sentence. Client input in it may hold lone surrogates, which
    are made valid Unicode.

    Args:
        code: Message code.
        language: ``en`` or ``zh``.
        fields: Values for the placeholders of the message.
    """
    values = {
        name: sentence(value.code, language, value.fields)
        if isinstance(value, SaidError)
        else value
        for name, value in fields.items()
    }
    own = at_door(code, "service")
    if own == code:
        own = _SENTENCE_BY_PREFIX.get(code.partition(".")[0], code)
    return whole_characters(say(own, language, **values))


def reason_in(reason: Reason, language: str) -> Refusal:
    """The error body for the reason of a job's failure."""
    return Refusal(code=reason.code, detail=sentence(reason.code, language, reason.fields))


def add_refusals(app: FastAPI) -> None:
    """Registers the exception handlers, so that every error response is a ``Refusal``."""

    @app.exception_handler(SaidError)
    async def said(request: Request, error: SaidError) -> JSONResponse:
        if status_of(error.code) >= 500:
            log.warning("%s %r: %s", *_asked(request), error.code)
            log.debug("%s", error)  # as whoever runs the service is told it
        return refuse(error.code, of_request(request), error.fields)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        language = of_request(request)
        if _is_no_json(request) and any(one["loc"][:1] == ("body",) for one in error.errors()):
            return refuse("rest.not_json", language)
        faults = [_field_fault(fault, language) for fault in error.errors()[:20]]
        first = faults[0]
        fields = {"field": first.field, "detail": first.detail}
        return refuse("rest.invalid", language, fields, faults=faults)

    @app.exception_handler(ClientDisconnect)
    async def cut(request: Request, _: ClientDisconnect) -> JSONResponse:
        log.info("%s %r: the client left before its request was whole", *_asked(request))
        return refuse("rest.body", of_request(request))  # to nobody

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, ClientDisconnect):  # raised while FastAPI read the body
            return await cut(request, error.__cause__)
        if isinstance(error.__cause__, SaidError):  # raised by AccessMiddleware while reading
            return refuse(error.__cause__.code, of_request(request), error.__cause__.fields)
        code = _CODE_BY_STATUS.get(error.status_code, "rest.body")
        path = whole_characters(request.url.path[:MAX_ECHO])
        fields = {"path": path, "method": request.method}
        headers = _allow_header(request) if code == "rest.method" else error.headers
        return refuse(code, of_request(request), fields, headers=headers, status=error.status_code)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        report(request.url.path, error)
        code, fields = fault_of(error)
        return refuse(code, of_request(request), fields)


def report(path: str, error: BaseException) -> None:
    """Logs an unexpected exception with its traceback.

    The exception's message may hold a client's text or a key, so the log shows it at DEBUG only.
    """
    log.error("%r: %s", path, type(error).__name__, exc_info=error)


def fault_of(error: BaseException) -> tuple[str, dict[str, str | int]]:
    """The message code and fields that a client gets for an unexpected exception."""
    return logged("rest.unexpected", "rest.unexpected_logged", kind=type(error).__name__)


def of_request(request: Request) -> str:
    """The language to answer a request in: ``en`` or ``zh``, by its Accept-Language."""
    return language_of(request.headers.get("accept-language", ""))


def _is_no_json(request: Request) -> bool:
    """Whether a body is said to be anything but JSON, or not said to be anything."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind != "application/json" and not kind.endswith("+json")


def _asked(request: Request) -> tuple[str, str]:
    return request.method, request.url.path


def _allow_header(request: Request) -> dict[str, str]:
    """The Allow header for a path; Starlette names only the methods of the first route."""
    parts = request.url.path.split("/")
    methods: set[str] = set()
    for path, operations in request.app.openapi()["paths"].items():
        template = path.split("/")
        matches = len(template) == len(parts) and all(
            expected == part or expected.startswith("{")
            for expected, part in zip(template, parts, strict=True)
        )
        methods |= {method.upper() for method in operations} if matches else set()
    return {"Allow": ", ".join(sorted(methods or {"GET"}))}


def _field_fault(error: Mapping[str, Any], language: str) -> FieldFault:
    """One of pydantic's validation errors as a ``FieldFault``."""
    loc = [str(part) for part in error["loc"] if part not in ("body", "query", "path")]
    # pydantic adds the tag of the union member it validated against; no client wrote that.
    loc = [part for at, part in enumerate(loc) if not (at and _is_tag(loc[at - 1], part))]
    if error["type"] == "json_invalid":
        loc = []  # holds an offset into the body, not a field
    name = whole_characters(".".join(loc)[:MAX_ECHO]) or "body"
    context = error.get("ctx") or {}
    bound = next((context[name] for name in _BOUNDS if name in context), "")
    code = _CODE_BY_PYDANTIC_TYPE.get(error["type"], "rest.field_other")
    bounded = str(bound).replace("'", "")
    return FieldFault(
        field=name,
        detail=sentence(code, language, {"bound": bounded, "reason": str(error["msg"])[:200]}),
    )


def _is_tag(above: str, part: str) -> bool:
    return part in TAGS and (above == "input" or above.isdecimal())
