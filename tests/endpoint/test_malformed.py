"""Whatever is sent, the answer is in OpenAI's form: 4xx for what is wrong, and never a 500."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.scripted_endpoint import Served
from endpoint.protocol.embedder import Embedder
from endpoint.protocol.json_body import LARGEST_BODY, shown

ROUTES = ("chat/completions", "embeddings")
CHAT = {"model": "chatglm3-6b", "messages": [{"role": "user", "content": "你好"}]}
EMBED = {"model": "bge-large-zh-v1.5", "input": ["你好"]}
NAMES = st.sampled_from(
    "model messages stream stream_options temperature top_p max_tokens max_completion_tokens stop "
    "seed n tools tool_choice response_format logit_bias user input encoding_format dimensions "
    "modalities 名字 \ud800".split()
)
TEXTS = st.text(st.characters(), max_size=6) | st.sampled_from(
    ["user", "assistant", "tool", "\ud83d", "chatglm3-6b", "<|system|>", "\x00"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.sampled_from([10**400, 1e308, -(2**63), [], {}])
)
MESSAGES = st.fixed_dictionaries(
    {}, optional={"role": TEXTS, "content": SCALARS | st.lists(SCALARS, max_size=2)}
)
PARTS = st.fixed_dictionaries({}, optional={"type": TEXTS, "text": SCALARS, "image_url": SCALARS})
VALUES = st.recursive(
    SCALARS | MESSAGES | PARTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    embedder = Embedder(
        "bge-large-zh-v1.5",
        512,
        lambda texts: [[1.0, 0.0] for _ in texts],
        lambda texts: [len(text) for text in texts],
    )
    with Served(embedder=embedder) as served, httpx.Client(base_url=served.base_url) as one:
        yield one


def send(client: httpx.Client, route: str, content: bytes, kind: str = "application/json") -> int:
    """The status, after a look at the form of a refusal."""
    answer = client.post(route, content=content, headers={"Content-Type": kind})
    if answer.status_code != 200:
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"].endswith(".")
        assert "\n" not in error["message"]
        assert answer.status_code < 500
    return answer.status_code


def has_half(value: object) -> bool:
    """Whether half a surrogate pair stands in it, once its bytes have been read."""
    try:
        json.dumps(json.loads(json.dumps(value)), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


quickly = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quickly
@given(st.sampled_from(ROUTES), st.binary(max_size=60))
@example("embeddings", b'{"a": 1}\xff')
@example("chat/completions", b"[" * 100_000)
@example("chat/completions", b'{"model":' + b"[" * 100_000)
@example("chat/completions", b'{"model":' + b"[" * 1_000_000)
@example("embeddings", b'{"input": NaN}' + b" " * 1_000_000)
@example("chat/completions", b'{"seed": ' + b"9" * 100_000 + b"}")
@example("chat/completions", b'{"temperature": NaN}')
def test_bytes_that_are_no_request(client: httpx.Client, route: str, content: bytes) -> None:
    assert 400 <= send(client, route, content) < 500


@quickly
@given(st.sampled_from(ROUTES), VALUES)
def test_json_that_is_no_request(client: httpx.Client, route: str, value: object) -> None:
    assert 400 <= send(client, route, json.dumps(value).encode()) < 500


@quickly
@given(st.sampled_from(ROUTES), NAMES, VALUES, st.booleans())
@example("chat/completions", "messages", [{"role": "user", "content": "\ud83d"}], True)
@example("chat/completions", "stop", ["\udc00"], False)
@example("chat/completions", "model", "\ud800", False)
def test_a_request_with_one_thing_changed(
    client: httpx.Client, route: str, name: str, value: object, stream: bool
) -> None:
    right: dict[str, Any] = {**CHAT, "stream": stream} if route == ROUTES[0] else EMBED
    status = send(client, route, json.dumps({**right, name: value}).encode())
    if has_half(value) or has_half(name):
        assert status == 400


@quickly
@given(st.lists(MESSAGES | VALUES, max_size=4))
def test_messages_of_any_shape(client: httpx.Client, messages: list[object]) -> None:
    send(client, ROUTES[0], json.dumps({**CHAT, "messages": messages}).encode())


@given(VALUES)
def test_any_value_can_be_shown_in_a_message(value: object) -> None:
    text = shown(value)
    assert len(text) <= 80
    assert text.encode("utf-8").decode("utf-8").isprintable()


def test_a_body_of_another_kind_or_without_end(client: httpx.Client) -> None:
    whole = json.dumps(CHAT).encode()
    assert send(client, ROUTES[0], whole, "application/json; charset=utf-8") == 200
    assert send(client, ROUTES[0], whole, "text/plain") == 415

    def endless() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 1_000_000 + 2):
            yield b" " * 1_000_000

    try:
        answer = client.post(ROUTES[0], content=endless())
    except httpx.WriteError:
        pass  # it was refused while it was being sent
    else:
        assert answer.status_code == 413
    assert send(client, ROUTES[0], whole) == 200


def test_lines_that_are_no_http_leave_it_standing(client: httpx.Client) -> None:
    address = (client.base_url.host, client.base_url.port or 0)
    for noise in (b"\x16\x03\x01\x00\xff\r\n\r\n", b"GET /v1/models\r\n\r\n"):
        with socket.create_connection(address) as line:
            line.sendall(noise)
            line.shutdown(socket.SHUT_WR)
            assert not line.recv(65_536).startswith(b"HTTP/1.1 5")
    assert client.get("models").status_code == 200
