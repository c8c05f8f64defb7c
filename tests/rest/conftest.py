"""A service on a port of this machine, in a thread of this process, a simulated model behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from app_rest import create_app
from bench.serving import free_port
from bench.simulated import Simulated
from rest.app import Server
from rest.config import Access, Limits

Start = Callable[..., httpx.Client]


@contextmanager
def running(limits: Limits | None, access: Access | None) -> Iterator[httpx.Client]:
    app = create_app(limits=limits, access=access)
    config = uvicorn.Config(app, port=free_port(), log_level="warning", server_header=False)
    server = Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{config.port}", timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def start(server: Simulated, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a service with other bounds, or for others."""
    settings = {"backend": "chatglm3", "base_url": server.base_url, "model": server.model}
    for name, value in {**settings, "embeddings": "lexical", "retry_seconds": "0"}.items():
        monkeypatch.setenv(f"QA3_{name.upper()}", value)
    assert not home.exists()
    with ExitStack() as open_:

        def begin(limits: Limits | None = None, access: Access | None = None) -> httpx.Client:
            return open_.enter_context(running(limits, access))

        yield begin


@pytest.fixture
def client(start: Start) -> httpx.Client:
    """A service for whoever is on this machine."""
    return start()
