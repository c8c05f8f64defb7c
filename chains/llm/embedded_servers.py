"""The llama.cpp servers of this process, shared so that each model is loaded once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..models.memory import refuse_if_short

if TYPE_CHECKING:
    from endpoint.llamacpp import LlamaServer


@dataclass
class _Shared:
    server: LlamaServer
    users: int = 0


class EmbeddedServers:
    """Starts llama.cpp for the first user of a model, and stops it after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[_Shared] = []

    def take(self, model: Path, *, context: int, slots: int) -> LlamaServer:
        """A running server of a model; each ``take`` needs its ``give_back``.

        A running server is shared if its context and slots suffice; requests beyond its slots wait
        inside llama.cpp.

        Args:
            model: The GGUF file.
            context: Tokens one request may hold, prompt and reply together.
            slots: Requests answered at the same time.

        Raises:
            WeightsError: The memory that is free does not hold the model.
            EndpointError: llama.cpp does not start.
        """
        from endpoint.llamacpp import LlamaServer

        # Locked while a model is loaded: other users of the same one wait for it, and two models
        # are not loaded at the same time.
        with self._lock:
            for shared in self._running:
                server = shared.server
                roomy = server.context >= context and server.slots >= slots
                if server.model == model and roomy and server.alive():
                    shared.users += 1
                    return server
            refuse_if_short(model, context * slots)
            started = LlamaServer(model, context=context, slots=slots).start()
            self._running.append(_Shared(started, users=1))
            return started

    def give_back(self, server: LlamaServer) -> None:
        """Stops a server unless it has other users."""
        with self._lock:
            shared = next(one for one in self._running if one.server is server)
            shared.users -= 1
            if shared.users:
                return
            self._running.remove(shared)
        server.stop()


EMBEDDED = EmbeddedServers()
"""The servers of this process."""
