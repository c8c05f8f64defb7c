"""What a model is asked to answer a question from its evidence alone."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from .reading import read_file
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
    """One YAML file: the task, what is said where there is no answer, and a worked example."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    nothing: str
    ask: str
    json_reply: str
    example: _Example

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change whenever anything the prompt says changes."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def messages(
        self, question: str, passage: str, context: str, *, as_json: bool = False
    ) -> list[BaseMessage]:
        """The request for one answer.

        Args:
            question: The pair's.
            passage: Its evidence, and nothing else of the document.
            context: Title and headings the evidence stands under.
            as_json: Whether the reply is bound to the JSON schema of pairs; the worked example,
                which is not JSON, is left out then.
        """
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

        task = self.task.strip().format(nothing=self.nothing)
        asked = HumanMessage(self._asked(question, passage, context))
        if as_json:
            return [SystemMessage(f"{task}\n{self.json_reply.strip()}"), asked]
        shown = self._asked(self.example.question, self.example.passage, self.example.context)
        return [SystemMessage(task), HumanMessage(shown), AIMessage(self.example.answer), asked]

    def _asked(self, question: str, passage: str, context: str) -> str:
        fields = {"context": context, "passage": passage, "question": question}
        return self.ask.strip().format(**fields)


@cache
def verifying_prompt(language: Language) -> VerifyingPrompt:
    """The prompt of a language.

    Raises:
        PromptError: The file is damaged.
    """
    return read_file(f"verify.{language}.yaml", VerifyingPrompt)
