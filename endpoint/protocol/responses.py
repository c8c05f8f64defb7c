"""Builds responses in OpenAI's JSON format."""

from __future__ import annotations

import base64
import json
import struct
import time
import uuid
from collections.abc import Sequence
from typing import Any

from serving import sse_event

from .detokenize import Piece

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


class ChatAnswer:
    """The JSON of one answer, whole or in chunks that share its id.

    Args:
        model: The name it is given.
        prompt: Ids of the prompt.
    """

    def __init__(self, model: str, prompt: int) -> None:
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._model = model
        self._prompt = prompt

    def whole(self, text: str, last: Piece) -> dict[str, Any]:
        """All of it.

        Args:
            text: Of all pieces.
            last: The piece with the reason.
        """
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": None},
            "logprobs": None,
            "finish_reason": last.finish,
        }
        body = self._around("chat.completion", [choice])
        return {**body, "usage": usage(self._prompt, last.tokens)}

    def chunk(
        self, delta: dict[str, str], finish: str | None = None, *, counted: bool = False
    ) -> dict[str, Any]:
        """A part of it.

        Args:
            delta: What is new of the message.
            finish: The reason, in the last one.
            counted: Whether the chunk of the usage follows at the end.
        """
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        body = self._around("chat.completion.chunk", [choice])
        return {**body, "usage": None} if counted else body

    def counts(self, last: Piece) -> dict[str, Any]:
        """The chunk that ends a stream with its usage."""
        body = self._around("chat.completion.chunk", [])
        return {**body, "usage": usage(self._prompt, last.tokens)}

    def _around(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._model,
            "choices": choices,
        }


def model_card(name: str, started: int, context: int) -> dict[str, Any]:
    """A model of the list of models.

    Args:
        name: Of the model.
        started: Seconds of the Unix clock.
        context: Tokens it reads.
    """
    return {
        "id": name,
        "object": "model",
        "created": started,
        "owned_by": "qa3",
        "context_length": context,
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
