"""What clients are shown of lists and events: nothing that tells where other servers are."""

from __future__ import annotations

import re
from typing import TypeVar

from chains import ChunkDone, Done, Event, Failed, Prepared
from pairs import ChunkOutcome, PairList, Reason

_INNER_FIELDS = frozenset(("address", "proxy", "variable"))
_ADDRESS = re.compile(r" \([a-z]+://[^)]*\)")  # stands behind the name of a server's embedding
Shown = TypeVar("Shown", ChunkOutcome, Failed)


def public_list(result: PairList) -> PairList:
    """The same list; reasons name no address, and an embedding model not its server.

    Args:
        result: A list as its run ended with it.
    """
    chunks = tuple(_with_public_reason(chunk) for chunk in result.chunks)
    update = {"chunks": chunks, "embeddings": _ADDRESS.sub("", result.embeddings)}
    return result.model_copy(update=update)


def public_event(event: Event) -> Event:
    """The same event, as ``public_list`` has it.

    Args:
        event: An event of a run.
    """
    if isinstance(event, Prepared):
        return event.model_copy(update={"embeddings": _ADDRESS.sub("", event.embeddings)})
    if isinstance(event, ChunkDone):
        return event.model_copy(update={"outcome": _with_public_reason(event.outcome)})
    if isinstance(event, Done):
        notes = tuple(_public_reason(note) for note in event.notes)
        return event.model_copy(update={"result": public_list(event.result), "notes": notes})
    return _with_public_reason(event) if isinstance(event, Failed) else event


def _with_public_reason(one: Shown) -> Shown:
    reason = one.reason
    return one.model_copy(update={"reason": _public_reason(reason)}) if reason else one


def _public_reason(reason: Reason) -> Reason:
    fields = {name: value for name, value in reason.fields.items() if name not in _INNER_FIELDS}
    return reason.model_copy(update={"fields": fields})
