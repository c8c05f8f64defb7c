"""Messages between a reading process and its parent: a length and a JSON object.

No pickle: what a process sends that a hostile file has taken over must be data and nothing else.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from ..errors import FormatError, LoadError
from ..pages import Heading, Page

Message = dict[str, Any]

_HEAD = 4  # bytes of a length, the highest first


def send(stream: BinaryIO, message: Message) -> None:
    """Writes a message whole.

    Args:
        stream: The other side's input.
        message: What JSON can say; lone surrogates pass.

    Raises:
        OSError: The other side is gone.
    """
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=str)
    data = text.encode("utf-8", "surrogatepass")
    stream.write(len(data).to_bytes(_HEAD, "big") + data)
    stream.flush()


def receive(stream: BinaryIO, most: int | None = None) -> Message | None:
    """The next message; None where the other side has ended, or says what is none.

    Args:
        stream: The other side's output.
        most: Bytes that a message may have; None for any number.

    Raises:
        ValueError: It is no JSON, or has more bytes than that.
    """
    size = int.from_bytes(stream.read(_HEAD), "big")
    if most is not None and size > most:
        raise ValueError(size)
    data = stream.read(size)
    if not data or len(data) < size:
        return None
    message = json.loads(data.decode("utf-8", "surrogatepass"))
    return message if isinstance(message, dict) else None


def packed_page(page: Page) -> Message:
    """A page as a message carries it."""
    return {
        "text": page.text,
        "number": page.number,
        "headings": None
        if page.headings is None
        else [[heading.start, heading.level, heading.title] for heading in page.headings],
        "warnings": page.warnings,
        "notes": page.notes,
    }


def unpacked_page(message: Message) -> Page:
    """The page that ``packed_page`` made the message of."""
    headings = message["headings"]
    return Page(
        message["text"],
        message["number"],
        None if headings is None else tuple(Heading(*one) for one in headings),
        tuple(message["warnings"]),
        message["notes"],
    )


def packed_error(error: LoadError) -> Message:
    """An error as a message carries it."""
    return {"error": error.code, "fields": error.fields, "format": isinstance(error, FormatError)}


def unpacked_error(message: Message) -> LoadError:
    """The error that ``packed_error`` made the message of."""
    kind = FormatError if message["format"] else LoadError
    return kind(message["error"], **message["fields"])
