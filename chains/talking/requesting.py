"""What is sent to the model for one question of a conversation: as much as fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from pairs.normalise import normalise
from prompts.dialogue import Excerpt, dialogue_prompt

from ..errors import ChainError
from ..language import language_of
from .remembering import Turn, cost, exchanges, latest
from .retrieval import Source
from .speaking import TEMPLATE


class Asked(NamedTuple):
    """A request.

    Attributes:
        messages: To be sent.
        sources: Those that stand in it, in the order of their numbers.
        tokens: About how many it takes.
        told: Exchanges of the history that stand in it.
    """

    messages: list[BaseMessage]
    sources: tuple[Source, ...]
    tokens: int
    told: int


def request(
    question: str,
    history: Sequence[Turn],
    sources: tuple[Source, ...],
    *,
    system: str | None,
    room: int,
    limit: int,
    most: int,
) -> Asked:
    """The request for a question, with the best of its sources and the latest turns that fit.

    Args:
        question: The user's.
        history: The oldest turn first.
        sources: The best first; none for a free conversation.
        system: The user's own system prompt; None for a built-in one.
        room: Tokens there are for it.
        limit: Tokens of the backend's context, for the error.
        most: Exchanges of the history to be told, however many fit.

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
    return Asked([SystemMessage(rules), *earlier, HumanMessage(said)], shown, tokens, len(kept))


def without_tokens(text: str) -> str:
    """A text in which no token of a chat template can end the model's instructions."""
    return TEMPLATE.sub(" ", text)


def says_nothing(answer: str, question: str) -> bool:
    """Whether the model says, in the words it was told to, that the passages do not say.

    Args:
        answer: The whole of it.
        question: It answers.
    """
    nothing = normalise(dialogue_prompt(language_of(question)).nothing)
    said = normalise(answer)
    return said.startswith(nothing) or (nothing in said and len(said) < 3 * len(nothing))


def _excerpt(source: Source) -> Excerpt:
    def one_line(text: str) -> str:
        return " ".join(without_tokens(text).split())

    return Excerpt(
        text=one_line(source.quote),
        source=one_line(PurePath(source.source).name),
        page=source.page,
        question=one_line(source.question),
        answer=one_line(source.answer),
    )
