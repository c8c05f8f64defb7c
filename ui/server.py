"""Runs the page as a server of its own; installs patches and middleware around Chainlit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

from . import auth, chainlit_home
from .engine import Engine, close, engine, share

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chains import Journal

DESK = "/desk"
"""Where a list is reviewed, whichever server serves the page."""


def harden() -> None:
    """Applies the patches and the security middleware to Chainlit, once per process."""
    from chainlit import server

    from .chainlit_patches import apply_patches
    from .security import Guard

    apply_patches()
    if not any(one.cls is Guard for one in server.app.user_middleware):  # type: ignore[comparison-overlap]  # a factory by its type
        server.app.add_middleware(Guard, signed_in=auth.signs_in())


def create_app(
    config: Path | None = None, host: str = "127.0.0.1", journal: Journal | None = None
) -> FastAPI:
    """The page as a FastAPI application of its own.

    Args:
        config: A settings file.
        host: What it will be bound to.
        journal: The journal, which stays open; None for the one the settings name.

    Raises:
        SaidError: The settings or the journal cannot be used, or the address is not loopback and
            no sign-in is configured.
    """
    auth.check_exposed(host)
    chainlit_home.settle()
    share(Engine(config, journal))
    engine().runner.adopt()

    from chainlit.config import config as chainlit_config
    from chainlit.utils import mount_chainlit
    from fastapi import FastAPI

    from .desk.routes import desk_app

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001 - FastAPI hands it over
        yield
        end()

    app = FastAPI(title="qa3", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    chainlit_config.run.headless = True
    chainlit_config.run.host = host
    app.mount(DESK, desk_app("/"))
    mount_chainlit(app, target=entry(), path="/")
    return app


def entry() -> str:
    """The file Chainlit loads, wherever qa3 is installed."""
    return str(Path(__file__).resolve().parent.parent / "app_chainlit.py")


def end() -> None:
    """Closes the engine and removes the app root; running jobs can be resumed."""
    close()
    chainlit_home.close()


def serve(
    host: str,
    port: int,
    config: Path | None = None,
    *,
    journal: Journal | None = None,
    ready: Callable[[int], object] = lambda port: port,
) -> None:
    """Serves the page until interrupted.

    Args:
        host: The address or name to listen on.
        port: The TCP port; 0 for a free one.
        config: As in ``create_app``.
        journal: As in ``create_app``.
        ready: Called with the port once requests are answered.

    Raises:
        SaidError: As ``create_app``.
    """
    import uvicorn

    from serving import check_address

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready(self.servers[0].sockets[0].getsockname()[1])

    auth.check_exposed(host)
    check_address(host, port)
    settings: dict[str, Any] = {"host": host, "port": port, "log_level": "warning"}
    server = Server(uvicorn.Config(create_app(config, host, journal), **settings))
    with suppress(KeyboardInterrupt):  # it has ended what it could by then
        server.run()
