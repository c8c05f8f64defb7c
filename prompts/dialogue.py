"""Prompts of a conversation: open, or grounded in passages of the user's documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict

from .errors import PromptError
from .prompt_file import read_file
from .template import MAX_OWN_PROMPT, Language, read_prompt


class Excerpt(BaseModel):
    """One retrieved passage in a prompt; question and answer are set where it is a pair's."""

    model_config = ConfigDict(frozen=True)

    text: str
    source: str
    page: int | None = None
    question: str = ""
    answer: str = ""


class DialoguePrompt(BaseModel):
    """One YAML file: system prompts, and the templates of a passage and of a question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    free: str
    grounded: str
    nothing: str
    passage: str
    pair: str
    page: str
    ask: str

    def system(self, own: str | None, *, grounded: bool) -> str:
        """The system prompt of a conversation; a grounded one includes the grounding rules.

        Args:
            own: The user's system prompt; None for the built-in one.
            grounded: Whether questions come with passages to answer from.
        """
        if not grounded:
            return self.free.strip() if own is None else own
        rules = self.grounded.strip().format(nothing=self.nothing)
        return rules if own is None else f"{own.rstrip()}\n\n{rules}"

    def question(self, question: str, excerpts: Sequence[Excerpt]) -> str:
        """The user message: numbered passages, then the question to answer from them.

        Args:
            question: The user's question.
            excerpts: The passages, numbered from 1 in this order.
        """
        passages = "\n".join(self._excerpt(at, excerpt) for at, excerpt in enumerate(excerpts, 1))
        return self.ask.strip().format(passages=passages, question=question)

    def _excerpt(self, number: int, excerpt: Excerpt) -> str:
        place = excerpt.source
        if excerpt.page is not None:
            place = self.page.format(source=excerpt.source, page=excerpt.page)
        template = self.pair if excerpt.question else self.passage
        fields = excerpt.model_dump(include={"text", "question", "answer"})
        return template.format(number=number, place=place, **fields)


@cache
def dialogue_prompt(language: Language) -> DialoguePrompt:
    """The conversation prompts in ``zh`` or ``en``.

    Raises:
        PromptError: The file is damaged.
    """
    return read_file(f"dialogue.{language}.yaml", DialoguePrompt)


def check_own_system(own: str | None) -> str | None:
    """The user's system prompt, validated; None where there is none.

    Raises:
        PromptError: It is blank or too long.
    """
    if own is None:
        return None
    if not own.strip():
        raise PromptError("prompt.blank")
    if len(own) > MAX_OWN_PROMPT:
        raise PromptError("prompt.too_long", length=len(own), limit=MAX_OWN_PROMPT)
    return own


def built_in_system(name: str, language: Language) -> str:
    """A built-in extraction prompt, as the system prompt of a conversation.

    Args:
        name: ``chatglm3`` or ``gpt-3.5``.
        language: ``zh`` or ``en``.

    Raises:
        PromptError: There is no such prompt.
    """
    file = read_prompt(name, language)
    return file.rules()
