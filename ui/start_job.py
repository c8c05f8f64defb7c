"""From a chat message to a job: reads the input, estimates the cost, confirms, starts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
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
from .errors import PageError
from .job_element import follow, show, show_job
from .session import Chat, Pending, Reading, chat, explain, language, plain, speak, tell
from .words import told

_LOCKED = ("load.password_needed", "load.password_wrong")
SILENT_SECONDS = 0.7
"""Reading that is done by then is not worth a word."""
LONGEST_NAME = 24  # characters of a pasted text that it is called by
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
    try:
        read, expected = await _read(inputs, resolved)
    except LoadError as error:
        for one in (*error.beside, error):  # each file has its own sentence
            hint = f" {speak('page.password')}" if one.code in _LOCKED else ""
            await tell(f"{plain(explain(one))}{hint}")
        return
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


async def _read(inputs: Sequence[RunInput], resolved: Resolved) -> tuple[Inputs, Estimate]:
    """The inputs and what asking about them takes; how far reading is, is shown meanwhile.

    Raises:
        SaidError: Nothing could be read, or a person cancelled it.
    """
    shared, known = engine(), chat()
    reading, number = Reading(len(inputs)), secrets.token_hex(4)
    known.readings[number] = reading

    def work() -> tuple[Inputs, Estimate]:
        read = read_for(resolved, list(inputs), password=known.password, progress=reading.tell)
        return read, estimate(read, resolved)

    working = asyncio.ensure_future(shared.read(work))
    cancelled = asyncio.ensure_future(reading.cancelled.wait())
    element: cl.Message | None = None
    try:
        await asyncio.wait([working], timeout=SILENT_SECONDS)
        if not working.done():
            element = await show("Reading", {"reading": number})
            await asyncio.wait([working, cancelled], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise PageError("page.reading_cancelled")
        return working.result()
    finally:
        # Also where Chainlit's own stop button cancelled this task: the thread ends by itself.
        reading.over = True
        reading.cancelled.set()
        cancelled.cancel()
        working.add_done_callback(lambda done: done.cancelled() or done.exception())
        known.readings.pop(number, None)
        if element is not None:
            await element.remove()


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
        f"- {plain(source)}: {plain(told(reason, spoken))}" for source, reason in read.warnings[:20]
    ]
    lines += [f"- {plain(told(error, spoken))}" for error in read.refused[:20]]
    if any(error.code in _LOCKED for error in read.refused):
        lines.append(say("page.password", spoken))
    lines.append(
        say(
            "page.estimate",
            spoken,
            backend=plain(expected.backend),
            model=plain(expected.model),
            calls=expected.calls - expected.known,
            prompt=expected.prompt,
            completion=expected.completion,
        )
    )
    if expected.known:
        lines.append(say("page.estimate_known", spoken, known=expected.known))
    if expected.checking is not None:
        lines.append(say("page.estimate_checking", spoken, **expected.checking.model_dump()))
    if expected.cost is not None:
        lines.append(say("page.estimate_cost", spoken, cost=f"{expected.cost:.2f}"))
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
    await start([as_text(text)])


def as_text(text: str) -> Text:
    """A typed text as an input, called by its first words so that it is told from others."""
    words = " ".join(text.split())
    begins = words[:LONGEST_NAME] + ("…" if len(words) > LONGEST_NAME else "")
    return Text(text=text, name=speak("page.pasted_name", begins=begins.replace("/", "∕")))
