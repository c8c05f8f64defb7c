"""The events of a job as httpx-sse and a browser's EventSource follow them: once, then 204."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import httpx_sse
import pytest
from doubles import Gate
from httpx_sse import ServerSentEvent, connect_sse

from bench.simulated import Simulated
from chains.errors import ChainError
from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.settings import resolve

CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
RECONNECTS = 3


class EventSource:
    """What the HTML standard lets an EventSource do: it comes back with the last id until 204."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        self._client, self._path = client, path
        self.last_id = ""
        self.statuses: list[int] = []

    def connect(self) -> list[ServerSentEvent]:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        with connect_sse(self._client, "GET", self._path, headers=headers) as source:
            self.statuses.append(source.response.status_code)
            told = list(source.iter_sse())
        self.last_id = told[-1].id if told else self.last_id
        return told

    def follow(self) -> Iterator[ServerSentEvent]:
        for _ in range(RECONNECTS):
            yield from self.connect()
            if self.statuses[-1] == 204:
                return


def run_elsewhere(name: str) -> str:
    """The id of a job that another process, as far as the service can see, has run."""
    with Journal() as journal:
        with suppress(ChainError):
            list(Pipeline(resolve(), journal=journal).run([Text(text=CHINESE, name=name)]))
        return Jobs(journal).all()[0].id


def test_a_job_of_this_service_is_heard_once(client: httpx.Client) -> None:
    job = client.post("/jobs", json={"text": CHINESE}).json()["id"]
    source = EventSource(client, f"/jobs/{job}/events")
    told = list(source.follow())
    assert [one.event for one in told] == ["prepared", "chunk", "verified", "done"]
    assert source.statuses == [200, 204]


def test_a_sign_of_life_is_no_event(
    client: httpx.Client, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rest.sse.ALIVE_SECONDS", 0.02)
    job = client.post("/jobs", json={"text": CHINESE}).json()["id"]
    heard: list[str] = []
    with client.stream("GET", f"/jobs/{job}/events") as stream:
        for line in stream.iter_lines():
            heard.append(line)
            if heard.count(": alive") == 2:
                gate.open.set()
    # Some parsers take a comment and a blank line behind an id for an event without data.
    source = httpx_sse.EventSource(
        httpx.Response(
            200,
            headers={"Content-Type": "text/event-stream"},
            content="\n".join([*heard, ""]),
            request=stream.request,
        )
    )
    told = [one.event for one in source.iter_sse()]
    assert told == ["prepared", "chunk", "verified", "done"]


@pytest.mark.parametrize("end", ["done", "failed"])
def test_an_ended_job_of_another_process_is_heard_once(
    client: httpx.Client, server: Simulated, end: str
) -> None:
    if end == "failed":
        server.model = "another"
    job = run_elsewhere(end)
    source = EventSource(client, f"/jobs/{job}/events")
    told = list(source.follow())
    assert [one.event for one in told] == [end]
    assert told[0].id
    assert source.statuses == [200, 204]


def test_a_job_that_was_gone_on_with_is_heard_again(
    client: httpx.Client, server: Simulated
) -> None:
    name, server.model = server.model, "another"
    job = run_elsewhere("t")
    source = EventSource(client, f"/jobs/{job}/events")
    assert [one.event for one in source.connect()] == ["failed"]
    server.model = name
    assert client.post(f"/jobs/{job}/retry").status_code == 202
    told = list(source.follow())
    assert told[-1].event == "done"
    done: dict[str, Any] = json.loads(told[-1].data)
    assert len(done["result"]["kept"]) == 2
    assert source.statuses[-1] == 204
