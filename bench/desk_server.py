"""A server of the desk in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from bench.serving import free_port
from chains.journal.replies import Journal
from ui.desk.routes import desk_app
from ui.engine import Engine, close, share


@contextmanager
def serve_desk(journal: Path, config: Path | None = None) -> Iterator[str]:
    """The address of a desk on a journal."""
    opened = Journal(journal)
    share(Engine(config, journal=opened))
    port = free_port()
    app = Starlette(routes=[Mount("/desk", desk_app("/"))])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < until
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{port}/desk"
    finally:
        server.should_exit = True
        thread.join(10)
        close()
        opened.close()
