"""One answer, for every server, to whose host it is, which page asks, and in which language."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from serving import (
    host_name,
    is_loopback,
    is_own_page,
    language_of,
    origin_host,
    send_refusal,
    sse_event,
)


@pytest.mark.parametrize(
    "host",
    "localhost LOCALHOST a.localhost 127.0.0.1 127.8.8.8 ::1 [::1] ::ffff:127.0.0.1".split(),
)
def test_this_machine_by_each_of_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    "0.0.0.0 :: 10.0.0.1 example.org localhost.example.org xlocalhost 127.1 [localhost] "
    "[127.0.0.1] [::1 ::1] 127.0.0.1:80 ::ffff:10.0.0.1".split(),
)
def test_what_others_may_reach_is_not_this_machine_alone(host: str) -> None:
    assert not is_loopback(host)
    assert not is_loopback("")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:80", "localhost"),
        ("[::1]:8002", "::1"),
        ("127.0.0.1:", "127.0.0.1"),
        ("[::1", ""),
        ("::1", ""),
        ("", ""),
        ("localhost:80:80", ""),
        ("evil@localhost", ""),
        ("localhost/evil", ""),
        ("localhost#evil", ""),
        ("localhost evil", ""),
        ("localhost:evil", ""),
    ],
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    "origin", ["null", "", "http://[::1", "file://", "http://a@localhost:8002", "ftp://localhost"]
)
def test_what_is_no_origin_is_nobodys_own_page(origin: str) -> None:
    assert not is_own_page(origin, "localhost:8002")
    assert not is_own_page(origin, "")
    assert not is_own_page(origin, "localhost")


def test_an_own_page_has_the_hosts_name_and_port() -> None:
    assert is_own_page("http://localhost:8002", "LOCALHOST:8002")
    assert is_own_page("https://qa3.example", "qa3.example")
    assert not is_own_page("http://localhost:8003", "localhost:8002")
    assert not is_own_page("http://localhost:8002/path", "localhost:8002")
    assert origin_host("http://[::1]:80") == "[::1]:80"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_looked_at_without_a_fault(first: str, second: str) -> None:
    is_own_page(first, second)
    is_own_page(f"http://{first}", second)
    is_loopback(host_name(first))
    assert language_of(first) in ("en", "zh")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("en;q=0.5, zh;q=0.9", "zh"),
        ("en; q=0.5, zh; q=0.9", "zh"),
        ("zh; q=0.5, en", "en"),
        ("zh, en", "zh"),
        ("en, zh", "en"),
        ("fr, zh-TW;q=0.3", "zh"),
        ("ZH-HANT", "zh"),
        ("zhx", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("", "en"),
        ("zh;q=0", "en"),
        ("zh;q=much", "en"),
        ("zh;q=nan", "en"),
    ],
)
def test_the_language_preferred_is_the_one_answered_in(header: str, language: str) -> None:
    assert language_of(header) == language


@pytest.mark.parametrize(
    ("event", "wire"),
    [
        (sse_event("[DONE]"), "data: [DONE]\n\n"),
        (sse_event("", "end"), "event: end\ndata: \n\n"),
        (sse_event('"桥"', "data", "a-1"), 'id: a-1\nevent: data\ndata: "桥"\n\n'),
    ],
)
def test_an_event_on_the_wire(event: str, wire: str) -> None:
    assert event == wire


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_refused_websocket_is_closed(kind: str) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "method": "GET", "path": "/", "headers": []}
    asyncio.run(send_refusal(JSONResponse({}, 403), scope, receive, send))
    if kind == "websocket":
        assert sent == [{"type": "websocket.close", "code": 1008}]
    else:
        assert sent[0]["status"] == 403
