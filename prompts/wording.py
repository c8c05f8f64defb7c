"""The wording prompt: put one pair into better words, from its passage alone."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from .prompt_file import read_file
from .template import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


class _Example(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    context: str
    passage: str
    question: str
    answer: str
    better_question: str
    better_answer: str


class WordingPrompt(BaseModel):
    """One YAML file: the task, the form of request and reply, and a worked example."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    ask: str
    json_reply: str
    reply: str
    example: _Example

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change whenever any text of the prompt changes."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:12]

    @property
    def example_reply(self) -> str:
        """The reply of the worked example, so that an echo of it is not taken for the pair's."""
        shown = self.example
        return self.reply.format(question=shown.better_question, answer=shown.better_answer)

    def messages(
        self, question: str, answer: str, passage: str, context: str, *, as_json: bool = False
    ) -> list[BaseMessage]:
        """The messages of one request: system, worked example, pair.

        Args:
            question: The pair's question.
            answer: Its answer.
            passage: Its evidence.
            context: Where the evidence stands.
            as_json: Whether the reply is bound to the JSON schema of pairs; the worked example,
                which is not JSON, is left out then.
        """
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

        task = self.task.strip()
        asked = {"question": question, "answer": answer, "passage": passage, "context": context}
        request = HumanMessage(self.ask.strip().format(**asked))
        if as_json:
            return [SystemMessage(f"{task}\n{self.json_reply.strip()}"), request]
        shown = self.example.model_dump(include={"question", "answer", "passage", "context"})
        example = HumanMessage(self.ask.strip().format(**shown))
        return [SystemMessage(task), example, AIMessage(self.example_reply.strip()), request]


@cache
def wording_prompt(language: Language) -> WordingPrompt:
    """The wording prompt in ``zh`` or ``en``.

    Raises:
        PromptError: The file is damaged.
    """
    return read_file(f"wording.{language}.yaml", WordingPrompt)
