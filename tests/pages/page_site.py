"""A server of the page, the simulated models behind it, and tabs of a browser in front."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bench.serving import free_port
from bench.simulated import MATERIAL, Simulated, pairs_reply

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
INSTALL = "sudo apt-get install chromium"
KEY = "page-test-key"
ENGLISH = (
    "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."
    " It is 2467 metres long. About 53000 tonnes of steel were used for it."
)
CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。它位于河北省赵县。"


def chat_reply(messages: list[dict[str, str]]) -> str:
    """Pairs of a passage; an answer to anything else, which says how much was said before."""
    if MATERIAL.search(messages[-1]["content"]):
        return pairs_reply(messages)
    said = sum(message["role"] == "user" for message in messages)
    if "53000" in messages[-1]["content"] or "53,000" in messages[-1]["content"]:
        return "About 53000 tonnes of steel were used [1]."
    return f"This is turn {said}. You are talking with a simulated model."


def noting(heard: list[str]) -> Callable[[list[dict[str, str]]], str]:
    """A model that writes down the beginning of every request."""

    def reply(messages: list[dict[str, str]]) -> str:
        heard.append(messages[0]["content"])
        return chat_reply(messages)

    return reply


@dataclass
class Site:
    """A server of the page.

    Attributes:
        url: Its address.
        home: Its folder of settings, journal and caches.
        child: The process.
        models: The simulated models behind it, by the name of their backend.
        heard: The first message of every request to the model ``heard``.
    """

    url: str
    home: Path
    child: subprocess.Popen[bytes]
    models: dict[str, Simulated]
    heard: list[str]


@contextmanager
def serving(
    home: Path, config: str = "", command: str = "ui", **environment: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server process and its address."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "settings.toml"
    file.write_text(config, encoding="utf-8")
    port = free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("QA3_", "CHAINLIT_"))}
    ours = {**clean, "QA3_HOME": str(home), "NO_PROXY": "127.0.0.1", **environment}
    argv = [sys.executable, "-m", "app_cli", command, "--port", str(port), "--config", str(file)]
    with subprocess.Popen(argv, env=ours, cwd=ROOT) as child:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(url, child)
            yield url, child
        finally:
            child.terminate()


def wait_until_up(url: str, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        assert child.poll() is None, "the server ended"
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(url)


def settings_of(models: dict[str, Simulated]) -> str:
    """A settings file with each simulated model as a backend, the first the one in force."""
    lines = [f'backend = "{next(iter(models))}"', 'embeddings = "packaged"', "retry_seconds = 2"]
    for name, model in models.items():
        lines += [
            f"[backends.{name}]",
            f'base_url = "{model.base_url}"',
            'model = "simulated"',
            "chunk_size = 40",
            "concurrency = 2",
        ]
    nobody = free_port()
    lines += ["price = [1000.0, 1000.0]"] if "dear" in models else []
    lines += [
        "[backends.nobody]",
        f'base_url = "http://127.0.0.1:{nobody}/v1"',
        'model = "simulated"',
        "[backends.locked]",
        f'base_url = "{next(iter(models.values())).base_url}"',
        'model = "simulated"',
        'api_key_env = "PAGE_TEST_KEY"',
    ]
    return "\n".join(lines)


_contexts: dict[tuple[Browser, str], BrowserContext] = {}


@contextmanager
def open_page(
    browser: Browser, url: str, *, language: str = "en-US", width: int = 1200, height: int = 900
) -> Iterator[Page]:
    """A new tab; it fails on what breaks in it, and on any request that leaves the server."""
    if (browser, language) not in _contexts:
        # Tabs of one language share what is cached: the page is megabytes of script.
        _contexts[browser, language] = browser.new_context(locale=language, accept_downloads=True)
    page = _contexts[browser, language].new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.set_default_timeout(40_000)
    broken: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.wait_for_selector("#chat-settings-open-modal, input[type=password]")
    yield page
    page.close()
    assert broken == []
    home = url.removeprefix("http://").partition("/")[0]
    schemes = (f"http://{home}/", f"ws://{home}/", "data:", "blob:", "about:")
    assert [one for one in asked if not one.startswith(schemes)] == []
