"""Runs for requests that wait for the answer; a run ends when its client disconnects."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request

from chains import Done, EventLog, Failed, Inputs, Resolved
from messages import SaidError
from pairs import PairList
from serving import ALIVE, disconnected, sse_event

from .error_handlers import fault_of, of_request, report, sentence, status_of
from .errors import RestError
from .inputs import read_input
from .schemas import Choices, FilesInput, TextInput, settings_for
from .service import BATCH_WIDTH, Seat, Service, client_of
from .sse import hear, in_thread

_leaving: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Asked:
    """An input with the settings that came beside it; those within it go before them."""

    given: str | TextInput | FilesInput
    beside: Choices

    def read(self, service: Service) -> tuple[Inputs, Resolved]:
        """The input, read and split, and the settings in force.

        Raises:
            SaidError: Nothing can be read, or the settings name what a client may not, or what
                there is not.
        """
        within = self.given if isinstance(self.given, Choices) else Choices()
        names = set(Choices.model_fields)
        said = within.model_dump(include=names, exclude_none=True)
        chosen = self.beside.model_copy(update=said)
        resolved = settings_for(chosen, service.resolved, service.access)
        return read_input(self.given, service.uploads, resolved), resolved


@asynccontextmanager
async def seated(request: Request, service: Service) -> AsyncIterator[threading.Event]:
    """A place for a request while its client waits, as what is set once it waits no longer.

    Args:
        request: Whose end ends the work.
        service: The service.

    Raises:
        RestError: There is no place for it.
    """
    with service.sit(client_of(request)) as seat:
        watcher = asyncio.create_task(_watch(request, seat))
        try:
            yield seat.stop
        finally:
            seat.stop.set()
            watcher.cancel()


async def _watch(request: Request, seat: Seat) -> None:
    await disconnected(request)
    seat.stop.set()


async def make_list(service: Service, asked: Asked, stop: threading.Event) -> PairList:
    """The list of pairs of an input.

    Args:
        service: The service.
        asked: The input.
        stop: Ends the run.

    Raises:
        SaidError: Nothing could be done at all, or the service closes.
    """
    log = await _begin(service, asked, stop)
    result = None
    async for heard in hear(log):
        if heard is not None and isinstance(heard[1], Done):
            result = heard[1].result
    if log.error is not None:
        raise log.error
    if result is None:
        raise RestError("rest.closing")
    _count(service, result)
    return result


async def make_lists(
    service: Service, several: Sequence[Asked], stop: threading.Event
) -> list[PairList]:
    """One list for each input, in order; the first that fails ends the others.

    Raises:
        SaidError: As ``make_list``, for any of them.
    """
    room = asyncio.Semaphore(BATCH_WIDTH)

    async def one(asked: Asked) -> PairList:
        async with room:
            if stop.is_set():
                raise RestError("rest.closing")
            return await make_list(service, asked, stop)

    tasks = [asyncio.create_task(one(asked)) for asked in several]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        stop.set()
        await asyncio.wait(tasks)  # the request's place is taken until its work has ended
        raise


async def stream_pieces(request: Request, service: Service, asked: Asked) -> AsyncIterator[str]:
    """The events of a run on the wire as LangServe's clients read them.

    The last piece is an end or an error.

    Args:
        request: Whose end ends the run.
        service: The service.
        asked: The input.

    Raises:
        SaidError: There is no place for it, or nothing can be read.
    """
    seat = service.sit(client_of(request))
    try:
        log = await _begin(service, asked, seat.stop)
    except BaseException:
        service.leave(seat)
        raise
    # The place is taken until the run has ended, which may be after its client has gone.
    task = asyncio.create_task(_leave_after(request, service, seat, log))
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)
    return _pieces(service, seat, log, of_request(request))


async def _begin(service: Service, asked: Asked, stop: threading.Event) -> EventLog:
    read, resolved = await service.work(lambda: asked.read(service))
    return service.runner.answer(read, resolved, stop)


async def _leave_after(request: Request, service: Service, seat: Seat, log: EventLog) -> None:
    watcher = asyncio.create_task(_watch(request, seat))
    try:
        async for _ in hear(log):
            pass
    finally:
        watcher.cancel()
        service.leave(seat)


async def _pieces(service: Service, seat: Seat, log: EventLog, language: str) -> AsyncIterator[str]:
    result = None
    try:
        async for heard in hear(log):
            if heard is None:
                yield ALIVE
            elif not isinstance(heard[1], Failed):
                result = heard[1].result if isinstance(heard[1], Done) else None
                yield sse_event(await in_thread(heard[1], language), "data")
        if result is not None:
            _count(service, result)
            yield sse_event(name="end")
        else:
            yield _error(log.error or RestError("rest.closing"), language)
    finally:
        seat.stop.set()


def _error(error: Exception, language: str) -> str:
    """Why there is no list; of what nobody expected, whoever listens is told no detail."""
    if not isinstance(error, SaidError):
        report("/pairs/stream", error)
        code, fields = fault_of(error)
        error = RestError(code, **fields)
    message = sentence(error.code, language, error.fields)
    body = {"status_code": status_of(error.code), "message": message}
    return sse_event(json.dumps(body, ensure_ascii=False), "error")


def _count(service: Service, result: PairList) -> None:
    service.metrics.pairs.inc(len(result.kept))
    service.metrics.tokens.labels("prompt").inc(result.usage.prompt)
    service.metrics.tokens.labels("completion").inc(result.usage.completion)
