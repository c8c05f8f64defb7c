"""Shows a job as a custom element, and sends a message when it has ended."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import chainlit as cl

from messages import SaidError, say

from .downloads import downloads
from .engine import engine
from .job_view import JobPresenter
from .session import chat, explain, language, plain, tell
from .words import words

POLL_SECONDS = 0.5
_following: set[asyncio.Task[None]] = set()
_presenters: dict[int, JobPresenter] = {}


def presenter() -> JobPresenter:
    """The presenter of this process's engine."""
    shared = engine()
    return _presenters.setdefault(id(shared), JobPresenter(shared))


async def show_job(job: str) -> None:
    """Shows a job: its progress while it runs, its list once it has ended.

    The element polls for its data and is never sent again, so a page that was closed, asleep or
    offline is up to date as soon as it is back.
    """
    await show("Job", {"job": job, "downloads": downloads(language())})
    # The address of the page names the job, so that it can be kept, sent and loaded again.
    await cl.send_window_message({"qa3": "job", "job": job})


async def show(name: str, props: dict[str, Any]) -> cl.Message:
    """Sends a custom element; its key separates the browser state of two elements of a kind."""
    given = {**props, "words": words(language()), "key": secrets.token_hex(6)}
    # With a url Chainlit does not write the properties to a file.
    element = cl.CustomElement(name=name, props=given, display="inline", url="about:blank")
    message = cl.Message(content="", elements=[element])
    await message.send()
    return message


async def open_job(job: str) -> None:
    """Shows a job and makes it the one that the chat is about.

    Raises:
        JournalError: There is no such job.
    """
    known = chat()
    await engine().answer(presenter().look, job, {}, language())  # raises where there is none
    if known.job != job:
        known.job = job
        known.history.clear()
    await show_job(job)
    if engine().runner.is_running(job):
        follow(job)


def follow(job: str) -> None:
    """Sends a message to this chat when the job has ended, if the chat still exists."""
    task = asyncio.create_task(_until_over(job))
    _following.add(task)
    task.add_done_callback(_following.discard)


async def _until_over(job: str) -> None:
    shared = engine()
    while shared.runner.is_running(job):
        await asyncio.sleep(POLL_SECONDS)
    spoken = language()
    try:
        shown = await shared.answer(presenter().look, job, {}, spoken)
    except SaidError as error:
        await tell(explain(error))
        return
    lines = [plain(line) for line in (*shown.get("ending", ()), *shown.get("checks", ()))]
    counts = shown.get("counts")
    if counts and counts["kept"]:
        lines.append(say("page.ask_about_it", spoken))
    await tell("\n\n".join(lines))
