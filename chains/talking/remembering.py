"""What of a conversation the model is told again: the latest whole turns that fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel, ConfigDict, field_validator

from loaders import count_tokens

from ..records import whole_characters

MESSAGE_TOKENS = 8
"""What a template puts around a message, at most."""
MARGIN = 1.1
"""Ours is an estimate; a model's own count may be higher."""


class Turn(BaseModel):
    """What one side of a conversation said."""

    model_config = ConfigDict(frozen=True)

    role: Literal["user", "assistant"]
    text: str

    @field_validator("text", mode="before")
    @classmethod
    def _whole(cls, text: object) -> object:
        return whole_characters(text) if isinstance(text, str) else text


class Exchange(NamedTuple):
    """A question and the answer it was given."""

    question: str
    answer: str

    def messages(self) -> list[BaseMessage]:
        """As the model is told them."""
        return [HumanMessage(self.question), AIMessage(self.answer)]


def exchanges(history: Sequence[Turn]) -> list[Exchange]:
    """A history as questions with their answers.

    Many templates refuse anything else: a question without an answer, or an answer without a
    question, is left out, and what one side said in several parts is put together.

    Args:
        history: The oldest turn first.
    """
    asked, answered, done = "", "", []
    for turn in history:
        text = turn.text.strip()
        if not text:
            continue
        if turn.role == "assistant":
            answered = f"{answered}\n{text}".strip() if asked else ""
            continue
        if answered:
            done.append(Exchange(asked, answered))
            asked = ""
        # A question that was never answered gives way to the next.
        asked, answered = text, ""
    if answered:
        done.append(Exchange(asked, answered))
    return done


def cost(*texts: str) -> int:
    """About how many tokens some messages take, on the safe side."""
    return sum(int(count_tokens(text) * MARGIN) + MESSAGE_TOKENS for text in texts)


def latest(done: Sequence[Exchange], room: int) -> list[Exchange]:
    """The latest exchanges that fit, in order, none of them cut and none left out between.

    Args:
        done: The oldest first.
        room: Tokens.
    """
    kept: list[Exchange] = []
    for one in reversed(done):
        room -= cost(*one)
        if room < 0:
            break
        kept.append(one)
    return kept[::-1]
