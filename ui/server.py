"""The page as a server of its own, and what is laid around Chainlit wherever it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import auth as signing
from . import chainlit_home as placing
from .engine import Engine, close, engine, share

if TYPE_CHECKING:
    from fastapi import FastAPI


def harden() -> None:
    """Lays around Chainlit what keeps strangers out and its page at home; once a process."""
    from chainlit import server

    from .chainlit_patches import mend
    from .security import Guard

    mend()
    if not any(one.cls is Guard for one in server.app.user_middleware):  # type: ignore[comparison-overlap]  # a factory by its type
        server.app.add_middleware(Guard, signed_in=signing.signs_in())


def create_app(config: Path | None = None, host: str = "127.0.0.1") -> FastAPI:
    """The page alone, as an application of its own.

    Args:
        config: A settings file.
        host: What it will be bound to.

    Raises:
        SaidError: The settings or the journal cannot be used, or others could reach the page and
            nobody would have to sign in.
    """
    signing.check_exposed(host)
    placing.settle()
    share(Engine(config))
    engine().runner.adopt()

    from chainlit.config import config as chainlit_config
    from chainlit.utils import mount_chainlit
    from fastapi import FastAPI

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
    mount_chainlit(app, target=entry(), path="/")
    return app


def entry() -> str:
    """The file Chainlit loads, wherever qa3 is installed."""
    return str(Path(__file__).resolve().parent.parent / "app_chainlit.py")


def end() -> None:
    """Ends what the page holds; jobs under way wait for the next server."""
    close()
    placing.close()


def serve(host: str, port: int, config: Path | None = None) -> None:
    """Serves the page until interrupted.

    Raises:
        SaidError: As ``create_app``.
    """
    import uvicorn

    settings: dict[str, Any] = {"host": host, "port": port, "log_level": "warning"}
    uvicorn.run(create_app(config, host), **settings)
