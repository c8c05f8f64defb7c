"""A form with files, as the description shows it."""

from __future__ import annotations

from typing import Any

_KINDS = (
    "application/pdf", "text/plain", "text/markdown", "text/html", "text/csv", "application/json",
    "application/epub+zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)  # fmt: skip


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
    encoding = {"file": {"contentType": ", ".join(_KINDS)}}
    return {"multipart/form-data": {"schema": schema, "encoding": encoding}}
