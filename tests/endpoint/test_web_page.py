"""Web pages of other ports and origins: who may ask, and who may read the answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bench.scripted_endpoint import Served
from endpoint.errors import EndpointError
from endpoint.protocol.auth import usable_key, usable_origins

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEY = "a-long-enough-key"
ASK = {"model": "chatglm3-6b", "messages": [{"role": "user", "content": "早上好 hello"}]}
SCRIPT = """async ([address, key, body]) => {
  try {
    const headers = {"Content-Type": "application/json", "X-Stainless-Lang": "js"};
    if (key) headers["Authorization"] = `Bearer ${key}`;
    const answer = await fetch(address, {method: "POST", headers, body: JSON.stringify(body)});
    return [answer.status, await answer.text(), answer.headers.get("x-request-id")];
  } catch (error) { return [0, String(error), null]; }
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line a request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Says nothing."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a page of another port of this machine."""
    folder = tmp_path_factory.mktemp("page")
    Path(folder, "index.html").write_text("<title>page</title>", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_page_of_another_port_talks_to_it(browser: Browser, origin: str) -> None:
    page = browser.new_page()
    page.goto(origin)

    def asked(served: Served, key: str, **more: Any) -> Any:
        return page.evaluate(SCRIPT, [f"{served.base_url}/chat/completions", key, {**ASK, **more}])

    with Served(api_key=KEY) as served:
        status, text, request = asked(served, KEY)
        assert status == 200
        assert "早上好 hello" in text
        assert request
        assert asked(served, KEY, stream=True)[1].endswith("data: [DONE]\n\n")
        assert asked(served, "wrong")[0] == 401  # it can read what is wrong
    with Served(origins=[f"{origin}/"]) as served:
        assert asked(served, "")[0] == 200
    with Served() as served:
        assert asked(served, "")[0] == 0  # nobody said that this page may read
    page.close()


def preflight(served: Served, origin: str) -> httpx.Response:
    asks = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os",
    }
    return httpx.options(f"{served.base_url}/chat/completions", headers=asks)


def test_who_may_read_an_answer() -> None:
    named = "https://example.org"
    with Served(api_key=KEY, origins=[named]) as served:
        for origin in (named, "http://localhost:3000", "http://[::1]:80", "https://a.localhost"):
            answer = preflight(served, origin)
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == origin
            assert "access-control-allow-credentials" not in answer.headers
            allowed = answer.headers["access-control-allow-headers"]
            assert "x-stainless-os" in allowed
        for origin in ("null", "https://evil.example", "http://localhost.evil.example"):
            answer = preflight(served, origin)
            assert answer.status_code == 400
            assert "access-control-allow-origin" not in answer.headers
    with Served(origins=[named]) as served:
        assert preflight(served, named).status_code == 200
        assert preflight(served, "http://localhost:3000").status_code == 400
        body = {"json": ASK, "headers": {"Origin": "https://evil.example"}}
        refused = httpx.post(f"{served.base_url}/chat/completions", **body)  # type: ignore[arg-type]  # of its own
        assert refused.status_code == 403
        assert "--cors-origin https://evil.example" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "origin", ["*", "null", "", "example.org", "ftp://a", "http://a/b", "http://"]
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(EndpointError) as said:
        usable_origins([origin])
    assert said.value.code == "endpoint.cors_origin"
    assert usable_origins(["HTTPS://Example.org/"]) == ("https://example.org",)


@pytest.mark.parametrize("key", ["密钥-key", "two words", "a\tb", "clé"])
def test_a_key_that_clients_cannot_send_is_refused(key: str) -> None:
    with pytest.raises(EndpointError) as said:
        usable_key(key)
    assert said.value.code == "endpoint.key_form"


def test_white_space_around_a_key_locks_nobody_out() -> None:
    with Served(api_key=f" {KEY}\n") as served:
        right = {"Authorization": f"Bearer {KEY}"}
        assert httpx.get(f"{served.base_url}/models", headers=right).status_code == 200
        assert httpx.get(f"{served.base_url}/models").status_code == 401
