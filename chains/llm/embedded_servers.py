"""The llama.cpp processes of this one: a model is loaded once, however many ask it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from endpoint.llamacpp import LlamaServer


@dataclass
class _Shared:
    server: LlamaServer
    users: int = 0


class EmbeddedServers:
    """Starts llama.cpp for whoever asks a model first, and stops it after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[_Shared] = []

    def take(self, model: Path, *, context: int, slots: int) -> LlamaServer:
        """A server of a model, answering; each ``take`` needs its ``give_back``.

        One that runs already is shared where it has room enough; requests beyond its slots wait
        inside llama.cpp.

        Args:
            model: The GGUF file.
            context: Tokens one request may hold, prompt and reply together.
            slots: Requests answered at the same time.

        Raises:
            EndpointError: llama.cpp does not start.
        """
        from endpoint.llamacpp import LlamaServer

        # Held while a model is loaded: whoever wants the same one waits for it, and two models
        # are not loaded beside each other.
        with self._lock:
            for shared in self._running:
                server = shared.server
                roomy = server.context >= context and server.slots >= slots
                if server.model == model and roomy and server.alive():
                    shared.users += 1
                    return server
            started = LlamaServer(model, context=context, slots=slots).start()
            self._running.append(_Shared(started, users=1))
            return started

    def give_back(self, server: LlamaServer) -> None:
        """Stops a server that nobody else uses."""
        with self._lock:
            shared = next(one for one in self._running if one.server is server)
            shared.users -= 1
            if shared.users:
                return
            self._running.remove(shared)
        server.stop()


EMBEDDED = EmbeddedServers()
"""The one of this process."""
