"""llama.cpp as an engine: a child process that gets token ids and is restarted if it dies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EndpointError
from ..llamacpp import LlamaServer
from .engine import Sampling, Step
from .grammar import bad_schema, compact_schema
from .sampling import draw_for
from .sequential_engine import answer_limit

if TYPE_CHECKING:
    import httpx

HEALTH_SECONDS = 2.0
ALL_LAYERS = 999
LARGEST_SEED = (1 << 32) - 2  # the largest itself means "random"


class LlamaEngine:
    """Generates answers with a GGUF model.

    Args:
        model: The file.
        name: As callers may give it.
        context: Positions a request may hold.
        slots: Requests answered at the same time; further ones wait.
        end_ids: Ids that end an answer.
        byte_ids: Of the 256 bytes.
        device: ``cuda`` puts all layers on a GPU, where this llama.cpp was built for one.
        closed: Called when the engine was closed.

    Raises:
        EndpointError: llama.cpp cannot read the file, or has no memory for it.
    """

    seeded = True
    guided = True

    def __init__(
        self,
        model: Path,
        *,
        name: str,
        context: int,
        slots: int,
        end_ids: frozenset[int],
        byte_ids: Sequence[int],
        device: str = "cpu",
        closed: Callable[[], None] | None = None,
    ) -> None:
        import httpx

        self.name = name
        self.context = context
        self._end_ids = end_ids
        self._byte_ids = byte_ids
        self._after = closed
        self._slots = threading.Semaphore(slots)
        self._lock = threading.Lock()
        self._closed = False
        # No read timeout: an answer may take long, and a dead child closes its connection.
        limits = httpx.Limits(max_connections=slots + 1, max_keepalive_connections=0)
        self._client = httpx.Client(
            timeout=httpx.Timeout(None, connect=10), limits=limits, trust_env=False
        )
        self._model = model
        self._server = LlamaServer(
            model,
            context=context,
            slots=slots,
            gpu_layers=ALL_LAYERS if device.startswith("cuda") else 0,
        ).start()

    def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
        """The answer, some ids a step; closing the iterator closes the connection, which cancels.

        Args:
            ids: The prompt.
            sampling: How to draw.

        Raises:
            EndpointError: The prompt is too long, its schema cannot be followed, or llama.cpp died
                under it twice.
        """
        import httpx

        limit = answer_limit(ids, sampling, self.context)
        seed = draw_for(sampling).seed % LARGEST_SEED
        made: list[int] = []
        with self._slots:
            for attempt in range(2):
                server = self._server
                try:
                    for step in self._answer(
                        server, [*ids, *made], sampling, limit - len(made), seed
                    ):
                        made += step.ids
                        yield step
                        if step.finish:
                            return
                except httpx.TransportError as error:
                    self._restart(server)
                    if attempt:
                        raise EndpointError("endpoint.engine", reason=str(error)[:200]) from error

    def _answer(
        self, server: LlamaServer, ids: list[int], sampling: Sampling, limit: int, seed: int
    ) -> Iterator[Step]:
        import httpx

        payload = {
            "prompt": ids,
            "n_predict": limit,
            "stream": True,
            "return_tokens": True,
            "cache_prompt": True,
            **_samplers(sampling, seed, self.context),
        }
        address = server.base_url.removesuffix("/v1") + "/completion"
        headers = {"Authorization": f"Bearer {server.api_key}"}
        if not address.startswith("http"):
            raise httpx.ConnectError("llama.cpp is not running")
        with self._client.stream("POST", address, json=payload, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                response.read()
                if sampling.schema and response.status_code == httpx.codes.BAD_REQUEST:
                    raise bad_schema(_reason(response))
                raise EndpointError("endpoint.engine", reason=response.text[:200])
            seen = 0
            for event in _events(response):
                step = self._step(event, seen)
                seen += len(step.ids)
                if step.ids or step.finish:
                    yield step
                if step.finish:
                    return
        raise httpx.RemoteProtocolError("llama.cpp ended an answer without a reason")

    def _step(self, event: dict[str, Any], seen: int) -> Step:
        """The step in one event of the stream.

        Args:
            event: Text, and the last of its ids.
            seen: Number of ids received before.
        """
        if "error" in event:
            raise EndpointError("endpoint.engine", reason=str(event["error"])[:200])
        ids = [int(one) for one in event.get("tokens", ())]
        ids = self._withheld(event, seen + len(ids)) + ids
        ends = next((place for place, one in enumerate(ids) if one in self._end_ids), None)
        if ends is not None:
            return Step(ids=tuple(ids[:ends]), finish="stop")
        if not event.get("stop"):
            return Step(ids=tuple(ids))
        return Step(ids=tuple(ids), finish="stop" if event.get("stop_type") == "eos" else "length")

    def _withheld(self, event: dict[str, Any], received: int) -> list[int]:
        """Byte-token ids that llama.cpp did not send: all but the last of a multi-byte character.

        They are the first bytes of the event's text. If the bytes were invalid UTF-8 the text does
        not show which they were, and 0x80 stands for each of them.
        """
        count = int(event.get("tokens_predicted", received)) - received
        # The final event counts the id that ended the answer, and repeats nothing.
        if count <= 0 or (event.get("stop") and event.get("stop_type") == "eos"):
            return []
        known = str(event.get("content", "")).encode()[:count]
        broken = len(known) < count or b"\xef\xbf\xbd" in known
        return [self._byte_ids[byte] for byte in (b"\x80" * count if broken else known)]

    def _restart(self, server: LlamaServer) -> None:
        """Starts a new child if this one is dead."""
        with self._lock:
            if self._closed:
                raise EndpointError("endpoint.engine", reason="it was closed")
            if server is self._server and not self._healthy(server):
                server.stop()
                self._server = LlamaServer(
                    self._model,
                    context=server.context,
                    slots=server.slots,
                    gpu_layers=server.gpu_layers,
                ).start()

    def _healthy(self, server: LlamaServer) -> bool:
        import httpx

        if not server.alive():
            return False
        try:
            address = server.base_url.removesuffix("/v1") + "/health"
            return httpx.get(address, timeout=HEALTH_SECONDS, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """Ends the child; requests in progress fail."""
        with self._lock:
            self._closed = True
            self._server.stop()
            self._client.close()
            if self._after is not None:
                self._after()
                self._after = None


def _samplers(sampling: Sampling, seed: int, context: int) -> dict[str, Any]:
    """llama.cpp's sampler settings; its own defaults, such as min_p, are switched off."""
    settings: dict[str, Any] = {
        "repeat_penalty": sampling.repetition_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "repeat_last_n": context,
    }
    if sampling.schema is not None:
        settings["json_schema"] = compact_schema(sampling.schema)
    if sampling.temperature <= 0:
        return {**settings, "temperature": 0, "samplers": ["penalties", "top_k"], "top_k": 1}
    return {
        **settings,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": seed,
        "samplers": ["penalties", "temperature", "top_p"],
        "top_k": 0,
        "min_p": 0,
    }


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.text


def _events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream, each a line of JSON behind ``data:`` or ``error:``."""
    for line in response.iter_lines():
        kind, _, text = line.partition(":")
        if kind == "data" and text.strip() != "[DONE]":
            yield json.loads(text)
        elif kind == "error":
            yield {"error": text.strip()}
