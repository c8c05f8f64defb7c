"""Answers chat messages: from a job's documents if there is one, else freely by the model."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import chainlit as cl

from chains import Dialogue, Jobs, JournalError, PairRetriever, Resolved, Said, Source, Turn

from .engine import Engine, engine
from .job_element import show
from .session import Chat, chat, speak

MOST_QUOTE = 600  # characters of a passage shown as a source


async def talk(question: str) -> None:
    """Streams the answer to a question, then shows its sources.

    Raises:
        SaidError: The backend does not answer.
    """
    known, shared = chat(), engine()
    known.stop = threading.Event()
    resolved = await shared.answer(shared.settings, known.chosen)
    message = cl.Message(content="")
    answer, found, ended = "", True, ""
    sources: tuple[Source, ...] = ()
    try:
        async for part in _answer_parts(shared, known, resolved, question):
            if part.text:
                answer += part.text
                await message.stream_token(part.text)
            sources = part.sources or sources
            found, ended = found and part.found, part.ended or ended
    except asyncio.CancelledError:  # by Chainlit's stop button
        if answer:
            await message.send()
            known.remember(question, answer)
        raise
    if not answer:
        answer = speak("page.no_answer")
        await message.stream_token(answer)
    if ended == "length":
        await message.stream_token(f"\n\n{speak('page.answer_cut')}")
    await message.send()
    known.remember(question, answer)
    if sources and found:
        await show("Sources", {"sources": [_shown(source) for source in sources]})


def _shown(source: Source) -> dict[str, Any]:
    return {
        "kind": source.kind,
        "question": source.question,
        "answer": source.answer,
        "quote": source.quote[:MOST_QUOTE],
        "source": source.source.replace("\\", "/").rpartition("/")[2],
        "page": source.page,
        "score": round(source.score, 2),
    }


async def _answer_parts(
    shared: Engine, known: Chat, resolved: Resolved, question: str
) -> AsyncIterator[Said]:
    """Yields the answer's parts, generated in a thread so as not to block the event loop."""
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[Said | BaseException | None] = asyncio.Queue()
    stop, history, job = known.stop, list(known.history), known.job

    def work() -> None:
        last: BaseException | None = None
        try:
            for part in _ask(shared, resolved, job, question, history, stop):
                loop.call_soon_threadsafe(parts.put_nowait, part)
        except BaseException as error:  # noqa: BLE001 - raised again in the chat's own task
            last = error
        loop.call_soon_threadsafe(parts.put_nowait, last)

    threading.Thread(target=work, daemon=True, name="talking").start()
    try:
        while (part := await parts.get()) is not None:
            if isinstance(part, BaseException):
                raise part
            yield part
    finally:
        stop.set()


def _ask(
    shared: Engine,
    resolved: Resolved,
    job: str,
    question: str,
    history: list[Turn],
    stop: threading.Event,
) -> Iterator[Said]:
    retriever = _retriever(shared, job, resolved) if job else None
    own = resolved.settings.prompt_text
    # A prompt with {text} in it is an extraction prompt, not a system prompt.
    system = own if own and retriever is None and "{text}" not in own else None
    backends = shared.runner.backends
    with Dialogue(resolved, system=system, retriever=retriever, backends=backends) as dialogue:
        yield from dialogue.ask(question, history, stop)


def _retriever(shared: Engine, job: str, resolved: Resolved) -> PairRetriever | None:
    """The retriever over a job's list and passages; None while it has no list."""
    if shared.runner.is_running(job):
        return None
    try:
        return shared.retrievers.of_job(Jobs(shared.journal).find(job), resolved)
    except JournalError as error:
        if error.code in ("job.unknown", "job.no_list"):
            return None
        raise
