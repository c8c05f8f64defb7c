"""What the page's elements ask for: rows, passages, edits, files, runs; each answered with data."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import chainlit as cl

from chains import keep, leave_out, reword, undo
from messages import SaidError

from .downloads import make_file
from .engine import engine
from .job_element import desk, follow, show_job
from .job_view import jobs_of
from .session import chat, fault, language, speak, tell
from .start_job import begin as begin_pending

Answer = dict[str, Any]
Act = Callable[[dict[str, Any]], Awaitable[Answer | None]]
log = logging.getLogger(__name__)
MOST_WORDS = 20_000  # characters of a question or an answer a person writes


def register() -> None:
    """Tells Chainlit what to call."""
    acts: dict[str, Act] = {
        "qa3_look": _look,
        "qa3_passage": _passage,
        "qa3_reword": _reword,
        "qa3_leave_out": _leave_out,
        "qa3_keep": _keep,
        "qa3_undo": _undo,
        "qa3_download": _download,
        "qa3_stop": _stop,
        "qa3_go_on": _go_on,
        "qa3_retry": _retry,
        "qa3_jobs": _jobs,
        "qa3_open": _open,
        "qa3_begin": _begin,
        "qa3_drop": _drop,
    }
    for name, act in acts.items():
        cl.action_callback(name)(_told(act))


def _told(act: Act) -> Callable[[cl.Action], Awaitable[Answer]]:
    """An act whose errors are an answer too, in the user's language."""

    @functools.wraps(act)
    async def called(action: cl.Action) -> Answer:
        try:
            return await act(action.payload) or {}
        except SaidError as error:
            return {"error": error.say(language())}
        except Exception as error:
            log.exception("an act of the page failed")
            return {"error": fault(error)}

    # Chainlit hands over the action by the name of the parameter.
    del called.__wrapped__
    return called


def _job(given: dict[str, Any]) -> str:
    return str(given.get("job", ""))[:64]


async def _look(given: dict[str, Any]) -> Answer:
    job, known = _job(given), chat()
    shown = await engine().answer(desk().look, job, given, language())
    if not known.job and not known.cleared:
        known.job = job  # a page that slept longer than its chat was kept
    return shown


async def _passage(given: dict[str, Any]) -> Answer:
    span = given.get("span")
    chunk = str(given.get("chunk", ""))
    return await engine().answer(desk().passage, _job(given), chunk, span)


async def _reword(given: dict[str, Any]) -> None:
    words = {name: str(given.get(name, ""))[:MOST_WORDS] for name in ("question", "answer")}
    shared = engine()
    await shared.answer(reword, shared.journal, _job(given), str(given.get("pair")), **words)


async def _leave_out(given: dict[str, Any]) -> None:
    shared = engine()
    await shared.answer(leave_out, shared.journal, _job(given), str(given.get("pair")))


async def _keep(given: dict[str, Any]) -> None:
    shared = engine()
    await shared.answer(keep, shared.journal, _job(given), str(given.get("pair")))


async def _undo(given: dict[str, Any]) -> None:
    shared = engine()
    await shared.answer(undo, shared.journal, _job(given), str(given.get("pair")))


async def _download(given: dict[str, Any]) -> Answer:
    shared = engine()
    picked = str(given.get("format", ""))
    name, content = await shared.read(make_file, shared, _job(given), picked, language())
    # A report is a page of its own: given as plain bytes, it is saved and never run here.
    kind = "application/octet-stream"
    file = await cl.context.session.persist_file(name=name, mime=kind, content=content or b"\n")
    return {"name": name, "file": file["id"], "session": cl.context.session.id}


async def _stop(given: dict[str, Any]) -> Answer:
    return {"stopped": await engine().answer(engine().runner.stop, _job(given))}


async def _go_on(given: dict[str, Any]) -> None:
    await _run_again(_job(given), retry=False)


async def _retry(given: dict[str, Any]) -> None:
    await _run_again(_job(given), retry=True)


async def _run_again(job: str, *, retry: bool) -> None:
    shared = engine()
    await shared.answer(shared.runner.resume_job, job, retry=retry)
    follow(job)


async def _jobs(_: dict[str, Any]) -> Answer:
    shared = engine()
    return {"jobs": await shared.answer(jobs_of, shared)}


async def _open(given: dict[str, Any]) -> None:
    job, known = _job(given), chat()
    await engine().answer(desk().look, job, {}, language())  # raises where there is none
    if known.job != job:
        known.job = job
        known.history.clear()
    await show_job(job)
    if engine().runner.is_running(job):
        follow(job)


async def _begin(given: dict[str, Any]) -> None:
    waiting = chat().pending.pop(str(given.get("number")), None)
    if waiting is None:
        await tell(speak("page.nothing_pending"))
        return
    try:
        await begin_pending(waiting)
    except SaidError as error:
        await tell(error.say(language()))


async def _drop(given: dict[str, Any]) -> None:
    if chat().pending.pop(str(given.get("number")), None) is not None:
        await tell(speak("page.dropped"))
