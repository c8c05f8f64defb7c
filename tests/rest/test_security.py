"""Who gets in, what no client can name, and what no answer gives away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bench.simulated import Simulated
from rest.config import Access, access_for
from rest.errors import RestError
from serving import is_loopback, language_of

TOKEN = "an-example-token-of-some-length"
KEY = "sk-a-key-nobody-may-see-0123456789"
CHINESE = "赵州桥由隋朝工匠李春设计建造。"
Start = Callable[..., httpx.Client]


def test_nothing_but_loopback_is_served_without_a_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org", ""):  # noqa: S104 - refused
        with pytest.raises(RestError, match="token"):
            access_for(host)
    for host in ("127.0.0.1", "127.8.8.8", "localhost", "::1"):
        assert is_loopback(host)
        assert access_for(host).hosts
    file = tmp_path / "token"
    for text in ("short", "", "naïve-token-of-some-length", "a b\tc" * 9):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(RestError) as raised:
            access_for("0.0.0.0", token_file=file)  # noqa: S104 - never bound
        assert text not in str(raised.value) or not text
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    assert access_for("0.0.0.0", token_file=file).token == SecretStr(TOKEN)  # noqa: S104
    monkeypatch.setenv("QA3_TOKEN", TOKEN)
    access = access_for("0.0.0.0")  # noqa: S104
    assert access.token == SecretStr(TOKEN)
    assert TOKEN not in repr(access)


def test_an_origin_that_is_let_in_is_one(start: Start) -> None:
    for given_, known in (
        ("https://Friend.example/", "https://friend.example"),
        ("https://friend.example:443", "https://friend.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
    ):
        assert access_for("127.0.0.1", origins=(given_,)).origins == (known,)
    for every in ("*", "https://*", "https://*.example"):
        with pytest.raises(RestError, match="every origin"):
            access_for("127.0.0.1", origins=(every,))
    for wrong in (
        *(
            "null",
            "friend.example",
            "friend.example:8080",
            "localhost:5173",
            "ftp://friend.example",
        ),
        *(
            "https://",
            "https://朋友.example",
            "https://friend.example/app",
            "https://a@friend.example",
        ),
        *("file:///", "https://friend.example?x", "", "http://[::1", "chrome-extension://abc"),
    ):
        with pytest.raises(RestError, match="scheme") as raised:
            access_for("127.0.0.1", origins=(wrong,))
        assert raised.value.code == "rest.bad_origin"
    client = start(access=access_for("127.0.0.1", origins=("https://friend.example",)))
    asked = {"Origin": "null", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.options("/ask", headers=asked).headers
    assert client.post("/ask", json={"question": "?"}, headers=asked).status_code == 403


def test_a_token_opens_every_path_but_those_that_tell_nothing(start: Start) -> None:
    client = start(access=Access(token=SecretStr(TOKEN)))
    told = client.get("/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    paths = [path for path, one in told["paths"].items() if "get" in one]
    for path in (*paths, "/openapi.json", "/", "/nothing-here"):
        place = re.sub(r"\{\w+\}", "0" * 16, path)
        for given_ in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = client.get(place, headers=given_)
            if path in ("/health", "/ready"):
                assert answer.status_code in (200, 503)
            else:
                assert answer.status_code == 401, path
                assert answer.headers["www-authenticate"].startswith("Bearer")
        answer = client.get(place, headers={"Authorization": f"bearer {TOKEN}"})
        assert answer.status_code != 401
    assert client.get("/pairs/playground/").status_code == 200
    assert client.post("/ask", json={"question": "?"}).status_code == 401


def test_no_web_page_reaches_it_by_another_name_or_from_another_origin(start: Start) -> None:
    client = start()
    port = client.base_url.port
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "[::1"):
        assert client.get("/health", headers={"Host": host}).status_code in (400, 421)
    for host in ("localhost", f"LOCALHOST:{port}", "[::1]:1"):
        assert client.get("/health", headers={"Host": host}).status_code == 200
    for origin in (
        "http://evil.example",
        "null",
        "http://[::1",
        "http://127.0.0.1",
        f"http://localhost:{port}",
    ):
        refused = client.post("/ask", json={"question": "?"}, headers={"Origin": origin})
        assert refused.json()["code"] == "rest.origin"
    own = {"Origin": f"http://127.0.0.1:{port}"}
    assert client.post("/pairs/invoke", json={"input": CHINESE}, headers=own).status_code == 200
    assert "access-control-allow-origin" not in client.get("/health", headers=own).headers


def test_a_configured_origin_may_ask(start: Start) -> None:
    friend = "https://friend.example"
    client = start(access=access_for("127.0.0.1", origins=(f"{friend}/",)))
    asked = {"Origin": friend, "Access-Control-Request-Method": "POST"}
    preflight = client.options("/pairs/invoke", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == friend
    answer = client.post("/pairs/invoke", json={"input": CHINESE}, headers={"Origin": friend})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == friend
    other = client.post("/pairs/invoke", json={"input": CHINESE}, headers={"Origin": "http://x"})
    assert other.status_code == 403
    assert "access-control-allow-origin" not in other.headers


def test_a_client_names_nothing_of_the_servers_world(client: httpx.Client, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("The password is swordfish and nobody may read it.", encoding="utf-8")
    place = str(secret)
    for given_ in (
        {"path": place},
        {"file": place},
        {"files": [place]},
        {"files": ["../../secret"]},
        {"text": "x", "prompt": place},
        {"text": "x", "model": place},
        {"text": "x", "journal": place},
        {"text": "x", "embeddings": place},
        {"text": "x", "embeddings": "http://127.0.0.1:1/v1"},
        {"text": "x", "base_url": "http://127.0.0.1:1/v1"},
        {"text": "x", "api_key_env": "HOME"},
    ):
        for path, body in (("/pairs/invoke", {"input": given_}), ("/jobs", given_)):
            answer = client.post(path, json=body)
            assert answer.status_code in (403, 422), given_
            assert "swordfish" not in answer.text
    made = client.post("/pairs/invoke", json={"input": place}).json()["output"]
    assert "swordfish" not in json.dumps(made)


def test_a_key_is_never_told_and_never_sent_to_an_address_of_a_clients(
    start: Start, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    (home / "config").mkdir(parents=True)
    with Simulated(key=KEY) as ours, Simulated() as theirs:
        table = f'base_url = "{ours.base_url}"\nmodel = "simulated"\napi_key_env = "SECRET_KEY"\n'
        (home / "config" / "qa3.toml").write_text(f"[backends.ours]\n{table}", encoding="utf-8")
        theirs.key = "another"  # whoever asks is answered 401; what was sent is looked at below
        client = start(access=access_for("127.0.0.1", base_url=True))
        given_ = {"text": CHINESE, "backend": "ours"}
        assert client.post("/pairs/invoke", json={"input": given_}).status_code == 200
        answers = [client.get(path) for path in ("/jobs", "/metrics", "/openapi.json", "/ready")]
        stolen = {**given_, "base_url": theirs.base_url, "model": "simulated"}
        answers.append(client.post("/pairs/invoke", json={"input": stolen}))
        assert answers[-1].status_code == 502
        theirs.key = KEY  # a server that knows the key would now answer 200
        answers.append(client.post("/pairs/invoke", json={"input": stolen}))
        assert answers[-1].status_code == 502
        assert not theirs.calls
        monkeypatch.setenv("SECRET_KEY", "sk-wrong-key-nobody-may-see")
        answers.append(client.post("/pairs/invoke", json={"input": {**given_, "temperature": 1}}))
        assert answers[-1].status_code == 502
        for answer in answers:
            assert KEY not in answer.text
            assert "sk-wrong" not in answer.text
    for file in home.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes()


@given(st.text(max_size=200))
def test_any_header_has_a_language(header: str) -> None:
    assert language_of(header) in ("en", "zh")


def test_the_language_preferred_is_the_one_answered_in() -> None:
    for header, language in (
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("fr, zh-TW;q=0.3", "zh"),
        ("fr", "en"),
        ("", "en"),
        ("zh;q=0", "en"),
    ):
        assert language_of(header) == language
