"""Builds the request for one question of a conversation, with the history and sources that fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, field_validator

from loaders import count_tokens, whole_characters
from pairs.text.language import language_of
from pairs.text.normalise import normalise
from prompts.dialogue import Excerpt, dialogue_prompt

from ..errors import ChainError
from .retriever import Source
from .visible_text import TEMPLATE

MESSAGE_TOKENS = 8
"""Upper bound of the tokens that a chat template adds to a message."""
MARGIN = 1.1
"""Safety factor: our token count is an estimate, and a model's may be higher."""


class Turn(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(frozen=True)

    role: Literal["user", "assistant"]
    text: str

    @field_validator("text", mode="before")
    @classmethod
    def _whole(cls, text: object) -> object:
        return whole_characters(text) if isinstance(text, str) else text


class Exchange(NamedTuple):
    """A question and its answer."""

    question: str
    answer: str

    def messages(self) -> list[BaseMessage]:
        """The two messages of the request."""
        return [HumanMessage(self.question), AIMessage(self.answer)]


def exchanges(history: Sequence[Turn]) -> list[Exchange]:
    """The history as question-answer exchanges.

    Many chat templates refuse anything else: a question without an answer, or an answer without a
    question, is left out, and consecutive answers are joined.

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
        # A question without an answer is replaced by the next.
        asked, answered = text, ""
    if answered:
        done.append(Exchange(asked, answered))
    return done


def cost(*texts: str) -> int:
    """An upper estimate of the tokens of some messages."""
    return sum(int(count_tokens(text) * MARGIN) + MESSAGE_TOKENS for text in texts)


def latest(done: Sequence[Exchange], room: int) -> list[Exchange]:
    """The latest consecutive exchanges that fit whole, in order.

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


class Request(NamedTuple):
    """A request.

    Attributes:
        messages: The messages to send.
        sources: The sources it quotes, in the order of their numbers.
        tokens: Estimated tokens of the messages.
        history_length: Number of exchanges of the history in it.
    """

    messages: list[BaseMessage]
    sources: tuple[Source, ...]
    tokens: int
    history_length: int


def build_request(
    question: str,
    history: Sequence[Turn],
    sources: tuple[Source, ...],
    *,
    system: str | None,
    room: int,
    limit: int,
    most: int,
) -> Request:
    """The request for a question, with as many of the best sources and latest turns as fit.

    Args:
        question: The user's.
        history: The oldest turn first.
        sources: The best first; none for a free conversation.
        system: The user's own system prompt; None for a built-in one.
        room: Tokens available for it.
        limit: Tokens of the backend's context, for the error.
        most: Upper bound for the exchanges of the history.

    Raises:
        ChainError: The question alone, or with its best source, does not fit.
    """
    prompt = dialogue_prompt(language_of(question))
    rules = prompt.system(system, grounded=bool(sources))
    asked, shown = without_tokens(question), sources
    while True:
        said = prompt.question(asked, [_excerpt(one) for one in shown]) if sources else asked
        needed = cost(rules, said)
        if needed <= room:
            break
        if len(shown) <= 1:
            raise ChainError("chat.too_long", limit=limit)
        shown = shown[:-1]
    kept = latest(exchanges(history), room - needed)
    kept = kept[len(kept) - min(most, len(kept)) :]
    earlier = [message for one in kept for message in one.messages()]
    tokens = needed + sum(cost(*one) for one in kept)
    return Request([SystemMessage(rules), *earlier, HumanMessage(said)], shown, tokens, len(kept))


def without_tokens(text: str) -> str:
    """A text without chat-template tokens, which could end the model's instructions."""
    return TEMPLATE.sub(" ", text)


def says_nothing(answer: str, question: str) -> bool:
    """Whether an answer says, in the words the prompt prescribes, that the passages lack it.

    Args:
        answer: The whole answer.
        question: The question it answers.
    """
    nothing = normalise(dialogue_prompt(language_of(question)).nothing)
    said = normalise(answer)
    return said.startswith(nothing) or (nothing in said and len(said) < 3 * len(nothing))


def _excerpt(source: Source) -> Excerpt:
    def one_line(text: str) -> str:
        return " ".join(without_tokens(text).split())

    return Excerpt(
        text=one_line(source.quote),
        source=one_line(source.place or PurePath(source.source).name),
        page=source.page,
        question=one_line(source.question),
        answer=one_line(source.answer),
    )
