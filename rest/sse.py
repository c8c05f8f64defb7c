"""Server-sent events: what a run tells, as a client reads it, however often it comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial

from anyio import to_thread

from chains import Done, Event, EventLog, Failed, Job, Jobs, load_list
from messages import SaidError
from pairs import Reason
from serving import ALIVE, sse_event

from .error_handlers import sentence
from .service import Service

ALIVE_SECONDS = 15.0
"""After so long without an event a comment is sent, so that nothing between closes the line."""
LOOK_SECONDS = 1.0
"""Between looks at a job that another process works on."""
DESCRIBED = {
    "text/event-stream": {
        "schema": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
        }
    }
}
"""What a stream carries, event by event; data is JSON."""
_UNDER_WAY = ("waiting", "running", "broken off")


def as_json(told: Event, language: str) -> str:
    """An event of a run, a failure with its sentence."""
    if isinstance(told, Failed):
        said = {**told.model_dump(), "detail": _say(told.reason, language)}
        return json.dumps(said, ensure_ascii=False)
    return told.model_dump_json()


async def job_events(
    service: Service, job: str, after: str | None, language: str
) -> AsyncIterator[str]:
    """The events of a job from where a listener was, until it is over or the service closes.

    A run of this process tells everything; of one in another process the journal tells how far
    it is, and what came of it.

    Args:
        service: The service.
        job: Its whole id.
        after: The id of the last event heard.
        language: Of sentences.
    """
    with service.metrics.listeners.track_inprogress():
        here = service.runner.news(job, after)
        if here is not None:
            async for piece in _of_run(service, job, after, language):
                yield piece
            here = service.runner.news(job, after)
        if here is None or here.elsewhere:
            async for piece in _of_journal(service, job, language):
                yield piece


async def _of_run(
    service: Service, job: str, after: str | None, language: str
) -> AsyncIterator[str]:
    log = service.runner.log(job)
    if log is None:
        return
    woken = asyncio.Event()
    service.wakers.add(woken.set)
    try:
        async for heard in hear(log, after, woken, lambda: service.closing):
            if heard is None:
                yield ALIVE
            else:
                id_, told = heard
                yield sse_event(await in_thread(told, language), told.event, id_)
    finally:
        service.wakers.discard(woken.set)


async def hear(
    log: EventLog,
    after: str | None = None,
    woken: asyncio.Event | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> AsyncIterator[tuple[str, Event] | None]:
    """A run's events with their ids, as they are told; None where none came for long.

    Args:
        log: Of the run.
        after: The id of the last event heard.
        woken: Set by others to have ``ended`` looked at.
        ended: Whether the listener is to leave before the run is over.
    """
    woken, loop = woken or asyncio.Event(), asyncio.get_running_loop()
    with log.watching(partial(loop.call_soon_threadsafe, woken.set)):
        while not ended():
            woken.clear()
            news = log.since(log.place(after))
            for one in news.events:
                after = one[0]
                yield one
            if news.over:
                return
            try:
                await asyncio.wait_for(woken.wait(), ALIVE_SECONDS)
            except (TimeoutError, asyncio.TimeoutError):
                yield None


async def _of_journal(service: Service, job: str, language: str) -> AsyncIterator[str]:
    """What the journal says about a job that no run of this process is about."""
    last, quiet, jobs = "", 0.0, Jobs(service.journal)
    while not service.closing:
        found = await to_thread.run_sync(jobs.find, job)
        if found.state not in _UNDER_WAY:
            yield await to_thread.run_sync(_ended, service, found, language)
            return
        state = json.dumps({"event": "progress", "job": job, "state": found.state, **_done(found)})
        if state != last:
            yield sse_event(state, "progress")
            last, quiet = state, 0.0
        elif quiet >= ALIVE_SECONDS:
            yield ALIVE
            quiet = 0.0
        quiet += LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)


def _done(job: Job) -> dict[str, int]:
    return job.progress.chunks.model_dump(include={"done", "total"})


def _ended(service: Service, job: Job, language: str) -> str:
    """How a job ended, as its own run would have told it."""
    if job.failure:
        return sse_event(as_json(Failed(job=job.id, reason=job.failure), language), "failed")
    try:
        result = load_list(service.journal, job.id)
    except SaidError as error:
        failed = Failed(job=job.id, reason=Reason.of(error))
        return sse_event(as_json(failed, language), "failed")
    done = Done(job=job.id, seconds=job.seconds, result=result)
    return sse_event(as_json(done, language), "done")


async def in_thread(told: Event, language: str) -> str:
    """The event as JSON; a list of many pairs is not written in the event loop."""
    if isinstance(told, Done):
        return await to_thread.run_sync(as_json, told, language)
    return as_json(told, language)


def _say(reason: Reason, language: str) -> str:
    return sentence(reason.code, language, reason.fields)
