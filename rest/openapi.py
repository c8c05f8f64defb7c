"""The OpenAPI description: every answer each path may give, who may ask, and forms with files."""

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

_ABOUT = (
    "Turns long documents, Chinese or English, into one deduplicated list of question-answer"
    " pairs, each tied to the passage that proves it.\n\nEvery refusal has a `code`, which stays"
    " the same, and a `detail` in the language of `Accept-Language`. 429 says that your address has"
    " its share already, 503 that the service as a whole is full; both say when to come back in"
    " `Retry-After`."
)
_TOO_MANY = 429
_MEANING = {
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
ALWAYS = (401, 403, 421, 500)
"""What every path may answer."""
BODY = (400, 408, 413, 422)
"""What a path that takes a body may answer."""


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, as its ``responses``.

    Args:
        statuses: Those it may answer with, beside ``ALWAYS``.
    """
    told: dict[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": _MEANING[status]} for status in statuses
    }
    if _TOO_MANY in told:
        told[_TOO_MANY]["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return told


def describe(app: FastAPI, access: Access, backends: list[str]) -> None:
    """Gives the app its OpenAPI description.

    Args:
        app: With all its routes.
        access: Says whether a token is asked for.
        backends: The names a client can choose from.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app, access, backends)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual says


def _described(app: FastAPI, access: Access, backends: list[str]) -> dict[str, Any]:
    said = get_openapi(title="qa3", version=_version(), description=_ABOUT, routes=app.routes)
    schemas: dict[str, Any] = said.setdefault("components", {}).setdefault("schemas", {})
    _name_backends(schemas, backends)
    said["paths"]["/jobs"]["post"]["requestBody"] = _job_body(schemas)
    for path, operations in said["paths"].items():
        if access.token is not None and path in OPEN:
            for operation in operations.values():
                operation["security"] = []
    if access.token is not None:
        said["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        said["security"] = [{"token": []}]
    return said


def _name_backends(schemas: dict[str, Any], backends: list[str]) -> None:
    """Lists the backends wherever one is named, as a client has to choose among them."""
    for name in ("Choices", "TextInput", "FilesInput"):
        backend = schemas.get(name, {}).get("properties", {}).get("backend")
        if backend:
            backend["anyOf"] = [{"type": "string", "enum": backends}, {"type": "null"}]
    model = schemas["Question"]["properties"]["model"]
    model["anyOf"] = [{"enum": [1, 2, *backends]}, {"type": "null"}]


def _job_body(schemas: dict[str, Any]) -> dict[str, Any]:
    """A job begins with JSON, or with a form that brings its files along."""
    settings = {
        name: {"anyOf": [one for one in schema["anyOf"] if one.get("type") != "null"]}
        for name, schema in schemas["TextInput"]["properties"].items()
        if name in Choices.model_fields
    }
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in ("TextInput", "FilesInput")]
    json = {"oneOf": [*kinds, schemas["Invoke"]["properties"]["input"]["oneOf"][0]]}
    return {
        "required": True,
        "content": {"application/json": {"schema": json}, **form_of(settings)},
    }


def _version() -> str:
    try:
        return version("qa3")
    except PackageNotFoundError:
        return "0"


def form_of(fields: dict[str, Any]) -> dict[str, Any]:
    """The content of a request body that brings files along.

    Args:
        fields: The schemas of what may stand beside the files.
    """
    file = {"type": "string", "format": "binary", "minLength": 1}
    files = {"type": "array", "minItems": 1, "items": file}
    schema = {
        "type": "object",
        "properties": {"file": files, **fields},
        "required": ["file"],
        "additionalProperties": False,
    }
    encoding = {"file": {"contentType": ", ".join(one.media_type for one in FORMATS.values())}}
    return {"multipart/form-data": {"schema": schema, "encoding": encoding}}
