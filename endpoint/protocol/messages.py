"""Converts OpenAI chat messages to the turns of a ChatGLM3 dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import EndpointError
from .json_body import plain, shown
from .tools import Turn, call_turns

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "observation",
    "function": "observation",
}
LONGEST_TOKEN = 64  # characters; SentencePiece's default is 16


def read_messages(given: Sequence[Any]) -> tuple[Turn, ...]:
    """(role, text) of each message, the roles as ChatGLM3 names them; calls have their tool third.

    Raises:
        EndpointError: A message has no role or no text, another role, or more than text and calls.
    """
    turns: list[Turn] = []
    for at, one in enumerate(given):
        turns += _turns(one, f"messages[{at}]")
    return tuple(turns)


def _turns(message: object, place: str) -> list[Turn]:
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
    if message.get("audio"):
        raise EndpointError(
            "endpoint.unsupported", name=f"{place}.audio", given=shown(message["audio"])
        )
    calls = _calls(message, place) if role == "assistant" else []
    content = message.get("content")
    if content is None and role == "assistant" and ("content" in message or calls):
        content = ""
    text = _text(content, f"{place}.content")
    return [(ROLES[role], text), *calls] if text or not calls else calls


def _calls(message: dict[str, Any], place: str) -> list[Turn]:
    if message.get("tool_calls"):
        return call_turns(message["tool_calls"], f"{place}.tool_calls")
    if message.get("function_call"):
        return call_turns([{"function": message["function_call"]}], f"{place}.function_call")
    return []


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


def refuse_far_too_long(messages: Sequence[Turn], context: int, name: str = "messages") -> None:
    """Raises EndpointError for a dialogue too long in characters alone, before it is tokenized.

    Args:
        messages: (role, text).
        context: Ids a prompt and its answer may have together.
        name: Of the parameter.

    Raises:
        EndpointError: It is far too long.
    """
    least = sum(2 + len(turn[1]) // LONGEST_TOKEN for turn in messages)
    if least >= context:
        raise EndpointError(
            "endpoint.prompt_too_long", name=name, tokens=f"≥ {least}", context=context
        )
