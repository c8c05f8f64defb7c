"""The pipeline run for a request that waits for it; whoever goes away is not worked for."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request

from chains import Done, Event, Inputs, Pipeline, Resolved, choose
from messages import SaidError
from pairs import PairList
from serving import ALIVE, disconnected, sse_event

from .error_handlers import of_request, report, sentence, status_of
from .errors import RestError
from .inputs import read_input
from .schemas import Choices, FilesInput, TextInput, settings_for
from .service import Seat, Service, client_of
from .sse import ALIVE_SECONDS, as_json

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """An input with the settings that came beside it; those within it go before them."""

    given: str | TextInput | FilesInput
    beside: Choices

    def resolve(self, service: Service) -> Resolved:
        """The settings in force.

        Raises:
            SaidError: They name what a client may not, or what there is not.
        """
        within = self.given if isinstance(self.given, Choices) else Choices()
        names = set(Choices.model_fields)
        said = within.model_dump(include=names, exclude_none=True)
        chosen = self.beside.model_copy(update=said)
        return settings_for(chosen, service.resolved, service.access)


async def answer(request: Request, service: Service, work: Callable[[threading.Event], T]) -> T:
    """What some work gives, done in a worker thread while its client waits.

    Args:
        request: Whose end ends the work.
        service: The service.
        work: Told what will end it.

    Raises:
        SaidError: There is no place for it, or as the work does.
    """
    with service.sit(client_of(request)) as seat:
        watcher = asyncio.create_task(_watch(request, seat))
        try:
            return await service.work(lambda: work(seat.stop))
        finally:
            watcher.cancel()


async def _watch(request: Request, seat: Seat) -> None:
    await disconnected(request)
    seat.stop.set()


def make_list(service: Service, asked: Asked, stop: threading.Event) -> PairList:
    """The list of pairs of an input.

    Raises:
        SaidError: Nothing could be done at all, or the service closes.
    """
    resolved = asked.resolve(service)
    read = read_input(asked.given, service.uploads, resolved)
    result = PairList()
    for told in _events(service, resolved, read, stop):
        _check_whole(service, told)
        if isinstance(told, Done):
            result = told.result
    return result


async def stream_pieces(request: Request, service: Service, asked: Asked) -> AsyncIterator[str]:
    """The events of a run on the wire, once its input is read and split.

    Raises:
        SaidError: There is no place for it, or nothing can be read.
    """
    seat = service.sit(client_of(request))
    try:
        resolved = asked.resolve(service)
        read = await service.work(lambda: read_input(asked.given, service.uploads, resolved))
    except BaseException:
        service.leave(seat)
        raise
    language = of_request(request)
    inbox: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def work() -> None:
        for piece in _pieces(service, resolved, read, seat.stop, language):
            loop.call_soon_threadsafe(inbox.put_nowait, piece)

    # The place is taken until the work has ended, which may be after its client has gone.
    task = asyncio.create_task(service.work(work))
    task.add_done_callback(lambda _: service.leave(seat))
    gone = asyncio.create_task(_watch(request, seat))
    task.add_done_callback(lambda _: gone.cancel())
    return _arriving(inbox, seat)


async def _arriving(inbox: asyncio.Queue[str], seat: Seat) -> AsyncIterator[str]:
    piece = ""
    try:
        while not piece.startswith(("event: end", "event: error")):
            try:
                piece = await asyncio.wait_for(inbox.get(), ALIVE_SECONDS)
            except (TimeoutError, asyncio.TimeoutError):
                piece = ALIVE
            yield piece
    finally:
        seat.stop.set()


def _pieces(
    service: Service, resolved: Resolved, read: Inputs, stop: threading.Event, language: str
) -> Iterator[str]:
    """What a run tells as LangServe's clients read it; its last piece is an end or an error."""
    try:
        for told in _events(service, resolved, read, stop):
            _check_whole(service, told)
            yield sse_event(as_json(told, language), "data")
    except SaidError as error:
        yield _error(status_of(error.code), sentence(error.code, language, error.fields))
    except Exception as error:  # noqa: BLE001 - whoever listens is told, in no detail
        report("/pairs/stream", error)
        kind = {"kind": type(error).__name__}
        yield _error(500, sentence("rest.unexpected", language, kind))
    else:
        yield sse_event(name="end")


def _error(status: int, message: str) -> str:
    body = json.dumps({"status_code": status, "message": message}, ensure_ascii=False)
    return sse_event(body, "error")


def _events(
    service: Service, resolved: Resolved, read: Inputs, stop: threading.Event
) -> Iterator[Event]:
    """A run's events; of the embedded model, one run at a time."""
    embedded = choose(resolved).embedded
    pipeline = Pipeline(
        resolved, journal=service.journal, embeddings=service.embeddings(resolved), stop=stop
    )
    with service.embedded if embedded else nullcontext():
        for told in pipeline.run(read):
            if isinstance(told, Done):
                _count(service, told.result)
            yield told


def _check_whole(service: Service, told: Event) -> None:
    """A list that is not whole because the service closes is no answer.

    Raises:
        RestError: It is such a one.
    """
    if service.closing and isinstance(told, Done) and not told.result.complete:
        raise RestError("rest.closing")


def _count(service: Service, result: PairList) -> None:
    service.metrics.pairs.inc(len(result.kept))
    service.metrics.tokens.labels("prompt").inc(result.usage.prompt)
    service.metrics.tokens.labels("completion").inc(result.usage.completion)
