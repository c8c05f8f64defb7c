"""Completes the generated OpenAPI schema: error responses, security and multipart bodies."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from loaders import FORMATS

from .config import Access
from .error_handlers import Refusal
from .schemas import Choices
from .security import OPEN

_DESCRIPTION = (
    "Turns long documents, Chinese or English, into one deduplicated list of question-answer"
    " pairs, each tied to the passage that proves it.\n\nEvery refusal has a `code`, which stays"
    " the same, and a `detail` in the language of `Accept-Language`. 429 says that your address has"
    " its share already, 503 that the service as a whole is full; both say when to come back in"
    " `Retry-After`."
)
_TOO_MANY = 429
_STATUS_DESCRIPTIONS = {
    400: "The body cannot be read",
    401: "The token is missing or wrong",
    403: "A page of another origin asks, or for what the service does not allow",
    404: "There is no such thing",
    405: "The path does not take this method",
    408: "The body stopped arriving",
    409: "The job is not in a state for this",
    413: "More than is taken: bytes, pages or files",
    415: "A body or a document in another format than those that are read",
    421: "The service is not known by the name in the Host header",
    422: "What is wrong with which field",
    429: "Your address has its share already; Retry-After says when to come back",
    500: "A fault of qa3",
    502: "The backend, or the embedding, cannot serve; detail says why",
    503: "The service is full or closing; Retry-After says when to come back",
}
_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "description": "of the sentences in the answer: zh or en",
    "schema": {"type": "string"},
}
ALWAYS = (401, 403, 421, 500)
"""Error statuses of every path."""
BODY = (400, 408, 413, 415, 422)
"""Further error statuses of a path with a request body."""


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` argument of a route for its error statuses.

    Args:
        statuses: HTTP statuses beside those of ``ALWAYS``.
    """
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": _STATUS_DESCRIPTIONS[status]}
        for status in statuses
    }
    if _TOO_MANY in responses:
        responses[_TOO_MANY]["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return responses


def describe(app: FastAPI, access: Access, backends: list[str], files: int) -> None:
    """Replaces ``app.openapi`` by one that completes the generated schema.

    Args:
        app: The application, with all its routes.
        access: Decides whether the schema asks for a token.
        backends: Names of the backends that a client can choose.
        files: Files of one request, at most.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app, access, backends, files)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation does


def _schema(app: FastAPI, access: Access, backends: list[str], files: int) -> dict[str, Any]:
    schema = get_openapi(
        title="qa3", version=_version(), description=_DESCRIPTION, routes=app.routes
    )
    schemas: dict[str, Any] = schema.setdefault("components", {}).setdefault("schemas", {})
    _name_backends(schemas, backends)
    bound_files(schemas, files)
    schema["paths"]["/jobs"]["post"]["requestBody"] = _job_body(schemas, files)
    schema["paths"]["/files"]["post"]["requestBody"] = {
        "required": True,
        "content": _form_of({}, files),
    }
    schema["components"]["parameters"] = {"language": _LANGUAGE}
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            language = {"$ref": "#/components/parameters/language"}
            operation.setdefault("parameters", []).append(language)
            if access.token is not None and path in OPEN:
                operation["security"] = []
    if access.token is not None:
        schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}]
    return schema


def bound_files(schemas: dict[str, Any], most: int) -> None:
    """Sets how many files one request may name.

    Args:
        schemas: JSON schemas by name, changed in place.
        most: Files of one request.
    """
    schemas["FilesInput"]["properties"]["files"]["maxItems"] = most


def _name_backends(schemas: dict[str, Any], backends: list[str]) -> None:
    """Makes every backend field an enum of the configured backends."""
    for name in ("Configurable", "TextInput", "FilesInput"):
        fields = schemas.get(name, {}).get("properties", {})
        for backend in (fields.get("backend"), fields.get("judge")):
            if backend:
                backend["anyOf"] = [{"type": "string", "enum": backends}, {"type": "null"}]
    model = schemas["Question"]["properties"]["model"]
    # Two of one type each: what writes clients cannot make an enum of numbers and strings.
    numbers, names = {"type": "integer", "enum": [1, 2]}, {"type": "string", "enum": backends}
    model["anyOf"] = [numbers, names, {"type": "null"}]


def _job_body(schemas: dict[str, Any], most: int) -> dict[str, Any]:
    """The request body of POST /jobs: JSON, or a multipart form with files."""
    settings = {
        name: {"anyOf": [one for one in schema["anyOf"] if one.get("type") != "null"]}
        for name, schema in schemas["TextInput"]["properties"].items()
        if name in Choices.model_fields
    }
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in ("TextInput", "FilesInput")]
    json = {"oneOf": [*kinds, schemas["Invoke"]["properties"]["input"]["oneOf"][0]]}
    return {
        "required": True,
        "content": {"application/json": {"schema": json}, **_form_of(settings, most)},
    }


def _version() -> str:
    try:
        return version("qa3")
    except PackageNotFoundError:
        return "0"


def _form_of(fields: dict[str, Any], most: int) -> dict[str, Any]:
    """The ``content`` of a request body with files, as multipart/form-data.

    Args:
        fields: Schemas of the non-file fields, by name.
        most: Files of one request.
    """
    file = {"type": "string", "format": "binary", "minLength": 1}
    files = {"type": "array", "minItems": 1, "maxItems": most, "items": file}
    schema = {
        "type": "object",
        "properties": {"file": files, **fields},
        "required": ["file"],
        "additionalProperties": False,
    }
    encoding = {"file": {"contentType": ", ".join(one.media_type for one in FORMATS.values())}}
    return {"multipart/form-data": {"schema": schema, "encoding": encoding}}
