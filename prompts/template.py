"""Extraction prompts as LangChain templates: built-in YAML files, or a user's own text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from .errors import PromptError
from .prompt_file import read_file

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.prompts import ChatPromptTemplate

PROMPTS = ("chatglm3", "gpt-3.5")
PROMPT_VERSION = 2
"""Of the built-in prompts; a job goes on under the version that it began with."""
KINDS = ("what", "why", "how", "compare", "define", "list", "yesno")
Language = Literal["zh", "en"]
Density = Literal["few", "normal", "all"]
Style = Literal["short", "full"]
STYLES: dict[str, Style] = {"chatglm3": "short", "gpt-3.5": "full"}
"""The style of answers that fits the models of a prompt."""
MAX_OWN_PROMPT = 20_000


class _Example(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    context: str
    text: str
    reply: str = ""
    replies: dict[Style, str] = {}


class PromptFile(BaseModel):
    """One YAML file: the task, a sentence per style and density, and the template of a request."""

    model_config = ConfigDict(extra="forbid")

    version: int = 1
    before: bool = True
    """Whether a request carries the end of the text before: small models ask about that alone."""
    task: str
    answers: dict[Style, str] = {}
    format: str = ""
    density: dict[Density, str]
    ask: str
    again: str
    repair: str
    json_reply: str
    example: _Example

    def rules(self, density: Density = "normal", style: Style = "short", more: str = "") -> str:
        """The task with its sentences on answers, form and number.

        Args:
            density: How many pairs.
            style: How answers are written.
            more: A sentence of the user's choice.
        """
        answers = self.answers.get(style, "")
        task = self.task
        if "{answers}" in task:  # the style's sentence has its place in it
            task, answers = task.replace("{answers}", answers.strip()), ""
        parts = (task, answers, self.format, self.density[density], more)
        blank = "\n\n" if self.format else "\n"
        first = blank.join(part.strip() for part in parts[:3] if part.strip())
        last = "\n".join(part.strip() for part in parts[3:] if part.strip())
        return f"{first}{blank}{last}"

    def shown_reply(self, style: Style = "short") -> str:
        """The reply of the worked example, in a style of answers.

        Args:
            style: The style.
        """
        return (self.example.replies.get(style) or self.example.reply).strip()


@cache
def read_prompt(name: str, language: str, version: int = PROMPT_VERSION) -> PromptFile:
    """The built-in prompt file of a name and language.

    Args:
        name: ``chatglm3`` or ``gpt-3.5``.
        language: ``zh`` or ``en``.
        version: Which one, for jobs of earlier versions.

    Raises:
        PromptError: There is no such prompt, or its file is damaged.
    """
    if name not in PROMPTS or language not in ("zh", "en"):
        raise PromptError("prompt.unknown", prompt=name, known=", ".join(PROMPTS))
    if version == PROMPT_VERSION:
        return read_file(f"{name}.{language}.yaml", PromptFile)
    return read_file(f"{name}.{language}.{version}.yaml", PromptFile)


def load_prompt(
    name: str,
    language: Language,
    *,
    density: Density = "normal",
    own: str | None = None,
    as_json: bool = False,
    again: bool = False,
    style: Style | None = None,
    kinds: Sequence[str] = (),
    examples: Sequence[tuple[str, str]] = (),
    version: int = PROMPT_VERSION,
) -> ChatPromptTemplate:
    """A chat template with the variables ``context`` and ``text``.

    A built-in prompt gives its worked example as an earlier turn of the dialogue: models of 0.5 to
    6 billion parameters follow an example far better than a description. Task and example come
    first and are the same for all texts, so that a server's prefix cache serves them.

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
        style: ``short`` answers or ``full`` ones; None for what fits the prompt's models.
        kinds: Some of ``KINDS``, if only such questions are wanted.
        examples: A user's own pairs, which are shown in place of the worked example.
        version: Of the prompt.

    Raises:
        PromptError: Unknown name, damaged file, or an own prompt that is blank or too long.
    """
    from langchain_core.messages import SystemMessage
    from langchain_core.prompts import ChatPromptTemplate

    if own is not None:
        return _own_prompt(own, language)
    file = read_prompt(name, language, version)
    style = style or STYLES[name]
    task = file.rules(density, style, _wanted(kinds, language))
    ask = file.ask.strip()
    if again and file.version == 1:
        task = f"{task}\n{file.again.strip()}"
    elif again:
        ask = f"{file.again.strip()}\n\n{ask}"
    if as_json:
        task = f"{task}\n{file.json_reply.strip()}"
    elif not examples:
        shown = _worked(file, style)
        return ChatPromptTemplate([SystemMessage(task), *shown, ("human", ask)])
    if examples:
        from .source import request_words

        pairs = _as_shown(file, style, examples)
        task = f"{task}\n\n{request_words(language).examples}\n{pairs}"
    return ChatPromptTemplate([SystemMessage(task), ("human", ask)])


def _wanted(kinds: Sequence[str], language: Language) -> str:
    """The sentence that asks for certain kinds of questions; empty where all are wanted."""
    from .source import request_words

    words = request_words(language)
    chosen = [words.kind[kind] for kind in KINDS if kind in kinds]
    return words.kinds.format(kinds=words.join.join(chosen)) if chosen else ""


def _worked(file: PromptFile, style: Style) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage

    example = file.ask.strip().format(context=file.example.context, text=file.example.text.strip())
    return [HumanMessage(example), AIMessage(file.shown_reply(style))]


def _as_shown(file: PromptFile, style: Style, pairs: Sequence[tuple[str, str]]) -> str:
    """Pairs in the form that the prompt asks for, which its worked example has."""
    ask, answer = (line.partition("：") for line in file.shown_reply(style).split("\n")[:2])
    if not ask[1]:
        ask, answer = (line.partition(":") for line in file.shown_reply(style).split("\n")[:2])
    blank = " " if ask[1] == ":" else ""
    lines = []
    for number, (question, said) in enumerate(pairs, 1):
        for label, words in ((ask, question), (answer, said)):
            head = label[0].replace("1", str(number))
            lines.append(f"{head}{label[1]}{blank}{' '.join(words.split())}")
    return "\n".join(lines)


def repair_request(
    name: str, language: Language, reason: str, version: int = PROMPT_VERSION
) -> str:
    """The follow-up message to a model whose reply could not be parsed.

    Args:
        name: The prompt of the first request; ``chatglm3`` for a user's own prompt.
        language: ``zh`` or ``en``.
        reason: What was wrong, as a sentence.
        version: Of the prompt.

    Raises:
        PromptError: There is no such prompt.
    """
    return read_prompt(name, language, version).repair.strip().format(reason=reason)


def worked_example(name: str, language: Language, version: int = PROMPT_VERSION) -> tuple[str, ...]:
    """The replies in the prompt's worked example, so that an echo of them is not parsed as pairs.

    Args:
        name: ``chatglm3`` or ``gpt-3.5``.
        language: ``zh`` or ``en``.
        version: Of the prompt.

    Raises:
        PromptError: There is no such prompt.
    """
    example = read_prompt(name, language, version).example
    return (*example.replies.values(), *([example.reply] if example.reply else []))


def example_name(name: str, language: Language, version: int = PROMPT_VERSION) -> str:
    """Whom the prompt's worked example is about, an invented name; empty in early versions.

    Args:
        name: ``chatglm3`` or ``gpt-3.5``.
        language: ``zh`` or ``en``.
        version: Of the prompt.

    Raises:
        PromptError: There is no such prompt.
    """
    return read_prompt(name, language, version).example.name


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
