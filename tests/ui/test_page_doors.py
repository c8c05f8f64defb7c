"""Who gets in: strangers do not, people who sign in do, and REST serves the same page."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from page_site import CHINESE, Site, open_page, serving, settings_of
from page_wire import User, run, the_job
from typer.testing import CliRunner

from bench.simulated import Simulated
from cli.main import build_app
from messages.errors import SaidError
from serving import is_loopback
from ui.auth import check_exposed
from ui.security import MOST_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

PASSWORD = "桥 and bridge"


def test_the_page_asks_nobody_else_for_anything(site: Site) -> None:
    answer = httpx.get(site.url)
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}])
def test_strangers_are_refused(site: Site, headers: dict[str, str]) -> None:
    with httpx.Client(headers={"accept-language": "zh-CN", **headers}) as client:
        for answer in (client.get(site.url), client.post(f"{site.url}/project/action")):
            assert answer.status_code == 403
            assert not answer.json()["detail"].isascii()  # in the reader's language


def answer_to(site: Site, *lines: str) -> bytes:
    """The first bytes of the answer to a request sent as it stands."""
    host = site.url.removeprefix("http://")
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), timeout=30) as wire:
        wire.sendall("\r\n".join([lines[0], f"Host: {host}", *lines[1:], "", ""]).encode())
        return wire.recv(200)


def test_an_upload_beyond_measure_is_refused_before_it_is_read(site: Site) -> None:
    length = f"Content-Length: {MOST_BYTES * 2}"
    assert b" 413 " in answer_to(site, "POST /project/file HTTP/1.1", length)


def test_a_strangers_page_gets_no_wire(site: Site) -> None:
    asked = "GET /ws/socket.io/?EIO=4&transport=websocket HTTP/1.1"
    upgrade = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    assert b" 101 " in answer_to(site, asked, *upgrade)
    assert b" 403 " in answer_to(site, asked, *upgrade, "Origin: http://evil.example")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com"])  # noqa: S104 - refused
def test_nothing_starts_exposed_without_a_sign_in(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_loopback(host)
    with pytest.raises(SaidError, match="QA3_UI_PASSWORD"):
        check_exposed(host)
    told = CliRunner().invoke(build_app("en"), ["ui", "--host", host, "--port", "1"])
    assert isinstance(told.exception, SaidError)
    monkeypatch.setenv("QA3_UI_PASSWORD", PASSWORD)
    check_exposed(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_this_machine_alone_needs_none(host: str) -> None:
    check_exposed(host)


def test_people_sign_in_by_password_or_header(browser: Browser, tmp_path: Path) -> None:
    given = {"QA3_UI_PASSWORD": PASSWORD, "QA3_UI_HEADER": "X-Signed-In-As"}
    with serving(tmp_path / "home", "", **given) as (url, _):
        wrong = {"username": "li", "password": "nonsense"}
        assert httpx.post(f"{url}/login", data=wrong, timeout=30).status_code == 401
        assert httpx.post(f"{url}/auth/header").status_code == 401
        signed = httpx.post(f"{url}/auth/header", headers={"X-Signed-In-As": "li"})
        assert signed.status_code == 200
        assert httpx.get(f"{url}/user").status_code == 401
        # The desk has the same door.
        assert httpx.get(f"{url}/desk/00000000").headers["location"] == "/login"
        assert httpx.get(f"{url}/desk/00000000/list").status_code == 401
        assert httpx.post(f"{url}/desk/00000000/changes", json={"changes": []}).status_code == 401
        by_name = {"X-Signed-In-As": "li"}
        assert httpx.get(f"{url}/desk/00000000/list", headers=by_name).status_code == 404
        with open_page(browser, f"{url}/login") as page:
            page.fill("#email", "li")
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("#chat-settings-open-modal")
            page.goto(f"{url}/desk/00000000")
            page.locator("#refusal", has_text="00000000").wait_for()
        for cookie in browser.contexts[0].cookies(url):
            assert cookie["httpOnly"] or "access_token" not in cookie["name"]
    assert not list((tmp_path / "home/cache/page").glob("server-*"))  # uploads end with the server


def test_rest_serves_the_page_with_the_same_jobs(server: Simulated, tmp_path: Path) -> None:
    config = settings_of({"quick": server})
    with serving(tmp_path / "home", config, command="serve") as (url, _):
        page = httpx.get(f"{url}/ui/", follow_redirects=True)
        assert '"/ui/public/qa3.css"' in page.text
        assert httpx.get(f"{url}/ui/public/elements/Job.jsx").status_code == 200

        async def drop() -> str:
            async with User(f"{url}/ui") as user:
                await user.say(CHINESE, command="pairs")
                return str(await user.until(the_job))

        job = run(drop())
        listed = httpx.get(f"{url}/jobs", timeout=30)
        assert listed.status_code == 200
        assert job in listed.text
        until = time.monotonic() + 30
        while (desk := httpx.get(f"{url}/desk/{job}/list", timeout=30)).status_code == 409:
            assert time.monotonic() < until
        assert desk.json()["job"] == job
        assert desk.json()["items"]
