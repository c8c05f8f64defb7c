"""Builds the FastAPI application and runs it under uvicorn: routes, middleware, lifespan."""

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
from serving import GuardedHttp

from .config import Access, Limits, access_for
from .error_handlers import add_refusals
from .metrics import Metrics, MetricsMiddleware
from .openapi import ALWAYS, describe, refusals
from .readiness import BackendProbe
from .routes import ask, files, health, jobs, lists, pages, pairs
from .security import AccessMiddleware
from .service import BATCH_WIDTH, Service
from .uploads import Uploads

log = logging.getLogger(__name__)
MAINTENANCE_SECONDS = 10.0
"""Seconds between checks for orphaned jobs and expired uploads."""
_ROUTERS = tuple(module.router for module in (pairs, files, jobs, lists, ask, health, pages))


def build(config: Path | None, access: Access | None, limits: Limits | None) -> FastAPI:
    """The FastAPI application.

    Args:
        config: A settings file; None for the one ``resolve`` finds.
        access: Who may send requests; None for the rules of a loopback address.
        limits: Request and upload limits; None for the defaults.

    Raises:
        SaidError: The settings, the journal or the upload folder cannot be used.
    """
    access = access or access_for("127.0.0.1")
    limits = limits or Limits()
    service = open_service(config, access, limits)
    app = FastAPI(title="qa3", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    for router in _ROUTERS:
        app.include_router(router, responses=refusals(*ALWAYS))
    add_refusals(app)
    backends = [backend.name for backend in all_backends(service.resolved)]
    describe(app, access, backends, service.limits.files)
    app.add_middleware(MetricsMiddleware, metrics=service.metrics)
    app.add_middleware(AccessMiddleware, access=access, limits=limits)
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
    """Starts logging to the file of ``QA3_LOG``, unless the command line has done so already.

    Raises:
        SaidError: The file cannot be written.
    """
    file = log_path()
    if file is not None and log_file() is None:
        start_log(file=file)


def open_service(config: Path | None, access: Access, limits: Limits) -> Service:
    """The state that the routes share: opens the journal, the job runner and the upload store.

    Raises:
        SaidError: The settings, the journal or the upload folder cannot be used.
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
        backend_probe=BackendProbe(resolved),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await to_thread.run_sync(service.runner.adopt)
    tasks = [asyncio.create_task(_warm_up(service)), asyncio.create_task(_maintain(service))]
    try:
        yield
    finally:
        service.stop_all()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await to_thread.run_sync(service.close)


async def _warm_up(service: Service) -> None:
    """Loads the embedding model in advance, so that the first request need not wait for it."""
    try:
        await service.work(lambda: service.embeddings(service.resolved))
        service.embedding_state = "ok"
    except SaidError as error:
        service.embedding_state = error.code
        log.warning("the embedding cannot be loaded: %s", error.code)


async def _maintain(service: Service) -> None:
    """Periodically adopts jobs of processes that have died and deletes expired uploads."""
    while True:
        await asyncio.sleep(MAINTENANCE_SECONDS)
        try:
            await to_thread.run_sync(lambda: service.runner.adopt(waiting=False))
            await to_thread.run_sync(service.uploads.sweep)
        except (SaidError, OSError) as error:
            log.warning("looking after jobs and uploads failed: %s", type(error).__name__)


CLOSING_SECONDS = 30
"""Seconds that open connections get at shutdown before they are closed."""
SWITCH_SECONDS = 0.0005
_MAX_CONNECTIONS = 2000
_MAX_HEADER_BYTES = 64_000


class Server(uvicorn.Server):
    """A uvicorn server that stops the service before it waits for open connections.

    Open event streams end only when the service stops, so uvicorn alone would wait for them until
    its timeout.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops the service, then shuts down as uvicorn does."""
        service: Service | None = getattr(self.config.app.state, "service", None)  # type: ignore[union-attr]  # always a FastAPI
        if service is not None:
            service.stop_all()
        await super().shutdown(sockets)


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves the application until the process receives SIGINT or SIGTERM."""
    # Otherwise each computing thread holds the GIL, and so the event loop, for 5 ms at a time.
    sys.setswitchinterval(SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # client addresses and paths stay out of our logs; a proxy can log them
        server_header=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=CLOSING_SECONDS,
        http=GuardedHttp,
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
    )
    Server(config).run()
