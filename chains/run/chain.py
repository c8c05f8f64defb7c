"""Builds ``prompt | llm | parser`` for one chunk, the chain that every run uses."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import ChatPromptValue, PromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.prompts.chat import BaseChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableSequence

from loaders import whole_characters
from loaders.records import Chunk
from pairs.text.language import language_of
from prompts import (
    PROMPT_VERSION,
    PROMPTS,
    STYLES,
    example_name,
    fingerprint,
    load_prompt,
    read_prompt,
    worked_example,
)

from ..errors import SettingsError
from ..journal.leases import Lease
from ..journal.replies import Journal
from ..llm.backends import Backend, choose
from ..llm.cached_call import CachedModel
from ..llm.client import OpenBackend
from ..parsing.parser import PairParser, ParsedPairs
from ..records import DraftPair, is_watched
from ..settings import Resolved, Settings
from .examples import OwnExamples, own_examples
from .source import asked_language, source_note

Language = Literal["zh", "en"]
Chain = RunnableSequence[dict[str, Any], ParsedPairs]


class ExtractionPrompt(BaseChatPromptTemplate):
    """The prompt that asks for the pairs of a text, in the language of the settings or of the text.

    Input: ``text``; ``context``, such as its title and headings; ``language`` where it is not the
    text's; and ``repair``, where a reply could not be read: the messages that show it to the model
    and ask once more.

    Attributes:
        templates: By language; a single one is used for every text.
    """

    templates: dict[Language, ChatPromptTemplate]

    def language_of(self, text: str) -> Language:
        """The language of the request for a text: the text's own if the settings name none."""
        only = next(iter(self.templates))
        return only if len(self.templates) == 1 else language_of(text)

    @cached_property
    def fingerprints(self) -> dict[Language, str]:
        """Fingerprints by language: twelve hex digits that change with any word of the prompt."""
        return {language: fingerprint(template) for language, template in self.templates.items()}

    def invoke(
        self,
        input: dict[str, Any],  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> PromptValue:
        """The request for a text."""
        if "text" in input and not is_watched(config):
            return ChatPromptValue(messages=self.format_messages(**input))
        return super().invoke(input, config, **kwargs)

    def format_messages(self, **kwargs: Any) -> list[BaseMessage]:
        """The messages of a request."""
        text = whole_characters(kwargs["text"])
        context = whole_characters(kwargs.get("context") or "-")
        language = kwargs.get("language")
        template = self.templates[
            language if language in self.templates else self.language_of(text)
        ]
        return [*template.format_messages(context=context, text=text), *kwargs.get("repair", ())]


def build_chain(settings: Settings | None = None) -> Chain:
    """A LangChain chain ``prompt | llm | parser`` for scripts, alone or inside another chain.

    Input: ``{"text": ..., "context": ...}``, the context optional. Output: the reply's
    ``DraftPair`` list. The model answers from the journal what it answered before, and is
    connected to at the first request that the journal does not hold.

    Args:
        settings: None for the defaults; no environment and no file is looked at.

    Raises:
        SettingsError: An unknown backend, or a prompt file that cannot be read.
        PromptError: The prompt cannot be used.
        JournalError: The journal cannot be opened.

    Example:
        >>> chain = build_chain(resolve().settings)
        >>> chain.invoke({"text": "The bridge opened in 1890."})[0].answer
        'The bridge opened in 1890.'
    """
    settings = settings or Settings()
    backend = choose(Resolved(settings=settings, origins={}))
    stop = threading.Event()
    with ExitStack() as open_:
        journal = open_.enter_context(Journal(settings.journal))
        lease = open_.enter_context(Lease(journal, stop))
        opened = open_.enter_context(closing(OpenBackend(backend, settings)))
        model = CachedModel(opened, journal, lease.id, settings, stop)
        chain = compose(model, backend, settings)
        # The journal and an embedded model stay open as long as the chain is in use.
        weakref.finalize(model, _close, open_.pop_all(), os.getpid())
    return chain


def _close(resources: ExitStack, process: int) -> None:
    """Closes what a chain has open, in the process that opened it and in none that it forked."""
    if os.getpid() == process:
        resources.close()


def compose(
    model: CachedModel, backend: Backend, settings: Settings, *, again: bool = False
) -> Chain:
    """The chain over a given model.

    Args:
        model: Answers requests.
        backend: Says which prompt fits it.
        settings: Prompt, language and density.
        again: Whether the texts are passages that no pair of an earlier pass draws on.

    Raises:
        PromptError: The prompt cannot be used.
        SettingsError: The file with the user's prompt cannot be read.
    """
    name, own = choose_prompt(backend, settings)
    version = version_of(settings)
    languages: tuple[Language, ...] = ("zh", "en")
    if settings.language != "auto":
        languages = (settings.language,)
    owns = {one: own.get(one) if isinstance(own, dict) else own for one in languages}
    built_in = [one for one in languages if owns[one] is None]
    shown = own_examples(settings) if built_in else None
    templates = {
        language: load_prompt(
            name,
            language,
            density=settings.density,
            own=owns[language],
            as_json=backend.response_format,
            again=again,
            style=style_of(name, settings),
            kinds=settings.kinds.split(",") if settings.kinds else (),
            examples=shown.shown.get(language, ()) if shown else (),
            version=version,
        )
        for language in languages
    }
    prompt = ExtractionPrompt(
        templates=templates,
        input_variables=["text"],
        optional_variables=["context", "language", "repair"],
    )
    parser = PairParser(
        examples=_examples(name, built_in, version),
        example_names=tuple(filter(None, (example_name(name, one, version) for one in built_in))),
        instructions="\n".join(
            template.format_prompt(context="", text="").to_string()
            for template in templates.values()
        ),
    )
    return RunnableSequence(prompt, model, parser)


def chunk_input(
    chunk: Chunk,
    language: Language,
    settings: Settings,
    repair: Sequence[BaseMessage] = (),
    *,
    prompt: str | None = None,
) -> dict[str, Any]:
    """The chain's input for a chunk, with where it comes from as context.

    Args:
        chunk: The chunk.
        language: To ask in.
        settings: Their version of prompts decides what is said of its place.
        repair: The messages that show a reply that could not be read, and ask once more.
        prompt: Name of the built-in prompt, which decides whether the text before is shown; None
            for a user's own, which is shown all.

    Raises:
        PromptError: There is no such prompt.
    """
    before = prompt is None or read_prompt(prompt, language, version_of(settings)).before
    context = source_note(chunk, language, settings, before=before)
    return {"context": context, "text": chunk.text, "language": language, "repair": repair}


def request_notes(chunks: Iterable[Chunk], resolved: Resolved) -> list[str]:
    """What the requests about chunks say of their place, in one to three lines each.

    Args:
        chunks: The chunks.
        resolved: The settings, whose backend and prompt decide how much is said.

    Raises:
        PromptError: There is no such prompt.
        SettingsError: The backend or the file with the user's prompt is missing.
    """
    settings = resolved.settings
    name, own = choose_prompt(choose(resolved), settings)
    prompt = name if own is None else None
    asked = (
        chunk_input(chunk, asked_language(chunk, settings), settings, prompt=prompt)
        for chunk in chunks
    )
    return [request["context"] for request in asked]


def version_of(settings: Settings) -> int:
    """The version of the built-in prompts that a run asks with."""
    return settings.prompt_version or PROMPT_VERSION


def prompt_name(backend: Backend, settings: Settings) -> str:
    """Name and version of the built-in prompt that a run asks with; ``own`` for a user's.

    Args:
        backend: Says which prompt fits it.
        settings: The settings.

    Raises:
        SettingsError: The file with the user's prompt cannot be read.
    """
    name, own = choose_prompt(backend, settings)
    return "own" if own is not None else f"{name} {version_of(settings)}"


def extra_requests(settings: Settings, examples: OwnExamples | None) -> list[str]:
    """What is asked beyond the defaults; empty for them, as in jobs of earlier versions.

    Args:
        settings: The settings.
        examples: The user's own.
    """
    return [
        *([f"passes {settings.passes}"] if settings.passes > 1 else []),
        *([f"answers {settings.answers}"] if settings.answers != "auto" else []),
        *([f"kinds {settings.kinds}"] if settings.kinds else []),
        *([f"examples {examples.text}"] if examples else []),
    ]


def style_of(name: str, settings: Settings) -> Literal["short", "full"]:
    """How answers are to be written: as the settings say, else as fits the prompt's models.

    Args:
        name: Of the prompt.
        settings: The settings.
    """
    return STYLES[name] if settings.answers == "auto" else settings.answers


def choose_prompt(
    backend: Backend, settings: Settings
) -> tuple[str, str | dict[Language, str] | None]:
    """The name of the built-in prompt, and the text of the user's own prompt if there is one.

    An own prompt of one language is asked with in that language, and the built-in one in the other.

    Raises:
        SettingsError: The setting names neither a built-in prompt nor a readable file.
    """
    own = settings.prompt_text
    if isinstance(own, str):
        return "chatglm3", own
    name = settings.prompt or backend.prompt
    if name in PROMPTS:
        return name, own or None
    try:
        path = Path(name).expanduser()
        if path.exists() and not path.is_file():  # a device may have no end
            raise IsADirectoryError(name)
        return "chatglm3", path.read_text(encoding="utf-8-sig")
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        known = ", ".join(PROMPTS)
        raise SettingsError("settings.no_prompt", prompt=name, known=known) from error


def example_text(backend: Backend, settings: Settings) -> str:
    """Title and text of the worked examples of a run's prompt; empty where it is the user's own.

    Args:
        backend: Says which prompt fits it.
        settings: Prompt and language.

    Raises:
        SettingsError: The file with the user's prompt cannot be read.
    """
    name, own = choose_prompt(backend, settings)
    if own is not None:
        return ""
    languages: tuple[Language, ...] = ("zh", "en")
    if settings.language != "auto":
        languages = (settings.language,)
    version = version_of(settings)
    shown = [read_prompt(name, language, version).example for language in languages]
    return "\n".join(f"{one.context}\n{one.text}" for one in shown)


def _examples(name: str, languages: Sequence[Language], version: int) -> tuple[DraftPair, ...]:
    """The worked examples of the prompt, which the parser must not take for pairs of a text."""
    return tuple(
        pair
        for language in languages
        for reply in worked_example(name, language, version)
        for pair in PairParser().parse(reply)
    )
