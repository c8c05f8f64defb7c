"""Chainlit action callbacks of the custom elements: read rows, edit pairs, download, run jobs."""

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
from .job_element import follow, presenter, show_job
from .job_view import jobs_of
from .session import Pending, chat, fault, language, speak, tell
from .start_job import begin as begin_pending

Answer = dict[str, Any]
Handler = Callable[[dict[str, Any]], Awaitable[Answer | None]]
log = logging.getLogger(__name__)
MAX_TEXT = 20_000  # characters of an edited question or answer


def register() -> None:
    """Registers the action callbacks with Chainlit."""
    handlers: dict[str, Handler] = {
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
    for name, handler in handlers.items():
        cl.action_callback(name)(_with_errors(handler))


def _with_errors(handler: Handler) -> Callable[[cl.Action], Awaitable[Answer]]:
    """Wraps a handler: an exception becomes an ``error`` answer in the user's language."""

    @functools.wraps(handler)
    async def called(action: cl.Action) -> Answer:
        try:
            return await handler(action.payload) or {}
        except SaidError as error:
            return {"error": error.say(language())}
        except Exception as error:
            log.exception("an action of the page failed")
            return {"error": fault(error)}

    # Chainlit passes the action by the name of the parameter, which it must find in called().
    del called.__wrapped__
    return called


def _job(payload: dict[str, Any]) -> str:
    return str(payload.get("job", ""))[:64]


async def _look(payload: dict[str, Any]) -> Answer:
    job, known = _job(payload), chat()
    shown = await engine().answer(presenter().look, job, payload, language())
    if not known.job and not known.cleared:
        known.job = job  # the page was asleep for longer than its chat session was kept
    return shown


async def _passage(payload: dict[str, Any]) -> Answer:
    span = payload.get("span")
    chunk = str(payload.get("chunk", ""))
    return await engine().answer(presenter().passage, _job(payload), chunk, span)


async def _reword(payload: dict[str, Any]) -> None:
    words = {name: str(payload.get(name, ""))[:MAX_TEXT] for name in ("question", "answer")}
    shared = engine()
    await shared.answer(reword, shared.journal, _job(payload), str(payload.get("pair")), **words)


async def _leave_out(payload: dict[str, Any]) -> None:
    shared = engine()
    await shared.answer(leave_out, shared.journal, _job(payload), str(payload.get("pair")))


async def _keep(payload: dict[str, Any]) -> None:
    shared = engine()
    await shared.answer(keep, shared.journal, _job(payload), str(payload.get("pair")))


async def _undo(payload: dict[str, Any]) -> None:
    shared = engine()
    await shared.answer(undo, shared.journal, _job(payload), str(payload.get("pair")))


async def _download(payload: dict[str, Any]) -> Answer:
    shared = engine()
    picked = str(payload.get("format", ""))
    proven = payload.get("proven") is True
    name, content = await shared.read(
        make_file, shared, _job(payload), picked, language(), proven=proven
    )
    # As octet-stream an HTML report is downloaded and never rendered on this origin.
    kind = "application/octet-stream"
    file = await cl.context.session.persist_file(name=name, mime=kind, content=content or b"\n")
    return {"name": name, "file": file["id"], "session": cl.context.session.id}


async def _stop(payload: dict[str, Any]) -> Answer:
    return {"stopped": await engine().answer(engine().runner.stop, _job(payload))}


async def _go_on(payload: dict[str, Any]) -> None:
    await _run_again(_job(payload), retry=False)


async def _retry(payload: dict[str, Any]) -> None:
    await _run_again(_job(payload), retry=True)


async def _run_again(job: str, *, retry: bool) -> None:
    shared = engine()
    await shared.answer(shared.runner.resume_job, job, retry=retry)
    follow(job)


async def _jobs(_: dict[str, Any]) -> Answer:
    shared = engine()
    return {"jobs": await shared.answer(jobs_of, shared)}


async def _open(payload: dict[str, Any]) -> None:
    job, known = _job(payload), chat()
    await engine().answer(presenter().look, job, {}, language())  # raises where there is none
    if known.job != job:
        known.job = job
        known.history.clear()
    await show_job(job)
    if engine().runner.is_running(job):
        follow(job)


async def _decided(payload: dict[str, Any]) -> Pending | None:
    """The run a button speaks of, its question closed; None where it was decided before."""
    waiting = chat().pending.pop(str(payload.get("number")), None)
    if waiting is not None and waiting.question is not None:
        await waiting.question.remove_actions()
    return waiting


async def _begin(payload: dict[str, Any]) -> None:
    waiting = await _decided(payload)
    if waiting is None:
        await tell(speak("page.nothing_pending"))
        return
    try:
        await begin_pending(waiting)
    except SaidError as error:
        await tell(error.say(language()))


async def _drop(payload: dict[str, Any]) -> None:
    if await _decided(payload) is not None:
        await tell(speak("page.dropped"))
