"""Server-sent events on the wire."""

from __future__ import annotations

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Of a stream: neither kept by anyone nor held back by a proxy."""
ALIVE = ": alive\n\n"
"""A comment, which clients pass over; it keeps a quiet line open."""


def sse_event(data: str = "", name: str = "", id_: str = "") -> str:
    """One event on the wire, its data last.

    FastAPI writes the id after the data, where a client that reads line by line meets it too late.

    Args:
        data: JSON on one line, or a word that the protocol knows.
        name: The event's type; empty for none.
        id_: What the client sends back as Last-Event-ID; empty for none.
    """
    head = (f"id: {id_}\n" if id_ else "") + (f"event: {name}\n" if name else "")
    return f"{head}data: {data}\n\n"
