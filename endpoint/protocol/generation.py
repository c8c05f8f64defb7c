"""From a validated request to the pieces of its answers; runs in the threads of the answers."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import EndpointError
from ..model.engine import Engine, Sampling
from .detokenize import Piece, Tokenizer, generate_text
from .json_body import shown
from .messages import read_messages
from .requests import SEEDS, ChatRequest, CompletionRequest, Wanted
from .tools import (
    OPENING,
    Tool,
    forced_pieces,
    pieces_with_calls,
    read_tools,
    with_tools,
)

LINE_END = "\n"  # an answer in words begins with an empty line


@dataclass(frozen=True)
class Plan:
    """One answer to be made.

    Attributes:
        ids: Of its prompt, which leave room for an answer.
        wanted: How to answer.
        index: Of the answer among those of the same prompt.
        chat: The dialogue; None for a text that is continued.
    """

    ids: list[int]
    wanted: Wanted
    index: int = 0
    chat: ChatRequest | None = None

    def pieces(self, engine: Engine, tokenizer: Tokenizer) -> Generator[Piece, None, None]:
        """The pieces of the answer; closing the iterator cancels it.

        Args:
            engine: Makes the ids.
            tokenizer: The engine's.

        Raises:
            EndpointError: The engine failed, or cannot follow the schema.
        """
        sampling = self._sampling(engine, self.ids)
        if self.chat is not None and self.chat.forced:
            return self._call(engine, tokenizer, self.chat)
        pieces = generate_text(engine, tokenizer, self.ids, sampling, self.wanted.stop)
        if self.chat is not None and self.chat.tools:
            return pieces_with_calls(pieces, self.chat.tools)
        return pieces

    def _call(
        self, engine: Engine, tokenizer: Tokenizer, chat: ChatRequest
    ) -> Generator[Piece, None, None]:
        """The pieces of an answer that has to call a tool: its name first, then the arguments."""
        tool = self._chosen(engine, tokenizer, chat)
        opening = (tool.name + LINE_END, f"{OPENING}**")
        ids = fitting(engine, tokenizer.prompt_ids(chat.messages, opening))
        sampling = replace(self._sampling(engine, ids), schema=json.dumps(tool.schema))
        pieces = forced_pieces(generate_text(engine, tokenizer, ids, sampling), tool.name)
        yield from pieces

    def _chosen(self, engine: Engine, tokenizer: Tokenizer, chat: ChatRequest) -> Tool:
        if len(chat.tools) == 1:
            return chat.tools[0]
        names = {tool.name: tool for tool in chat.tools}
        ids = fitting(engine, tokenizer.prompt_ids(chat.messages, [LINE_END]))
        sampling = replace(self._sampling(engine, ids), schema=json.dumps({"enum": [*names]}))
        text = "".join(piece.text for piece in generate_text(engine, tokenizer, ids, sampling))
        try:
            return names[json.loads(text)]
        except (ValueError, KeyError, TypeError):  # cut off by the limit
            return chat.tools[0]

    def _sampling(self, engine: Engine, ids: Sequence[int]) -> Sampling:
        asked = self.wanted.sampling
        seed = None if asked.seed is None else (asked.seed + self.index) % SEEDS
        return replace(
            asked, seed=seed, max_tokens=min(asked.max_tokens, engine.context - len(ids))
        )


def chat_plans(request: ChatRequest, engine: Engine, tokenizer: Tokenizer) -> list[Plan]:
    """The answers to a dialogue.

    Args:
        request: From ``read_chat``.
        engine: Makes the ids.
        tokenizer: The engine's.

    Raises:
        EndpointError: The dialogue leaves no room for an answer.
    """
    # A schema's text begins at once; the line before it is part of the prompt then.
    opening = [LINE_END] if request.wanted.sampling.schema else []
    ids = fitting(engine, tokenizer.prompt_ids(request.messages, opening))
    return [Plan(ids, request.wanted, at, request) for at in range(request.wanted.answers)]


def completion_plans(
    request: CompletionRequest, engine: Engine, tokenizer: Tokenizer
) -> list[Plan]:
    """The answers to texts that are continued; those of one text stand together.

    Args:
        request: From ``read_completion``.
        engine: Makes the ids.
        tokenizer: The engine's.

    Raises:
        EndpointError: A text leaves no room for an answer.
    """
    prompts = [
        fitting(engine, tokenizer.completion_ids(text), "prompt") for text in request.prompts
    ]
    answers = range(request.wanted.answers)
    return [Plan(ids, request.wanted, at) for ids in prompts for at in answers]


def fitting(engine: Engine, ids: list[int], name: str = "messages") -> list[int]:
    """The ids of a prompt that leaves room for an answer.

    Args:
        engine: That is to answer.
        ids: Of the prompt.
        name: Of the parameter it came from.

    Raises:
        EndpointError: It does not.
    """
    if len(ids) >= engine.context:
        raise EndpointError(
            "endpoint.prompt_too_long", name=name, tokens=len(ids), context=engine.context
        )
    return ids


def read_tokens(body: dict[str, Any], tokenizer: Tokenizer) -> list[int]:
    """The ids of what ``/tokenize`` was sent, in vLLM's form or in llama.cpp's.

    Args:
        body: With ``prompt``, ``content`` or ``messages``.
        tokenizer: The engine's.

    Raises:
        EndpointError: It has none of them, or something else than text and messages.
    """
    given = body.get("messages")
    if isinstance(given, list):
        tools = read_tools(body.get("tools"))
        return tokenizer.prompt_ids(with_tools(read_messages(given), tools))
    name = "content" if "content" in body else "prompt"
    text = body.get(name)
    if text is None:
        raise EndpointError("endpoint.missing", name=name)
    if not isinstance(text, str):
        raise EndpointError("endpoint.bad_value", name=name, given=shown(text), wanted="string")
    special = body.get("add_special_tokens", name == "prompt")
    return tokenizer.completion_ids(text) if special else tokenizer.text_ids(text)
