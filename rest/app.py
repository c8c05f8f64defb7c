"""The REST application and its server process: routes, guards, start-up and shutdown."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from chains import (
    Jobs,
    Journal,
    RetrieverCache,
    Runner,
    all_backends,
    choose,
    log_path,
    resolve,
    user_folder,
)
from messages import SaidError, log_file, start_log

from .config import Access, Limits, access_for
from .error_handlers import add_refusals
from .metrics import Measuring, Metrics
from .openapi import ALWAYS, describe, refusals
from .readiness import BackendLook
from .routes import ask as asking
from .routes import files, jobs, pages, pairs
from .routes import health as watching
from .routes import lists as listing
from .security import Guard
from .service import BATCH_WIDTH, Service
from .uploads import Uploads

log = logging.getLogger(__name__)
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
        app.include_router(router, responses=refusals(*ALWAYS))
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


def start_server_log() -> None:
    """Writes the log to the file of ``QA3_LOG``, unless the command line has begun one.

    Raises:
        SaidError: The file cannot be written.
    """
    file = log_path()
    if file is not None and log_file() is None:
        start_log(file=file)


def open_service(config: Path | None, access: Access, limits: Limits) -> Service:
    """What the routes work with, opened.

    Raises:
        SaidError: The settings, the journal or the uploads' folder cannot be used.
    """
    resolved = resolve(config=config)
    choose(resolved)
    all_backends(resolved)
    journal = Journal(resolved.settings.journal)
    runner = Runner(
        journal,
        at_once=limits.jobs_at_once,
        waiting=limits.waiting,
        answers=limits.at_once * BATCH_WIDTH,
    )
    return Service(
        resolved=resolved,
        limits=limits,
        access=access,
        journal=journal,
        runner=runner,
        uploads=Uploads(user_folder("data") / "uploads", limits),
        metrics=Metrics(Jobs(journal).all),
        retrievers=RetrieverCache(journal, runner.embeddings),
        backend_look=BackendLook(resolved),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await to_thread.run_sync(service.runner.adopt)
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
        log.warning("the embedding cannot be loaded: %s", error.code)


async def _look_after(service: Service) -> None:
    """Takes up what other services left behind, and clears old uploads, now and then."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await to_thread.run_sync(lambda: service.runner.adopt(waiting=False))
            await to_thread.run_sync(service.uploads.sweep)
        except (SaidError, OSError) as error:
            log.warning("looking after jobs and uploads failed: %s", type(error).__name__)


CLOSING_SECONDS = 30
"""Connections still open so long after the end was asked for are closed."""
SWITCH_SECONDS = 0.0005
_MOST_CONNECTIONS = 2000
_HEADER_BYTES = 64_000


class Server(uvicorn.Server):
    """Tells the service that it ends before it waits for connections, which wait for events."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what is waited for first."""
        service: Service | None = getattr(self.config.app.state, "service", None)  # type: ignore[union-attr]  # an app of ours
        if service is not None:
            service.stop_all()
        await super().shutdown(sockets)


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves until the process is asked to end."""
    # Threads that compute would else keep the event loop waiting for 5 ms each, again and again.
    sys.setswitchinterval(SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses and paths are nobody's business but a proxy's
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=CLOSING_SECONDS,
        h11_max_incomplete_event_size=_HEADER_BYTES,
    )
    Server(config).run()
