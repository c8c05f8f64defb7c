"""The verification prompt: answer a question from its evidence alone."""

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


class VerifyingPrompt(BaseModel):
    """One YAML file: the task, the reply for "no answer here", and a worked example."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    nothing: str
    ask: str
    json_reply: str
    example: _Example

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change whenever any text of the prompt changes."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def messages(
        self, question: str, passage: str, context: str, *, as_json: bool = False
    ) -> list[BaseMessage]:
        """The messages of one request: system, worked example, question.

        Args:
            question: The pair's question.
            passage: Its evidence, and nothing else of the document.
            context: Title and headings the evidence stands under.
            as_json: Whether the reply is bound to the JSON schema of pairs; the worked example,
                which is not JSON, is left out then.
        """
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

        task = self.task.strip().format(nothing=self.nothing)
        request = HumanMessage(self._request(question, passage, context))
        if as_json:
            return [SystemMessage(f"{task}\n{self.json_reply.strip()}"), request]
        example = self._request(self.example.question, self.example.passage, self.example.context)
        return [SystemMessage(task), HumanMessage(example), AIMessage(self.example.answer), request]

    def _request(self, question: str, passage: str, context: str) -> str:
        fields = {"context": context, "passage": passage, "question": question}
        return self.ask.strip().format(**fields)


@cache
def verifying_prompt(language: Language) -> VerifyingPrompt:
    """The verification prompt in ``zh`` or ``en``.

    Raises:
        PromptError: The file is damaged.
    """
    return read_file(f"verify.{language}.yaml", VerifyingPrompt)
