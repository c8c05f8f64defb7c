"""The judge's prompt: check numbered pairs against their passage, and name those that ask alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from .prompt_file import read_file
from .template import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


class JudgePrompt(BaseModel):
    """One YAML file: how to check a list against its passage, and how to compare its questions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    ask: str
    same_task: str
    same_ask: str
    item: str
    json_reply: str

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change whenever any text of the prompt changes."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def messages(
        self,
        pairs: Sequence[tuple[str, str]],
        passage: str,
        context: str,
        *,
        as_json: bool = False,
    ) -> list[BaseMessage]:
        """The messages that ask whether a passage bears out pairs, which are numbered from 1.

        Args:
            pairs: Questions with their answers.
            passage: The text that the pairs were made from.
            context: Where it comes from, such as title and headings.
            as_json: Whether the reply is bound to the JSON schema of pairs.
        """
        request = self.ask.strip().format(
            context=context, passage=passage, pairs=self._numbered(pairs)
        )
        return self._messages(self.task, request, as_json=as_json)

    def same_messages(
        self, pairs: Sequence[tuple[str, str]], *, as_json: bool = False
    ) -> list[BaseMessage]:
        """The messages that ask which of some pairs, numbered from 1, ask the same thing.

        Args:
            pairs: Questions with their answers.
            as_json: Whether the reply is bound to the JSON schema of pairs.
        """
        request = self.same_ask.strip().format(pairs=self._numbered(pairs))
        return self._messages(self.same_task, request, as_json=as_json)

    def _numbered(self, pairs: Sequence[tuple[str, str]]) -> str:
        lines = (
            self.item.format(number=number, question=" ".join(question.split()), answer=answer)
            for number, (question, answer) in enumerate(pairs, 1)
        )
        return "\n".join(lines)

    def _messages(self, task: str, request: str, *, as_json: bool) -> list[BaseMessage]:
        from langchain_core.messages import HumanMessage, SystemMessage

        rules = f"{task.strip()}\n{self.json_reply.strip()}" if as_json else task.strip()
        return [SystemMessage(rules), HumanMessage(request)]


@cache
def judge_prompt(language: Language) -> JudgePrompt:
    """The judge's prompt in ``zh`` or ``en``.

    Raises:
        PromptError: The file is damaged.
    """
    return read_file(f"judge.{language}.yaml", JudgePrompt)
