"""llama.cpp as a child process with an OpenAI-compatible address on a free loopback port.

A separate process, because a failed assert inside llama.cpp kills its process. The child exits as
soon as its standard input closes, so it also ends when this process is killed.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO

from .errors import EndpointError

START_SECONDS = 120.0


class LlamaServer:
    """A llama.cpp server for one GGUF model; runs from ``start`` to ``stop``, or as a context.

    Args:
        model: The GGUF file.
        context: Tokens one request may hold, prompt and reply together.
        slots: Requests answered at the same time.
        threads: CPU threads; None for llama.cpp's own choice.
        gpu_layers: Layers to offload to a GPU, if this llama.cpp was built with GPU support.

    Attributes:
        base_url: Ends in ``/v1``; empty until started.
        api_key: Random for each server, so that no other program on the machine can use it.
    """

    def __init__(
        self,
        model: Path,
        *,
        context: int = 4096,
        slots: int = 1,
        threads: int | None = None,
        gpu_layers: int = 0,
    ) -> None:
        self.model = model
        self.context = context
        self.slots = slots
        self.threads = threads
        self.gpu_layers = gpu_layers
        self.base_url = ""
        self.api_key = secrets.token_urlsafe(24)
        self._child: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None

    def start(self) -> LlamaServer:
        """Starts the child and returns this server once it accepts requests.

        Raises:
            EndpointError: llama.cpp cannot read the file, or did not start in time.
        """
        if self._child is not None:
            return self
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self._child = subprocess.Popen(
            [sys.executable, "-m", "endpoint.llamacpp_child"],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
        )
        assert self._child.stdin is not None  # noqa: S101 - asked for above
        config = {
            "model": str(self.model.resolve()),
            "name": self.model.stem,
            "context": self.context,
            "slots": self.slots,
            "threads": self.threads,
            "gpu_layers": self.gpu_layers,
            "api_key": self.api_key,
        }
        try:
            self._child.stdin.write(json.dumps(config) + "\n")
            self._child.stdin.flush()
        except OSError:
            pass  # it died at once; the wait below says why
        address = self._first_line()
        if not address:
            reason = self._error_line()
            self.stop()
            raise EndpointError("endpoint.llamacpp_start", model=self.model.name, reason=reason)
        self.base_url = f"{address}/v1"
        return self

    def _first_line(self) -> str:
        """The address the child prints when it is ready; empty if it died or took too long."""
        assert self._child is not None  # noqa: S101
        assert self._child.stdout is not None  # noqa: S101
        lines: SimpleQueue[str] = SimpleQueue()
        read: Callable[[], str] = self._child.stdout.readline
        threading.Thread(target=lambda: lines.put(read()), daemon=True).start()
        try:
            return lines.get(timeout=START_SECONDS).strip()
        except Empty:
            return ""

    def _error_line(self) -> str:
        """The last line of the child's log that names an error, else its last line."""
        if self._log is None:
            return ""
        self._log.seek(0)
        lines = self._log.read()[-20_000:].decode("utf-8", "replace").splitlines()
        errors = [line.strip() for line in lines if "error" in line.lower()] or lines[-1:]
        return errors[-1].strip()[:300] if errors else "it ended without a word"

    def alive(self) -> bool:
        """Whether the child runs."""
        return self._child is not None and self._child.poll() is None

    def stop(self) -> None:
        """Ends the child; does nothing if there is none."""
        child, self._child = self._child, None
        if child is not None:
            if child.stdin is not None:
                child.stdin.close()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()
        if self._log is not None:
            self._log.close()
            self._log = None
        self.base_url = ""

    def __enter__(self) -> LlamaServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
