"""A web page that is open in a browser here, and what it can make of an endpoint without a key."""

from __future__ import annotations

import http.client
import json

import pytest

from bench.scripted_endpoint import Served

BODY = json.dumps({"model": "chatglm3-6b", "messages": [{"role": "user", "content": "你好 hello"}]})


def ask(served: Served, path: str = "/v1/chat/completions", **headers: str) -> tuple[int, str]:
    """Status and code of an answer to a request with exactly these headers."""
    address = served.root.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        posted = path.endswith("completions")
        connection.putrequest("POST" if posted else "GET", path, skip_host=True)
        for name, value in {"Host": address, **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        content = BODY.encode() if posted else b""
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        response = connection.getresponse()
        answer = json.loads(response.read())
        return response.status, answer.get("error", {}).get("code", "")
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models"])
def test_no_name_but_this_machines_is_answered_without_a_key(path: str) -> None:
    with Served() as served:
        port = served.root.rpartition(":")[2]
        for host in (f"evil.example:{port}", "evil.example", "127.0.0.1.evil.example", "", "[::"):
            assert ask(served, path, Host=host) == (421, "misdirected_request")
        for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST"):
            assert ask(served, path, Host=host)[0] == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://[::1"]
)
def test_no_foreign_page_may_spend_the_models_time(origin: str) -> None:
    with Served() as served:
        # A page may send without asking first where it names no kind of content.
        assert ask(served, Origin=origin) == (403, "forbidden_origin")
        kind = {"Content_Type": "text/plain"}
        assert ask(served, Origin=origin, **kind) == (403, "forbidden_origin")
        assert ask(served, Origin="http://localhost:3000")[0] == 200


def test_a_key_opens_the_endpoint_under_every_name() -> None:
    with Served(api_key="a-long-enough-key") as served:
        right = {"Authorization": "Bearer a-long-enough-key", "Host": "models.example"}
        assert ask(served, **right)[0] == 200
        assert ask(served, Host="models.example") == (401, "invalid_api_key")
