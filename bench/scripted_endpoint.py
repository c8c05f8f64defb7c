"""The endpoint with a scripted engine: the answer is a function of the prompt.

Its ids are the bytes of UTF-8, so every character beyond ASCII arrives in parts.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Literal

from endpoint.model.engine import Engine, Sampling, Step
from endpoint.protocol.bind import bind, server_of
from endpoint.protocol.detokenize import Tokenizer
from endpoint.protocol.embedder import Embedder
from endpoint.protocol.server import create_app

Script = Callable[[str], str]


def said_back(asked: str) -> str:
    """The text of the last message."""
    return asked.rsplit(":", 1)[-1].strip()


def instance_of(schema: Any, root: Any = None) -> Any:
    """The plainest value that fits a JSON schema of the kinds that clients send.

    Args:
        schema: Read from JSON.
        root: Where its references point into; None for the schema itself.
    """
    root = schema if root is None else root
    if "$ref" in schema:
        found = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return instance_of(found, root)
    for key in ("anyOf", "oneOf", "allOf", "enum"):
        if key in schema:
            first = schema[key][0]
            return first if key == "enum" else instance_of(first, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("type") == "object" or "properties" in schema:
        return {name: instance_of(one, root) for name, one in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [instance_of(schema.get("items", {}), root)]
    plain = {"integer": 3, "number": 1.5, "boolean": True, "null": None}
    return plain.get(schema.get("type", "string"), "你好 こんにちは text")


class ByteTokenizer:
    """UTF-8, with each message as ``role:text`` on a line."""

    def prompt_ids(
        self,
        messages: Sequence[tuple[str, str] | tuple[str, str, str]],
        opening: Sequence[str] = (),
    ) -> list[int]:
        """The bytes of a dialogue."""
        lines = [f"{':'.join([turn[0], *turn[2:]])}:{turn[1]}" for turn in messages]
        begun = [f"assistant:{''.join(opening)}"] if opening else []
        return list("\n".join([*lines, *begun]).encode())

    def completion_ids(self, text: str) -> list[int]:
        """The bytes of a text behind a colon, as if somebody had said it."""
        return list(f":{text}".encode())

    def text_ids(self, text: str) -> list[int]:
        """The bytes of a text."""
        return list(text.encode())

    def decode(self, ids: Sequence[int]) -> str:
        """The text of some bytes."""
        return bytes(ids).decode("utf-8", "replace").strip()


class ScriptedEngine:
    """Answers with a script; records the prompts and the peak of concurrent answers.

    Args:
        script: From the whole dialogue to the answer; may raise.
        context: Bytes of a prompt and its answer.
        width: Bytes a step.
        gate: Waited for before each step; None to answer at once.
        seeded: Whether it says that it honours seeds.
        guided: Whether it follows schemas, with the plainest text that fits.

    Attributes:
        asked: (dialogue, sampling) of each request, in the order in which they began.
        most: The most requests that ran at the same time.
        closed: One permit for each generation that has ended, however it did.
    """

    name = "scripted"

    def __init__(
        self,
        script: Script = said_back,
        *,
        context: int = 512,
        width: int = 2,
        gate: Callable[[], object] | None = None,
        seeded: bool = False,
        guided: bool = False,
    ) -> None:
        self.script = script
        self.context = context
        self.seeded = seeded
        self.guided = guided
        self.asked: list[tuple[str, Sampling]] = []
        self.most = 0
        self.closed = threading.Semaphore(0)
        self.down = False
        self._width = width
        self._gate = gate or (lambda: None)
        self._running = 0
        self._lock = threading.Lock()

    def generate(self, ids: Sequence[int], sampling: Sampling) -> Iterator[Step]:
        """The script's answer, a few bytes a step."""
        asked = bytes(ids).decode()
        with self._lock:
            self.asked.append((asked, sampling))
            self._running += 1
            self.most = max(self.most, self._running)
        try:
            schema = json.loads(sampling.schema or "{}")
            # Where nothing but some object is asked for, the script says which.
            free = schema in ({}, {"type": "object"})
            said = "" if free else json.dumps(instance_of(schema), ensure_ascii=False)
            answer = (said or self.script(asked)).encode()
            limit = min(sampling.max_tokens, self.context - len(ids))
            ends: Literal["stop", "length"] = "stop" if len(answer) <= limit else "length"
            shown = answer[:limit]
            for at in range(0, len(shown), self._width):
                self._gate()
                yield Step(tuple(shown[at : at + self._width]))
            yield Step(finish=ends)
        finally:
            with self._lock:
                self._running -= 1
            self.closed.release()

    def close(self) -> None:
        """Notes that it was closed."""
        self.down = True


class Served:
    """An endpoint on a free port of this machine, in a thread.

    Args:
        engine: Behind it; a scripted one by default.
        tokenizer: The engine's.
        api_key: What callers have to show.
        slots: Answers at the same time.
        queue: Requests that may wait.
        embedder: For ``/v1/embeddings``.
        origins: Of web pages that may ask.
    """

    def __init__(
        self,
        engine: Engine | None = None,
        tokenizer: Tokenizer | None = None,
        *,
        api_key: str = "",
        slots: int = 8,
        queue: int = 128,
        embedder: Embedder | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        app = create_app(
            engine or ScriptedEngine(),
            tokenizer or ByteTokenizer(),
            model_name="chatglm3-6b",
            api_key=api_key,
            slots=slots,
            queue=queue,
            embedder=embedder,
            origins=origins,
        )
        self._socket = bind("127.0.0.1", 0, api_key)
        self._socket.listen(512)  # callers wait for the server from here on
        self._server = server_of(app, "critical")
        self._server.config.timeout_graceful_shutdown = 1
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self.root = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.base_url = f"{self.root}/v1"

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
