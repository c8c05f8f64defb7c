"""Converts OpenAI chat messages to the turns of a ChatGLM3 dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import EndpointError
from .json_body import plain, shown

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "observation",
}
CALLS = ("tool_calls", "function_call", "audio")  # assistant content that is not text
LONGEST_TOKEN = 64  # characters; SentencePiece's default is 16


def read_messages(given: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """(role, text) of each message, the roles as ChatGLM3 names them.

    Raises:
        EndpointError: A message has no role or no text, another role, or more than text.
    """
    return tuple(_turn(one, f"messages[{at}]") for at, one in enumerate(given))


def _turn(message: object, place: str) -> tuple[str, str]:
    if not isinstance(message, dict):
        wanted = '{"role": ..., "content": ...}'
        raise EndpointError("endpoint.bad_value", name=place, given=shown(message), wanted=wanted)
    role = message.get("role")
    if role is None:
        raise EndpointError("endpoint.missing", name=f"{place}.role")
    if not isinstance(role, str) or role not in ROLES:
        raise EndpointError(
            "endpoint.bad_value",
            name=f"{place}.role",
            given=shown(role),
            wanted=" | ".join(ROLES),
        )
    for name in CALLS:
        if message.get(name):
            raise EndpointError(
                "endpoint.unsupported", name=f"{place}.{name}", given=shown(message[name])
            )
    content = message.get("content")
    if content is None and role == "assistant" and "content" in message:
        content = ""
    return ROLES[role], _text(content, f"{place}.content")


def _text(content: object, place: str) -> str:
    if content is None:
        raise EndpointError("endpoint.missing", name=place)
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        wanted = "string | array of text parts"
        raise EndpointError("endpoint.bad_value", name=place, given=shown(content), wanted=wanted)
    return "".join(_part(part, f"{place}[{at}]") for at, part in enumerate(content))


def _part(part: object, place: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, dict) and kind == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    if isinstance(kind, str) and kind != "text":
        raise EndpointError("endpoint.unsupported", name=f"{place}.type", given=plain(kind))
    wanted = '{"type": "text", "text": ...}'
    raise EndpointError("endpoint.bad_value", name=place, given=shown(part), wanted=wanted)


def refuse_far_too_long(messages: Sequence[tuple[str, str]], context: int) -> None:
    """Raises EndpointError for a dialogue too long in characters alone, before it is tokenized.

    Args:
        messages: (role, text).
        context: Ids a prompt and its answer may have together.

    Raises:
        EndpointError: It is far too long.
    """
    least = sum(2 + len(text) // LONGEST_TOKEN for _, text in messages)
    if least >= context:
        raise EndpointError(
            "endpoint.prompt_too_long", name="messages", tokens=f"≥ {least}", context=context
        )
