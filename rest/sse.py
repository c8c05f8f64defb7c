"""Streams the events of a job as server-sent events, resumable by Last-Event-ID."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial

from anyio import to_thread

from chains import Done, Event, EventLog, Failed, Job, Jobs, load_list
from messages import SaidError
from pairs import Reason
from serving import sse_event

from .error_handlers import sentence
from .public import public_event
from .service import Service

ALIVE_SECONDS = 15.0
"""Seconds without an event after which a keep-alive comment is sent."""
_ALIVE = ": alive\n"
"""The comment; without a blank line, which httpx-sse takes for an event once it has an id."""
POLL_SECONDS = 1.0
"""Seconds between reads of the journal for a job that runs in another process."""
_TEXT = {"type": "string"}
_EVENT = {"type": "object", "properties": {"id": _TEXT, "event": _TEXT, "data": _TEXT}}
EVENT_STREAM_CONTENT = {"text/event-stream": {"schema": _EVENT}}
"""OpenAPI ``content`` of an event stream; each event's data is JSON."""
_UNDER_WAY = ("waiting", "running", "broken off")


def as_json(event: Event, language: str) -> str:
    """An event as JSON for a client; a failure gets ``detail``, its message in the language."""
    event = public_event(event)
    if isinstance(event, Failed):
        detail = sentence(event.reason.code, language, event.reason.fields)
        return json.dumps({**event.model_dump(), "detail": detail}, ensure_ascii=False)
    return event.model_dump_json()


async def job_events(
    service: Service, job: str, after: str | None, language: str
) -> AsyncIterator[str]:
    """Yields the server-sent events of a job until it has ended or the service shuts down.

    A job that runs in this process gives all its events. One that runs in another process gives
    only its progress, polled from the journal, and its result.

    Args:
        service: The service.
        job: The full job id.
        after: Id of the last event the client has; None to start from the first.
        language: Language of messages: ``en`` or ``zh``.
    """
    with service.metrics.listeners.track_inprogress():
        here = service.runner.news(job, after)
        if here is not None:
            async for event in _local_events(service, job, after, language):
                yield event
            here = service.runner.news(job, after)
        if here is None or here.elsewhere:
            async for event in _polled_events(service, job, language):
                yield event


def heard_all(service: Service, job: Job, after: str | None) -> bool:
    """Whether a client has every event of a job that has ended.

    Args:
        service: The service.
        job: The job as the journal has it.
        after: Id of the last event the client has; None or empty if it has none.
    """
    if not after:
        return False
    here = service.runner.news(job.id, after)
    if here is not None and not here.elsewhere:
        return here.over and not here.events
    return job.state not in _UNDER_WAY and after == _final_id(job)


async def _local_events(
    service: Service, job: str, after: str | None, language: str
) -> AsyncIterator[str]:
    log = service.runner.log(job)
    if log is None:
        return
    woken = asyncio.Event()
    service.wakers.add(woken.set)
    try:
        async for item in follow_events(log, after, woken, lambda: service.closing):
            if item is None:
                yield _ALIVE
            else:
                id_, event = item
                yield sse_event(await event_json(event, language), event.event, id_)
    finally:
        service.wakers.discard(woken.set)


async def follow_events(
    log: EventLog,
    after: str | None = None,
    woken: asyncio.Event | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> AsyncIterator[tuple[str, Event] | None]:
    """Yields a run's events with their ids as they happen; None after ``ALIVE_SECONDS`` of none.

    Args:
        log: Event log of the run.
        after: Id of the last event already seen; None to start from the first.
        woken: Set by others to have ``ended`` checked at once.
        ended: Whether to stop before the run has ended.
    """
    woken, loop = woken or asyncio.Event(), asyncio.get_running_loop()
    with log.watching(partial(loop.call_soon_threadsafe, woken.set)):
        while not ended():
            woken.clear()
            news = log.since(log.place(after))
            for id_, event in news.events:
                after = id_
                yield id_, event
            if news.over:
                return
            try:
                await asyncio.wait_for(woken.wait(), ALIVE_SECONDS)
            except (TimeoutError, asyncio.TimeoutError):
                yield None


async def _polled_events(service: Service, job: str, language: str) -> AsyncIterator[str]:
    """Yields progress events of a job of another process, read from the journal."""
    last, quiet_seconds, jobs = "", 0.0, Jobs(service.journal)
    while not service.closing:
        found = await to_thread.run_sync(jobs.find, job)
        if found.state not in _UNDER_WAY:
            yield await to_thread.run_sync(_final_event, service, found, language)
            return
        state = json.dumps(
            {"event": "progress", "job": job, "state": found.state, **_counts(found)}
        )
        if state != last:
            yield sse_event(state, "progress")
            last, quiet_seconds = state, 0.0
        elif quiet_seconds >= ALIVE_SECONDS:
            yield _ALIVE
            quiet_seconds = 0.0
        quiet_seconds += POLL_SECONDS
        await asyncio.sleep(POLL_SECONDS)


def _counts(job: Job) -> dict[str, int]:
    return job.progress.chunks.model_dump(include={"done", "total"})


def _final_event(service: Service, job: Job, language: str) -> str:
    """The last event of an ended job, the same as its own run would have sent."""
    event: Done | Failed
    try:
        if job.failure:
            event = Failed(job=job.id, reason=job.failure)
        else:
            result = load_list(service.journal, job.id)
            event = Done(job=job.id, seconds=job.seconds, result=result)
    except SaidError as error:
        event = Failed(job=job.id, reason=Reason.of(error))
    return sse_event(as_json(event, language), event.event, _final_id(job))


def _final_id(job: Job) -> str:
    """The id of an ended job's last event in every service; another once the job was resumed."""
    return f"{job.id}-{job.updated!r}"


async def event_json(event: Event, language: str) -> str:
    """An event as JSON; a ``Done`` with its many pairs is serialised in a worker thread."""
    if isinstance(event, Done):
        return await to_thread.run_sync(as_json, event, language)
    return as_json(event, language)
