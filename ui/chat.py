"""Answers chat messages: from a job's documents if there is one, else freely by the model."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import chainlit as cl

from chains import Dialogue, Job, Jobs, JournalError, Resolved, Said, Source, Turn, has_list

from .engine import Engine, engine
from .job_element import show
from .job_state import UNDER_WAY
from .job_view import name_of
from .session import Chat, chat, plain, speak, tell

MOST_QUOTE = 600  # characters of a passage shown as a source


async def talk(question: str) -> None:
    """Streams the answer to a question, then shows its sources.

    Raises:
        SaidError: The backend does not answer.
    """
    known, shared = chat(), engine()
    known.stop = threading.Event()
    job = await shared.answer(_job_of, shared, known.job) if known.job else None
    running = job is not None and (shared.runner.is_running(job.id) or job.state in UNDER_WAY)
    if job is not None and not await shared.answer(has_list, shared.journal, job.id):
        if running:
            await tell(speak("page.wait", name=plain(name_of(job))))
            return
        job = None  # nothing came of it, and there is nothing to search
    resolved = await shared.answer(shared.settings, known.chosen)
    message = cl.Message(content="")
    label = f"*{_label(job, running=running)}*\n\n"
    answer, found, ended = "", True, ""
    sources: tuple[Source, ...] = ()
    try:
        async for part in _answer_parts(shared, known, job.id if job else "", resolved, question):
            if part.text:
                await message.stream_token(part.text if answer else label + part.text)
                answer += part.text
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


def _label(job: Job | None, *, running: bool) -> str:
    """Where an answer is drawn from: nobody is to take a model's own words for a document's."""
    if job is None:
        return speak("page.free_answer")
    code = "page.searched_so_far" if running else "page.searched"
    return speak(code, name=plain(name_of(job)))


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
    shared: Engine, known: Chat, job: str, resolved: Resolved, question: str
) -> AsyncIterator[Said]:
    """Yields the answer's parts, generated in a thread so as not to block the event loop."""
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[Said | BaseException | None] = asyncio.Queue()
    stop, history = known.stop, list(known.history)

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
    retriever = None
    if job:
        retriever = shared.retrievers.of_job(Jobs(shared.journal).find(job), resolved)
    own = resolved.settings.prompt_text
    # A prompt with {text} in it, or one of a language alone, is an extraction prompt.
    free = isinstance(own, str) and "{text}" not in own
    system = own if isinstance(own, str) and free and retriever is None else None
    backends = shared.runner.backends
    with Dialogue(resolved, system=system, retriever=retriever, backends=backends) as dialogue:
        yield from dialogue.ask(question, history, stop)


def _job_of(shared: Engine, job: str) -> Job | None:
    """The job of a chat; None where it was deleted meanwhile."""
    try:
        return Jobs(shared.journal).find(job)
    except JournalError as error:
        if error.code == "job.unknown":
            return None
        raise
