"""Reads and parses request bodies: limits on size and time, valid Unicode only."""

from __future__ import annotations

import asyncio
import json
import json.scanner
from typing import TYPE_CHECKING, Any

from ..errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

LARGEST_BODY = 16 << 20  # bytes
LONGEST_BODY = 60.0  # seconds until the last byte is there
LONG_BODY = 1 << 18  # bytes


async def read_body(request: Request) -> bytes:
    """The bytes of a body.

    Raises:
        EndpointError: It is too large or too slow, its Content-Type is not JSON, or the client
            disconnected.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if kind.lower() != "application/json":
        raise EndpointError("endpoint.not_said_json", given=plain(kind))
    try:
        return await asyncio.wait_for(_collect(request), LONGEST_BODY)
    except asyncio.TimeoutError as error:
        raise EndpointError("endpoint.slow_body", seconds=int(LONGEST_BODY)) from error


async def _collect(request: Request) -> bytes:
    from starlette.requests import ClientDisconnect

    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                raise EndpointError("endpoint.body_too_large", most=LARGEST_BODY >> 20)
    except ClientDisconnect as error:
        raise EndpointError("endpoint.gone") from error
    return bytes(body)


def parse_body(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        EndpointError: It is not UTF-8, not JSON, not an object, or holds a lone surrogate.
    """
    try:
        text = body.decode("utf-8")
        decoder = _PythonDecoder if len(body) > LONG_BODY else json.JSONDecoder
        parsed = decoder(parse_constant=_refuse_constant).decode(text)
    except json.JSONDecodeError as error:
        raise EndpointError("endpoint.not_json", place=f"{error.lineno}:{error.colno}") from error
    except UnicodeDecodeError as error:
        raise EndpointError("endpoint.not_json", place=f"byte {error.start}") from error
    except (ValueError, RecursionError) as error:  # NaN, a number or a nest without end
        raise EndpointError("endpoint.not_json", place="?") from error
    if not isinstance(parsed, dict):
        raise EndpointError("endpoint.not_object")
    if "\\ud" in text or "\\uD" in text:
        _refuse_surrogates(parsed)
    return parsed


class _PythonDecoder(json.JSONDecoder):
    """The pure Python decoder: the C one holds the GIL, and every stream, until it is done."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # not in the stubs


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _refuse_surrogates(parsed: dict[str, Any]) -> None:
    """Raises EndpointError if a text holds a lone surrogate, which no encoding can write."""
    open_: list[tuple[str, Any]] = [("", parsed)]
    while open_:
        name, value = open_.pop()
        if isinstance(value, str):
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise EndpointError("endpoint.half_character", name=plain(name)) from error
        open_.extend(_inside(name, value))


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            inner = f"{name}.{key}" if name else key
            yield inner, key
            yield inner, one
    elif isinstance(value, list):
        yield from ((f"{name}[{at}]", one) for at, one in enumerate(value))


def shown(value: object) -> str:
    """A value of a body for an error message: short and valid Unicode."""
    if isinstance(value, str):
        value = value[:60]
    elif isinstance(value, list | dict) and len(value) > 5:
        return f"{type(value).__name__}({len(value)})"
    try:
        return plain(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):
        return "?"


def plain(text: str) -> str:
    """A caller's text for an error message: one short printable line of valid Unicode."""
    line = "".join(each if each.isprintable() else "?" for each in text[:80])
    return line.encode("utf-8", "replace").decode("utf-8")
