"""Runs the REST service in a process of its own, for tests and benchmarks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import httpx

from .simulated import Simulated

START_SECONDS = 90.0


class Served:
    """``qa3 serve`` on a free port of this machine; use it as a context.

    Args:
        home: Its ``QA3_HOME``.
        server: Who answers.
        flags: Beside the port.
        environment: Beside this process's.

    Attributes:
        address: Where it listens, without a slash at the end.
        child: The process.
    """

    def __init__(
        self,
        home: Path,
        server: Simulated,
        flags: Sequence[str] = ("--no-page",),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._port = free_port()
        self._flags = flags
        self.address = f"http://127.0.0.1:{self._port}"
        self._environment = {
            **os.environ,
            "QA3_HOME": str(home),
            "QA3_BACKEND": "chatglm3",
            "QA3_BASE_URL": server.base_url,
            "QA3_MODEL": server.model,
            "QA3_EMBEDDINGS": "lexical",
            **(environment or {}),
        }
        self.child: subprocess.Popen[bytes]

    def __enter__(self) -> Served:
        command = [sys.executable, "-m", "app_cli", "serve", "--port", str(self._port)]
        self.child = subprocess.Popen([*command, *self._flags], env=self._environment)
        try:
            self._wait()
        except BaseException:
            self.child.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def kill(self) -> None:
        """Ends it at once, as a power failure would."""
        self.child.kill()
        self.child.wait()

    def client(self, **options: float | Mapping[str, str]) -> httpx.Client:
        """A client for it."""
        return httpx.Client(base_url=self.address, timeout=60, **options)  # type: ignore[arg-type]  # httpx's own options

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.child.poll() is not None:
                raise RuntimeError(f"the service ended with {self.child.returncode}")
            try:
                if httpx.get(f"{self.address}/health", timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"{self.address} does not answer")


def free_port() -> int:
    """A free TCP port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
