"""Server-sent events on the wire."""

from __future__ import annotations

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Of a stream: neither kept by anyone nor held back by a proxy."""
ALIVE = ": alive\n\n"
"""A comment, which clients pass over; it keeps a quiet line open."""


def sse_event(data: str = "", name: str = "", id_: str = "") -> str:
    """One event on the wire.

    Args:
        data: JSON, or a word that the protocol knows.
        name: The event's type; empty for none.
        id_: What the client sends back as Last-Event-ID; empty for none.
    """
    from fastapi.sse import format_sse_event

    return format_sse_event(data_str=data, event=name or None, id=id_ or None).decode()
