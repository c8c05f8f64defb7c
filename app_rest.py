"""The REST door: LangServe's wire shape, jobs, uploads and dialogue; its rooms are in ``rest/``.

qa3 serve          then          curl -d '{"input": "..."}' .../pairs/invoke
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rest.errors import RestError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rest.config import Access, Limits

__all__ = ["create_app", "serve"]


def create_app(
    config: Path | None = None,
    *,
    access: Access | None = None,
    limits: Limits | None = None,
    page: bool = False,
) -> FastAPI:
    """The service.

    Args:
        config: A settings file.
        access: Who may ask; None for whoever reaches a loopback address.
        limits: How much is taken on; None for the usual.
        page: Whether the page is served too, below ``/ui``.

    Raises:
        SaidError: The settings, the journal or the uploads' folder cannot be used.
    """
    try:
        from rest.app import build, start_server_log
    except ModuleNotFoundError as error:
        raise RestError("rest.no_package", package=error.name) from error
    start_server_log()
    app = build(config, access, limits)
    if page:
        _mount_page(app, config)
    return app


def serve(
    host: str,
    port: int,
    config: Path | None = None,
    *,
    access: Access | None = None,
    limits: Limits | None = None,
    page: bool = True,
) -> None:
    """Serves until interrupted; then what is in flight is finished, and the rest kept for later.

    Raises:
        SaidError: As ``create_app``; or no token is set where others can reach the address.
    """
    app = create_app(config, access=access or _access(host), limits=limits, page=page)
    from rest.app import run

    run(app, host, port)


def _mount_page(app: FastAPI, config: Path | None) -> None:
    """Serves the page below ``/ui`` with the same journal and the same jobs, where it may be.

    Where a token is asked for, the page has to ask people to sign in itself.
    """
    from importlib.util import find_spec

    from ui import auth as signing
    from ui import chainlit_home as placing

    service = app.state.service
    closed = service.access.token is not None and not signing.signs_in()
    if closed or find_spec("chainlit") is None:
        return
    placing.settle()
    from chainlit.utils import mount_chainlit

    from rest.security import PAGE
    from ui.engine import Engine, share
    from ui.server import end, entry

    share(
        Engine(
            config,
            journal=service.journal,
            runner=service.runner,
            retrievers=service.retrievers,
        )
    )
    service.endings.append(end)
    mount_chainlit(app, target=entry(), path=PAGE)


def _access(host: str) -> Access:
    from rest.config import access_for

    return access_for(host)
