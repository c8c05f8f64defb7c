"""From a chat message to a job: reads the input, estimates the cost, confirms, starts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import chainlit as cl

from chains import (
    Estimate,
    Inputs,
    Resolved,
    RunInput,
    Text,
    Upload,
    estimate,
    read_for,
)
from loaders import LoadError
from messages import say

from .engine import engine
from .job_element import follow, show_job
from .session import Chat, Pending, chat, language, plain, speak, tell

_LOCKED = ("load.password_needed", "load.password_wrong")
SAMPLES = Path(__file__).resolve().parent / "samples"


def inputs_of(message: cl.Message) -> list[RunInput]:
    """The files of a message, under their original names."""
    return [
        Upload(path=Path(element.path), name=Path(element.name).name or "file")
        for element in message.elements or ()
        if element.path
    ]


def sample(spoken: str) -> list[RunInput]:
    """The sample document of a language."""
    name = "zhaozhou.md" if spoken == "zh" else "forth.md"
    return [Upload(path=SAMPLES / name, name=name)]


async def start(inputs: Sequence[RunInput]) -> None:
    """Loads the inputs, reports what was read, and starts the job or asks for confirmation.

    Raises:
        SaidError: Nothing could be read, or the backend cannot be used.
    """
    known, spoken = chat(), language()
    shared = engine()
    resolved = await shared.answer(shared.settings, known.chosen)
    reading = partial(read_for, password=known.password)
    try:
        read = await shared.read(reading, resolved, list(inputs))
    except LoadError as error:
        if error.code not in _LOCKED:
            raise
        await tell(f"{plain(error.say(spoken))} {speak('page.password')}")
        return
    expected = await shared.read(estimate, read, resolved)
    lines = _report(read, expected, spoken)
    waiting = Pending(read, resolved)
    if _needs_confirmation(expected, known):
        number = secrets.token_hex(4)
        known.pending[number] = waiting
        lines.append(speak("page.confirm"))
        waiting.question = await tell("\n\n".join(lines), actions=_yes_or_no(number))
        return
    await tell("\n\n".join(lines))
    await begin(waiting)


async def begin(waiting: Pending) -> None:
    """Starts the job and shows it.

    Raises:
        SaidError: Too many wait, or the journal cannot be written.
    """
    shared = engine()
    job = await shared.answer(shared.runner.begin, waiting.read, waiting.resolved)
    known = chat()
    known.job = job
    known.history.clear()
    await show_job(job)
    follow(job)


def _report(read: Inputs, expected: Estimate, spoken: str) -> list[str]:
    """Lines of the report: per file what was read, problems, and the estimated cost."""
    lines = []
    for place, file in enumerate(read.files):
        chunks = [chunk for at, chunk in zip(read.file_of, read.chunks, strict=True) if at == place]
        pages = len({page for _, page in file.pages})
        named: dict[str, Any] = {
            "name": plain(file.source),
            "characters": len(file.text),
            "chunks": len(chunks),
        }
        line = (
            say("page.file_pages", spoken, pages=pages, **named)
            if pages
            else say("page.file", spoken, **named)
        )
        encoding = read.encodings[place]
        if encoding:
            line += " " + say("page.file_encoding", spoken, encoding=encoding)
        lines.append(line)
    lines += [
        f"- {plain(source)}: {plain(reason.say(spoken))}" for source, reason in read.warnings[:20]
    ]
    lines += [f"- {plain(error.say(spoken))}" for error in read.refused[:20]]
    if any(error.code in _LOCKED for error in read.refused):
        lines.append(say("page.password", spoken))
    lines.append(
        say(
            "page.estimate",
            spoken,
            backend=plain(expected.backend),
            model=plain(expected.model),
            calls=expected.calls - expected.known,
            known=expected.known,
            prompt=expected.prompt,
            completion=expected.completion,
        )
    )
    if expected.checking is not None:
        lines.append(say("page.estimate_checking", spoken, **expected.checking.model_dump()))
    if expected.cost is not None:
        lines.append(say("show.estimate_cost", spoken, cost=f"{expected.cost:.2f}"))
    if expected.checking is not None and expected.cost_unchecked is not None:
        unchecked = f"{expected.cost_unchecked:.2f}"
        lines.append(say("page.estimate_unchecked", spoken, cost=unchecked))
    if expected.small:
        lines.append(say("show.small_model", spoken))
    return lines


def _needs_confirmation(expected: Estimate, known: Chat) -> bool:
    """Whether the user must confirm first: the estimated cost or tokens exceed the limit."""
    cost, tokens = known.confirm
    if expected.cost is not None:
        return expected.cost > cost
    asked = expected.prompt + expected.completion
    if expected.checking is not None:
        asked += expected.checking.prompt + expected.checking.completion
    return not expected.embedded and asked > tokens


def _yes_or_no(number: str) -> list[cl.Action]:
    return [
        cl.Action(
            name="qa3_begin", payload={"number": number}, label=speak("page.begin"), icon="play"
        ),
        cl.Action(name="qa3_drop", payload={"number": number}, label=speak("page.drop"), icon="x"),
    ]


async def pasted(text: str) -> None:
    """Starts a job from a typed text.

    Raises:
        SaidError: As ``start``.
    """
    spoken = language()
    await start([Text(text=text, name=say("page.pasted_name", spoken))])


def resolved_for(known: Chat) -> Resolved:
    """The settings in force in a chat.

    Raises:
        SettingsError: A value cannot be used.
    """
    return engine().settings(known.chosen)
