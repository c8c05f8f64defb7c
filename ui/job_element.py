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
from .session import language, plain, tell
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


async def show(name: str, props: dict[str, Any]) -> None:
    """Sends a custom element; its key separates the browser state of two elements of a kind."""
    given = {**props, "words": words(language()), "key": secrets.token_hex(6)}
    # With a url Chainlit does not write the properties to a file.
    element = cl.CustomElement(name=name, props=given, display="inline", url="about:blank")
    await cl.Message(content="", elements=[element]).send()


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
        await tell(error.say(spoken))
        return
    counts = shown.get("counts")
    if counts is None:
        await tell(shown["failure"] or say("page.ended_without_list", spoken))
    elif not counts["parsed"]:
        await tell(say("page.no_pairs", spoken))
    else:
        lines = [say("page.ended", spoken, **counts)]
        unfinished = counts["chunks_failed"] + counts["chunks_not_asked"]
        if unfinished:
            lines.append(say("page.ended_unfinished", spoken, count=unfinished))
        lines += map(plain, shown["checks"])
        lines.append(say("page.ask_about_it", spoken))
        await tell("\n\n".join(lines))
