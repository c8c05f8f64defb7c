"""A request's id in every answer, and counters for Prometheus."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ID = "x-request-id"
_SENT = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)
_HELP = {
    "requests_total": ("counter", "Requests answered, by route and status."),
    "prompt_tokens_total": ("counter", "Tokens of prompts that were taken."),
    "generation_tokens_total": ("counter", "Tokens of answers that were made."),
    "running": ("gauge", "Answers being made."),
    "waiting": ("gauge", "Answers that wait for a turn."),
    "slots": ("gauge", "Answers made at the same time at the most."),
}


class Metrics:
    """Counters of one process; for use within one event loop.

    Attributes:
        prompt_tokens: Of prompts that were taken.
        answer_tokens: Of answers that were made.
    """

    def __init__(self) -> None:
        self.prompt_tokens = 0
        self.answer_tokens = 0
        self._requests: Counter[tuple[str, int]] = Counter()

    def count(self, route: str, status: int) -> None:
        """Counts a request.

        Args:
            route: Its path as it is registered; not what a caller sent, which has no end.
            status: Of the answer.
        """
        self._requests[route, status] += 1

    def add_answer(self, tokens: int) -> None:
        """Counts the tokens of an answer that was made."""
        self.answer_tokens += tokens

    def text(self, **gauges: int) -> str:
        """All of them in Prometheus' format, with gauges of the moment."""
        values: dict[str, list[tuple[str, int]]] = {
            "requests_total": [
                (f'{{route="{route}",status="{status}"}}', count)
                for (route, status), count in sorted(self._requests.items())
            ],
            "prompt_tokens_total": [("", self.prompt_tokens)],
            "generation_tokens_total": [("", self.answer_tokens)],
            **{name: [("", value)] for name, value in gauges.items()},
        }
        lines = []
        for name, (kind, meaning) in _HELP.items():
            lines += [f"# HELP qa3_endpoint_{name} {meaning}", f"# TYPE qa3_endpoint_{name} {kind}"]
            lines += [f"qa3_endpoint_{name}{label} {value}" for label, value in values[name]]
        return "\n".join(lines) + "\n"


class Observed:
    """ASGI middleware: gives each answer the id of its request, and counts it.

    Args:
        app: What answers.
        metrics: Where it is counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(ID, "")
        request = given if _SENT.fullmatch(given) else f"req-{uuid.uuid4().hex}"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[ID] = request
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.count(route, message["status"])
            await send(message)

        await self._app(scope, receive, sent)
