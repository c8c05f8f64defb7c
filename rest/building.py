"""The service put together: routes, guards, and what happens when it starts and ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from chains.backends import all_backends, choose
from chains.jobs import Jobs
from chains.journal import Journal
from chains.running import Runner
from chains.settings import resolve, user_folder
from messages.errors import SaidError

from . import asking, files, jobs, listing, pages, pairs, watching
from .describing import describe
from .guarding import Guard
from .limits import Access, Limits, access_for
from .metrics import Measuring, Metrics
from .reaching import BackendLook
from .refusing import add_refusals
from .service import Service
from .shelves import Shelves
from .uploads import Uploads

log = logging.getLogger("qa3.rest")
LOOK_SECONDS = 10.0
"""Between looks for jobs whose process has gone, and for uploads that are old."""
_ROUTERS = tuple(room.router for room in (pairs, files, jobs, listing, asking, watching, pages))


def build(config: Path | None, access: Access | None, limits: Limits | None) -> FastAPI:
    """The service.

    Args:
        config: A settings file.
        access: None for a loopback address.
        limits: None for the usual.

    Raises:
        SaidError: The settings, the journal or the uploads' folder cannot be used.
    """
    access = access or access_for("127.0.0.1")
    limits = limits or Limits()
    service = open_service(config, access, limits)
    app = FastAPI(title="qa3", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    for router in _ROUTERS:
        app.include_router(router)
    add_refusals(app)
    describe(app, access, [one.name for one in all_backends(service.resolved)])
    app.add_middleware(Measuring, metrics=service.metrics)
    app.add_middleware(Guard, access=access, limits=limits)
    if access.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(access.origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
            expose_headers=["Location", "Retry-After", "Content-Disposition"],
        )
    return app


def open_service(config: Path | None, access: Access, limits: Limits) -> Service:
    """What the routes work with, opened.

    Raises:
        SaidError: The settings, the journal or the uploads' folder cannot be used.
    """
    resolved = resolve(config=config)
    choose(resolved)
    all_backends(resolved)
    journal = Journal(resolved.settings.journal)
    return Service(
        resolved=resolved,
        limits=limits,
        access=access,
        journal=journal,
        runner=Runner(journal, at_once=limits.jobs_at_once, waiting=limits.waiting),
        uploads=Uploads(user_folder("data") / "uploads", limits),
        metrics=Metrics(Jobs(journal).all),
        shelves=Shelves(journal),
        backend_look=BackendLook(resolved),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await to_thread.run_sync(service.runner.take_up)
    tasks = [asyncio.create_task(_warm(service)), asyncio.create_task(_look_after(service))]
    try:
        yield
    finally:
        service.stop_all()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await to_thread.run_sync(service.close)


async def _warm(service: Service) -> None:
    """Loads the embedding, so that the first request need not wait for it."""
    try:
        await service.work(lambda: service.embeddings(service.resolved))
        service.embedding_state = "ok"
    except SaidError as error:
        service.embedding_state = error.code
        log.warning("%s", error.code)


async def _look_after(service: Service) -> None:
    """Takes up what other services left behind, and clears old uploads, now and then."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await to_thread.run_sync(lambda: service.runner.take_up(waiting=False))
            await to_thread.run_sync(service.uploads.sweep)
        except (SaidError, OSError) as error:
            log.warning("%s", type(error).__name__)
