"""Formats server-sent events (SSE)."""

from __future__ import annotations

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Headers of an event stream: no cache stores it, no proxy buffers it."""
ALIVE = ": alive\n\n"
"""A keep-alive comment, which clients ignore."""


def sse_event(data: str = "", name: str = "", id_: str = "") -> str:
    """One server-sent event as text, with its data last.

    ``fastapi.sse`` writes the id after the data; a client that reads line by line has then handled
    the data before it knows the id.

    Args:
        data: One line of JSON, or a literal of the protocol such as ``[DONE]``.
        name: The event type; empty for none.
        id_: The id that a client sends back as Last-Event-ID; empty for none.
    """
    head = (f"id: {id_}\n" if id_ else "") + (f"event: {name}\n" if name else "")
    return f"{head}data: {data}\n\n"
