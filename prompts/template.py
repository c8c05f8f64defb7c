"""Extraction prompts as LangChain templates: built-in YAML files, or a user's own text."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from .errors import PromptError
from .prompt_file import read_file

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate

PROMPTS = ("chatglm3", "gpt-3.5")
Language = Literal["zh", "en"]
Density = Literal["few", "normal", "all"]
MAX_OWN_PROMPT = 20_000


class _Example(BaseModel):
    model_config = ConfigDict(extra="forbid")

    context: str
    text: str
    reply: str


class PromptFile(BaseModel):
    """One YAML file: the task, a sentence per density, and the template of a request."""

    model_config = ConfigDict(extra="forbid")

    task: str
    density: dict[Density, str]
    ask: str
    again: str
    repair: str
    json_reply: str
    example: _Example


@cache
def read_prompt(name: str, language: str) -> PromptFile:
    """The built-in prompt file of a name and language.

    Raises:
        PromptError: There is no such prompt, or its file is damaged.
    """
    if name not in PROMPTS or language not in ("zh", "en"):
        raise PromptError("prompt.unknown", prompt=name, known=", ".join(PROMPTS))
    return read_file(f"{name}.{language}.yaml", PromptFile)


def load_prompt(
    name: str,
    language: Language,
    *,
    density: Density = "normal",
    own: str | None = None,
    as_json: bool = False,
    again: bool = False,
) -> ChatPromptTemplate:
    """A chat template with the variables ``context`` and ``text``.

    A built-in prompt gives its worked example as an earlier turn of the dialogue: models of 0.5 to
    6 billion parameters follow an example far better than a description.

    Args:
        name: ``chatglm3`` or ``gpt-3.5``.
        language: ``zh`` or ``en``, the language of prompt and pairs.
        density: ``few``, ``normal`` or ``all``: how many pairs a text is to give.
        own: A user's prompt, used instead of the built-in task and example. ``{text}`` and
            ``{context}`` in it are filled in, every other brace is an ordinary character; without
            ``{text}`` the text follows in a message of its own.
        as_json: Whether the reply is constrained to a JSON schema; the worked example, which is
            not JSON, is left out then.
        again: Whether this is a second pass over text that no pair draws on yet; a user's own
            prompt is the same in every pass.

    Raises:
        PromptError: Unknown name, damaged file, or an own prompt that is blank or too long.
    """
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
    from langchain_core.prompts import ChatPromptTemplate

    if own is not None:
        return _own_prompt(own, language)
    file = read_prompt(name, language)
    task = f"{file.task.strip()}\n{file.density[density].strip()}"
    if again:
        task = f"{task}\n{file.again.strip()}"
    if as_json:
        task = f"{task}\n{file.json_reply.strip()}"
        return ChatPromptTemplate([SystemMessage(task), ("human", file.ask.strip())])
    example = file.ask.strip().format(context=file.example.context, text=file.example.text.strip())
    return ChatPromptTemplate(
        [
            SystemMessage(task),
            HumanMessage(example),
            AIMessage(file.example.reply.strip()),
            ("human", file.ask.strip()),
        ]
    )


def repair_request(name: str, language: Language, reason: str) -> str:
    """The follow-up message to a model whose reply could not be parsed.

    Args:
        name: The prompt of the first request; ``chatglm3`` for a user's own prompt.
        language: ``zh`` or ``en``.
        reason: What was wrong, as a sentence.

    Raises:
        PromptError: There is no such prompt.
    """
    return read_prompt(name, language).repair.strip().format(reason=reason)


def worked_example(name: str, language: Language) -> str:
    """The reply in the prompt's worked example, so that an echo of it is not parsed as pairs.

    Raises:
        PromptError: There is no such prompt.
    """
    return read_prompt(name, language).example.reply


def _own_prompt(own: str, language: Language) -> ChatPromptTemplate:
    from langchain_core.messages import SystemMessage
    from langchain_core.prompts import ChatPromptTemplate

    if not own.strip():
        raise PromptError("prompt.blank")
    if len(own) > MAX_OWN_PROMPT:
        raise PromptError("prompt.too_long", length=len(own), limit=MAX_OWN_PROMPT)
    if "{text}" not in own:
        ask = read_prompt("chatglm3", language).ask.strip()
        return ChatPromptTemplate([SystemMessage(own), ("human", ask)])
    escaped = own.replace("{", "{{").replace("}", "}}")
    for variable in ("text", "context"):
        escaped = escaped.replace("{{" + variable + "}}", "{" + variable + "}")
    return ChatPromptTemplate([("human", escaped)])


def fingerprint(template: ChatPromptTemplate) -> str:
    """Twelve hex digits that change whenever any text of the template changes."""
    # Formatted, not invoked: LangChain tracing would show an invocation as a step of its own.
    text = template.format_prompt(context="\x00context", text="\x00text").to_string()
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
