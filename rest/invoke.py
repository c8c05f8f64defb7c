"""Runs the pipeline inside one HTTP request; cancels it when the client disconnects."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import Request

from chains import Done, EventLog, Failed, Inputs, Resolved
from messages import SaidError
from pairs import PairList
from serving import ALIVE, disconnected, sse_event

from .error_handlers import fault_of, of_request, report, sentence, status_of
from .errors import RestError
from .inputs import read_input
from .public import public_event, public_list
from .schemas import Choices, FilesInput, TextInput, settings_for
from .service import BATCH_WIDTH, Service, Slot, client_of
from .sse import event_json, follow_events
from .streams import Stream

_cleanup_tasks: set[asyncio.Task[None]] = set()
"""Strong references: asyncio itself keeps only weak ones, and drops tasks nobody holds."""


@dataclass(frozen=True)
class PipelineRequest:
    """One input and its ``configurable``; settings inside the input override ``configurable``."""

    given: str | TextInput | FilesInput
    configurable: Choices

    def read(self, service: Service) -> tuple[Inputs, Resolved]:
        """The input, loaded and split, and the settings in force.

        Raises:
            SaidError: Nothing can be read, or a setting is unknown or not allowed to a client.
        """
        inside = self.given if isinstance(self.given, Choices) else Choices()
        names = set(Choices.model_fields)
        overrides = inside.model_dump(include=names, exclude_none=True)
        chosen = self.configurable.model_copy(update=overrides)
        resolved = settings_for(chosen, service.resolved, service.access)
        return read_input(self.given, service.uploads, resolved), resolved


@asynccontextmanager
async def request_slot(request: Request, service: Service) -> AsyncIterator[threading.Event]:
    """Holds a request slot; yields the event that is set when the client disconnects.

    Args:
        request: The request to hold a slot for.
        service: The service.

    Raises:
        RestError: All slots are taken.
    """
    with service.acquire_slot(client_of(request)) as slot:
        watcher = asyncio.create_task(_stop_on_disconnect(request, slot))
        try:
            yield slot.stop
        finally:
            slot.stop.set()
            watcher.cancel()


async def _stop_on_disconnect(request: Request, slot: Slot) -> None:
    await disconnected(request)
    slot.stop.set()


async def run_pipeline(
    service: Service, pipeline_request: PipelineRequest, stop: threading.Event
) -> PairList:
    """The pair list of one input.

    Args:
        service: The service.
        pipeline_request: The input and its settings.
        stop: Cancels the run when set.

    Raises:
        SaidError: The run failed as a whole, or the service is shutting down.
    """
    log = await _start_run(service, pipeline_request, stop)
    result = None
    async for item in follow_events(log):
        if item is not None and isinstance(item[1], Done):
            result = item[1].result
    if log.error is not None:
        raise log.error
    if result is None:
        raise RestError("rest.closing")
    _count(service, result)
    return public_list(result)


async def run_batch(
    service: Service, requests: Sequence[PipelineRequest], stop: threading.Event
) -> list[PairList]:
    """One pair list per input, in order; the first failure cancels the other runs.

    Raises:
        SaidError: As ``run_pipeline``, for any of them.
    """
    semaphore = asyncio.Semaphore(BATCH_WIDTH)

    async def run_one(pipeline_request: PipelineRequest) -> PairList:
        async with semaphore:
            if stop.is_set():
                raise RestError("rest.closing")
            return await run_pipeline(service, pipeline_request, stop)

    tasks = [asyncio.create_task(run_one(one)) for one in requests]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        stop.set()
        await asyncio.wait(tasks)  # the caller's slot must stay taken until the runs have ended
        raise


async def streamed_run(
    request: Request, service: Service, pipeline_request: PipelineRequest, stream: Stream
) -> AsyncIterator[str]:
    """The server-sent events of a run, as LangServe's clients expect them.

    The last event is ``end`` or ``error``.

    Args:
        request: The HTTP request; the run is cancelled when its client disconnects.
        service: The service.
        pipeline_request: The input and its settings.
        stream: What the events are.

    Raises:
        SaidError: All slots are taken, or nothing can be read.
    """
    slot = service.acquire_slot(client_of(request))
    try:
        log = await _start_run(service, pipeline_request, slot.stop)
    except BaseException:
        service.release_slot(slot)
        raise
    # A task of its own: the run may outlive the response, and the slot is taken until it ends.
    task = asyncio.create_task(_release_after(request, service, slot, log))
    _cleanup_tasks.add(task)
    task.add_done_callback(_cleanup_tasks.discard)
    return _events(service, slot, log, stream, of_request(request))


async def _start_run(
    service: Service, pipeline_request: PipelineRequest, stop: threading.Event
) -> EventLog:
    read, resolved = await service.work(lambda: pipeline_request.read(service))
    return service.runner.answer(read, resolved, stop)


async def _release_after(request: Request, service: Service, slot: Slot, log: EventLog) -> None:
    """Releases the slot when the run has ended."""
    watcher = asyncio.create_task(_stop_on_disconnect(request, slot))
    try:
        async for _ in follow_events(log):
            pass
    finally:
        watcher.cancel()
        service.release_slot(slot)


async def _events(
    service: Service, slot: Slot, log: EventLog, stream: Stream, language: str
) -> AsyncIterator[str]:
    output = ""
    try:
        for event in stream.begin():
            yield event
        async for item in follow_events(log):
            if item is None:
                yield ALIVE
                continue
            if isinstance(item[1], Failed):
                continue
            if isinstance(item[1], Done):
                _count(service, item[1].result)
                chunk, output = await service.work(partial(_last_chunk, item[1]))
            else:
                chunk = await event_json(item[1], language)
            for event in stream.chunk(chunk):
                yield event
        for event in stream.end(output) if output else ():
            yield event
        if not output:
            yield _error_event(log.error or RestError("rest.closing"), language)
    finally:
        slot.stop.set()


def _last_chunk(done: Done) -> tuple[str, str]:
    """The last chunk of a stream and the whole output, as JSON.

    LangChain's clients add up the chunks of a stream before they hand them on. Adding fails at
    ``chunks`` and ``usage``, and they hand on this one alone: it is a list as well as an event.
    """
    output = public_list(done.result).model_dump_json()
    event = public_event(done).model_dump_json(exclude={"result"})
    return f'{event[:-1]},"result":{output},{output[1:]}', output


def _error_event(error: Exception, language: str) -> str:
    """The ``error`` event; an unexpected exception is logged and its details are kept back."""
    if not isinstance(error, SaidError):
        report("/pairs/stream", error)
        code, fields = fault_of(error)
        error = RestError(code, **fields)
    message = sentence(error.code, language, error.fields)
    body = {"status_code": status_of(error.code), "message": message}
    return sse_event(json.dumps(body, ensure_ascii=False), "error")


def _count(service: Service, result: PairList) -> None:
    """Adds a list to the Prometheus counters."""
    service.metrics.pairs.inc(len(result.kept))
    service.metrics.tokens.labels("prompt").inc(result.usage.prompt)
    service.metrics.tokens.labels("completion").inc(result.usage.completion)
