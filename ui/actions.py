"""Chainlit action callbacks of the custom elements: read rows, edit pairs, download, run jobs."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import chainlit as cl

from chains import Backend, Jobs, choose, keep, leave_out, name_job, reword, undo
from messages import SaidError

from .chat import talk
from .downloads import make_file
from .engine import Engine, engine
from .job_element import follow, open_job, presenter
from .session import Pending, chat, explain, fault, language, plain, speak, tell
from .start_job import begin as begin_pending
from .start_job import pasted

Answer = dict[str, Any]
Handler = Callable[[dict[str, Any]], Awaitable[Answer | None]]
log = logging.getLogger(__name__)
MAX_TEXT = 20_000  # characters of an edited question or answer
MAX_NAME = 120  # characters of a job's name


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
        "qa3_rename": _rename,
        "qa3_delete": _delete,
        "qa3_reading": _reading,
        "qa3_cancel_reading": _cancel_reading,
        "qa3_material": _material,
        "qa3_question": _question,
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
            return {"error": explain(error)}
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
    backend = await shared.answer(_chosen_instead, shared, job, chat().chosen)
    await shared.answer(shared.runner.resume_job, job, retry=retry, backend=backend)
    if backend is not None:
        given = {"backend": plain(backend.name), "model": plain(backend.model)}
        await tell(speak("page.goes_on_with", **given))
    follow(job)


def _chosen_instead(shared: Engine, job: str, chosen: dict[str, Any]) -> Backend | None:
    """The backend that was chosen in the settings, where the job was made by another."""
    if not chosen:
        return None
    resolved = shared.settings(chosen)
    now, before = choose(resolved), Jobs(shared.journal).find(job).backend
    same = all(getattr(now, one) == before.get(one) for one in ("name", "base_url", "model"))
    return None if same else now


async def _jobs(_: dict[str, Any]) -> Answer:
    return {"jobs": await engine().answer(presenter().jobs, language())}


async def _open(payload: dict[str, Any]) -> None:
    await open_job(_job(payload))


async def _rename(payload: dict[str, Any]) -> None:
    shared = engine()
    name = str(payload.get("name", ""))[:MAX_NAME]
    await shared.answer(name_job, shared.journal, _job(payload), name)


async def _delete(payload: dict[str, Any]) -> None:
    shared, job = engine(), _job(payload)
    await shared.answer(Jobs(shared.journal).delete, job)
    if chat().job == job:
        chat().job = ""


async def _reading(payload: dict[str, Any]) -> Answer:
    reading = chat().readings.get(str(payload.get("reading")))
    if reading is None:
        return {"over": True}
    names = ("file", "place", "files", "pages", "whole", "over")
    return {name: getattr(reading, name) for name in names}


async def _cancel_reading(payload: dict[str, Any]) -> None:
    reading = chat().readings.get(str(payload.get("reading")))
    if reading is not None:
        reading.cancelled.set()


async def _offered(payload: dict[str, Any]) -> str:
    """The text a button speaks of, its question closed; empty where it was decided before."""
    offered = chat().offered.pop(str(payload.get("number")), None)
    if offered is None:
        await tell(speak("page.nothing_pending"))
        return ""
    if offered.question is not None:
        await offered.question.remove_actions()
    return offered.text


async def _material(payload: dict[str, Any]) -> None:
    if text := await _offered(payload):
        await pasted(text)


async def _question(payload: dict[str, Any]) -> None:
    if text := await _offered(payload):
        await talk(text)


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
        await tell(explain(error))


async def _drop(payload: dict[str, Any]) -> None:
    if await _decided(payload) is not None:
        await tell(speak("page.dropped"))
