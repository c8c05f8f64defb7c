"""What a model is told in a conversation: free, or bound to passages of the user's documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict

from .errors import PromptError
from .reading import read_file
from .template import MAX_OWN_PROMPT, Language, read_prompt


class Excerpt(BaseModel):
    """What a numbered passage shows; a pair has a question and an answer beside its text."""

    model_config = ConfigDict(frozen=True)

    text: str
    source: str
    page: int | None = None
    question: str = ""
    answer: str = ""


class DialoguePrompt(BaseModel):
    """One YAML file: system prompts, the form of a passage, and the form of a question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    free: str
    grounded: str
    nothing: str
    passage: str
    pair: str
    page: str
    ask: str

    def system(self, own: str | None, *, grounded: bool) -> str:
        """The system prompt: the user's own or the free one; bound to passages, the rules too.

        Args:
            own: The user's; None for the built-in one.
            grounded: Whether questions come with passages.
        """
        if not grounded:
            return self.free.strip() if own is None else own
        rules = self.grounded.strip().format(nothing=self.nothing)
        return rules if own is None else f"{own.rstrip()}\n\n{rules}"

    def question(self, question: str, excerpts: Sequence[Excerpt]) -> str:
        """The question behind the passages it is to be answered from.

        Args:
            question: The user's.
            excerpts: Numbered from 1 in this order.
        """
        shown = "\n".join(self._excerpt(at, one) for at, one in enumerate(excerpts, 1))
        return self.ask.strip().format(passages=shown, question=question)

    def _excerpt(self, number: int, excerpt: Excerpt) -> str:
        place = excerpt.source
        if excerpt.page is not None:
            place = self.page.format(source=excerpt.source, page=excerpt.page)
        form = self.pair if excerpt.question else self.passage
        fields = excerpt.model_dump(include={"text", "question", "answer"})
        return form.format(number=number, place=place, **fields)


@cache
def dialogue_prompt(language: Language) -> DialoguePrompt:
    """What is said in a conversation in a language.

    Raises:
        PromptError: The file is damaged.
    """
    return read_file(f"dialogue.{language}.yaml", DialoguePrompt)


def check_own_system(own: str | None) -> str | None:
    """A user's system prompt as it may be used, or None where there is none.

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
    """A built-in prompt for making pairs, as the system prompt of a conversation.

    Args:
        name: ``chatglm3`` or ``gpt-3.5``.
        language: ``zh`` or ``en``.

    Raises:
        PromptError: There is no such prompt.
    """
    file = read_prompt(name, language)
    return f"{file.task.strip()}\n{file.density['normal'].strip()}"
