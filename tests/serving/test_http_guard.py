"""Heads that never end, and bodies with two lengths, over a real connection."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from bench.scripted_endpoint import Served
from serving import http_guard

BODY = b'{"model": "chatglm3-6b", "messages": [{"role": "user", "content": "hello"}]}'
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(http_guard, "HEAD_SECONDS", 0.5)
    with Served() as running:
        yield running


def connected(served: Served) -> socket.socket:
    host, _, port = served.root.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\n", HEAD + b"X-A: 1\r\n"])
def test_a_head_that_never_ends_is_dropped(served: Served, begun: bytes) -> None:
    with connected(served) as line:
        began = time.monotonic()
        line.sendall(begun)
        for _ in range(3):  # each byte that comes is no reason to wait longer
            time.sleep(0.1)
            if begun:
                line.sendall(b"X")
        assert line.recv(100) == b""
        assert 0.3 < time.monotonic() - began < 5
    assert httpx.get(f"{served.root}/health").status_code == 200


def test_a_body_that_takes_longer_is_no_head(served: Served) -> None:
    with connected(served) as line:
        line.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY))
        time.sleep(0.8)
        line.sendall(BODY)
        assert line.recv(100).startswith(b"HTTP/1.1 200")


def test_a_connection_is_used_again_after_the_time_of_a_head(served: Served) -> None:
    with httpx.Client(base_url=served.root) as client:
        for _ in range(4):
            assert client.get("/health").status_code == 200
            time.sleep(0.2)


def test_a_body_with_two_lengths_is_refused_and_the_connection_closed(served: Served) -> None:
    smuggled = (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n"
    )
    with connected(served) as line:
        line.sendall(HEAD + smuggled + b"Host: localhost\r\n\r\n")
        answer = b""
        while part := line.recv(65_536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1
    assert httpx.get(f"{served.root}/health").json()["running"] == 0


def test_the_time_is_fifteen_seconds() -> None:
    assert http_guard.HEAD_SECONDS == 15
