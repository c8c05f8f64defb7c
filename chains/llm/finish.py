"""How replies end: whole, or cut for a reason of which each provider has its own word."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

BROKEN = "broken off"
"""The finish reason of a reply whose connection closed before it was whole."""
_WHOLE = {
    *("stop", "stop_sequence", "stop_token", "eos", "eos_token", "end", "end_turn", "done"),
    *("complete", "completed", "finish", "finished", "success", "tool_calls"),
}
_FILTERED = re.compile(r"filter|sensitive|safety|refus|recitation|block|moderat|guardrail")
_ENDED = re.compile(r"[.!?。！？…\]})）】》>\"”’'`|*]\s*\Z")


def finish_of(metadata: dict[str, Any]) -> str:
    """Why a reply ended, in lower case, from a message's metadata; empty where nothing says so.

    Args:
        metadata: ``response_metadata`` of any provider's package.
    """
    names = ("finish_reason", "stop_reason", "done_reason", "stopReason")
    said = next((str(metadata[name]) for name in names if metadata.get(name)), "")
    word = said.rsplit(".", 1)[-1].strip().lower()
    return "" if word in ("null", "none", "unspecified", "finish_reason_unspecified") else word


def is_cut(finish: str) -> bool:
    """Whether a finish reason says that a reply is not whole.

    Args:
        finish: From ``finish_of``; empty where the server named none.
    """
    return bool(finish) and finish not in _WHOLE


def cut_code(
    finish: str,
) -> Literal["reply.filtered", "reply.broken_off", "reply.truncated"]:
    """The message that says why a reply is not whole."""
    if _FILTERED.search(finish):
        return "reply.filtered"
    tokens = finish in _WHOLE or "length" in finish or "token" in finish or "context" in finish
    return "reply.truncated" if tokens else "reply.broken_off"


class Endings:
    """Reads why the replies of one server ended; safe for any number of threads.

    A reply under no finish reason is cut, unless the server has never named one: then a reply is
    whole that ends as a sentence, a list or a table does.
    """

    def __init__(self) -> None:
        self._named = False
        self._unnamed = 0
        self._lock = threading.Lock()

    def read(self, message: AIMessage) -> str:
        """The finish reason of a reply; ``BROKEN`` where it must be taken for cut."""
        finish = finish_of(message.response_metadata)
        with self._lock:
            self._named = self._named or bool(finish and finish != BROKEN)
            self._unnamed += not finish
            silent = not self._named and self._unnamed > 1
        if finish or (silent and _ENDED.search(message.text)):
            return finish
        return BROKEN
