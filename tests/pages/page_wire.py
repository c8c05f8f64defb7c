"""A browser's side of the page's wire, without the browser."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import socketio

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """What comes of it, in a thread: the browser's driver keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(asyncio.run, work).result()


@dataclass
class User:
    """A person on the page; ten browsers at once are too many for two cores.

    Attributes:
        url: The server's address, with the path the page is mounted at.
        heard: Every message and element that came, by the name of its event.
    """

    url: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    heard: list[tuple[str, Any]] = field(default_factory=list)

    async def __aenter__(self) -> User:
        self.wire = socketio.AsyncClient()
        self.wire.on("*", self._hear)
        server, _, path = self.url.removeprefix("http://").partition("/")
        await self.wire.connect(
            f"http://{server}",
            socketio_path=f"/{path}/ws/socket.io" if path else "/ws/socket.io",
            transports=["websocket"],
            auth={"sessionId": self.id, "clientType": "webapp", "userEnv": "{}"},
        )
        await self.wire.emit("connection_successful")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.wire.disconnect()

    async def _hear(self, event: str, *data: Any) -> None:
        self.heard.append((event, data[0] if data else None))

    async def say(self, text: str, command: str | None = None) -> None:
        """Sends a message."""
        message = {
            "id": str(uuid.uuid4()),
            "name": "User",
            "type": "user_message",
            "output": text,
            "command": command,
            "createdAt": "2026-01-01T00:00:00Z",
            "threadId": "",
        }
        await self.wire.emit("client_message", {"message": message, "fileReferences": []})

    async def until(self, found: Any) -> Any:
        """The first thing found in what came."""
        last = time.monotonic() + 60
        while time.monotonic() < last:
            for event, data in self.heard:
                if (what := found(event, data)) is not None:
                    return what
            await asyncio.sleep(0.01)
        raise TimeoutError

    async def act(self, client: httpx.AsyncClient, name: str, **payload: Any) -> Any:
        """What an element is answered."""
        body = {"sessionId": self.id, "action": {"name": name, "payload": payload}}
        answer = await client.post(f"{self.url}/project/action", json=body)
        assert answer.status_code == 200
        return answer.json()["response"]


def the_job(event: str, data: Any) -> str | None:
    """The job of the element that shows one."""
    if event == "element" and data.get("name") == "Job":
        return str(data["props"]["job"])
    return None
