"""Builds responses in OpenAI's JSON format."""

from __future__ import annotations

import base64
import json
import struct
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from serving import sse_event

from .detokenize import Call, Piece

DONE = sse_event("[DONE]")


def event(data: dict[str, Any]) -> str:
    """A server-sent event."""
    return sse_event(json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def usage(prompt: int, answer: int) -> dict[str, int]:
    """Tokens of a prompt and its answer, and of both."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    }


@dataclass(frozen=True)
class Reply:
    """A whole answer: its text, and its last piece with the reason."""

    text: str
    last: Piece


class Shape(Protocol):
    """The JSON of the answers to one request, whole or in chunks that share its id."""

    def whole(self, replies: Sequence[Reply]) -> dict[str, Any]:
        """All of them."""
        ...

    def opening(self, index: int) -> list[dict[str, Any]]:
        """The chunks before the first piece of an answer."""
        ...

    def chunks(self, index: int, piece: Piece) -> list[dict[str, Any]]:
        """The chunks of a piece of an answer."""
        ...

    def counts(self, tokens: int) -> dict[str, Any]:
        """The chunk that ends a stream with its usage."""
        ...


class _Answers:
    """What both shapes share.

    Args:
        model: The name it is given.
        prompt: Ids of the prompt.
        counted: Whether the chunk of the usage follows at the end of a stream.
    """

    prefix, kind, part_kind = "", "", ""

    def __init__(self, model: str, prompt: int, *, counted: bool = False) -> None:
        self._id = f"{self.prefix}-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._model = model
        self._prompt = prompt
        self._counted = counted

    def counts(self, tokens: int) -> dict[str, Any]:
        """The chunk that ends a stream with its usage."""
        return {**self._around(self.part_kind, []), "usage": usage(self._prompt, tokens)}

    def _all(self, replies: Sequence[Reply], choices: list[dict[str, Any]]) -> dict[str, Any]:
        made = sum(reply.last.tokens for reply in replies)
        return {**self._around(self.kind, choices), "usage": usage(self._prompt, made)}

    def _part(self, choice: dict[str, Any]) -> dict[str, Any]:
        body = self._around(self.part_kind, [choice])
        return {**body, "usage": None} if self._counted else body

    def _around(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._model,
            "choices": choices,
        }


class ChatAnswer(_Answers):
    """The answers of ``/v1/chat/completions``."""

    prefix, kind, part_kind = "chatcmpl", "chat.completion", "chat.completion.chunk"

    def whole(self, replies: Sequence[Reply]) -> dict[str, Any]:
        """All of them, with their usage."""
        choices = [
            {
                "index": at,
                "message": _message(reply),
                "logprobs": None,
                "finish_reason": reply.last.finish,
            }
            for at, reply in enumerate(replies)
        ]
        return self._all(replies, choices)

    def opening(self, index: int) -> list[dict[str, Any]]:
        """The chunk that names the role."""
        return [self._delta(index, {"role": "assistant", "content": ""})]

    def chunks(self, index: int, piece: Piece) -> list[dict[str, Any]]:
        """The chunks of a piece: its text or call, and the reason at the end."""
        made = [self._delta(index, {"content": piece.text})] if piece.text else []
        if piece.call:
            called = {"tool_calls": [{"index": 0, **_called(piece.call)}]}
            made.append(self._delta(index, called))
        return [*made, self._delta(index, {}, piece.finish)] if piece.finish else made

    def _delta(
        self, index: int, delta: dict[str, Any], finish: str | None = None
    ) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._part(choice)


class CompletionAnswer(_Answers):
    """The answers of ``/v1/completions``."""

    prefix, kind, part_kind = "cmpl", "text_completion", "text_completion"

    def whole(self, replies: Sequence[Reply]) -> dict[str, Any]:
        """All of them, with their usage."""
        choices = [
            _continued(at, reply.text, reply.last.finish) for at, reply in enumerate(replies)
        ]
        return self._all(replies, choices)

    def opening(self, index: int) -> list[dict[str, Any]]:
        """Nothing."""
        del index
        return []

    def chunks(self, index: int, piece: Piece) -> list[dict[str, Any]]:
        """The chunk of a piece."""
        if not piece.text and not piece.finish:
            return []
        return [self._part(_continued(index, piece.text, piece.finish))]


def _continued(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


def _message(reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
    if reply.last.call:
        message["content"] = reply.text or None
        message["tool_calls"] = [_called(reply.last.call)]
    return message


def _called(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function}


def model_card(name: str, started: int, context: int) -> dict[str, Any]:
    """A model of the list of models.

    Args:
        name: Of the model.
        started: Seconds of the Unix clock.
        context: Tokens it reads; also under the name that vLLM's clients look for.
    """
    return {
        "id": name,
        "object": "model",
        "created": started,
        "owned_by": "qa3",
        "context_length": context,
        "max_model_len": context,
    }


def embedding_list(
    vectors: Sequence[Sequence[float]], model: str, tokens: int, *, as_base64: bool
) -> dict[str, Any]:
    """Vectors, each as numbers or as base64 of little-endian 32-bit floats.

    Args:
        vectors: One a text, in order.
        model: That made them.
        tokens: It read.
        as_base64: How they are written.
    """
    rows = [
        {
            "object": "embedding",
            "index": at,
            "embedding": _packed(vector) if as_base64 else [float(one) for one in vector],
        }
        for at, vector in enumerate(vectors)
    ]
    counted = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": model, "usage": counted}


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
