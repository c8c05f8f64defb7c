"""Entry point of the REST service; the code is in ``rest/``.

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
    """The FastAPI application.

    Args:
        config: A settings file; None for the one ``resolve`` finds.
        access: Who may send requests; None for the rules of a loopback address.
        limits: Request and upload limits; None for the defaults.
        page: Whether to serve the Chainlit page too, below ``/ui``.

    Raises:
        SaidError: The settings, the journal or the upload folder cannot be used.
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
    """Serves until interrupted; calls in flight then finish, the rest can be resumed.

    Args:
        host: The address or name to listen on.
        port: The TCP port.
        config: As in ``create_app``.
        access: Who may send requests; None for the rules that fit the host.
        limits: As in ``create_app``.
        page: Whether to serve the Chainlit page too, below ``/ui``.

    Raises:
        SaidError: As ``create_app``; or the host is not loopback and no token is set.
    """
    from serving import check_address

    access = access or _access(host)
    check_address(host, port)
    app = create_app(config, access=access, limits=limits, page=page)
    from rest.app import run

    run(app, host, port)


def _mount_page(app: FastAPI, config: Path | None) -> None:
    """Mounts the Chainlit page below ``/ui`` and the desk, on the same journal and job runner.

    A service that requires a token mounts it only if the page has a sign-in of its own.
    """
    from importlib.util import find_spec

    from ui import auth, chainlit_home

    service = app.state.service
    closed = service.access.token is not None and not auth.signs_in()
    if closed or find_spec("chainlit") is None:
        return
    chainlit_home.settle()
    from chainlit.utils import mount_chainlit

    from rest.security import PAGE
    from ui.desk.routes import desk_app
    from ui.engine import Engine, share
    from ui.server import DESK, end, entry

    share(
        Engine(
            config,
            journal=service.journal,
            runner=service.runner,
            retrievers=service.retrievers,
        )
    )
    service.endings.append(end)
    app.mount(DESK, desk_app(f"{PAGE}/"))
    mount_chainlit(app, target=entry(), path=PAGE)


def _access(host: str) -> Access:
    from rest.config import access_for

    return access_for(host)
