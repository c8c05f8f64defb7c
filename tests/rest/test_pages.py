"""The playground in a real browser: it works in both languages and fetches nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from rest.config import Access

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOKEN = "an-example-token-of-some-length"
CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
ENGLISH = "The Forth Bridge was opened in 1890. It crosses the Firth of Forth near Edinburgh."
Start = Callable[..., httpx.Client]


def opened(browser: Browser, address: str, locale: str) -> tuple[Page, list[str]]:
    """A page, and the list of what went wrong or elsewhere on it."""
    page, faults = browser.new_page(locale=locale), []
    host = address.split("/")[2]
    ours = (f"http://{host}/", f"blob:http://{host}/")
    page.on("request", lambda one: None if one.url.startswith(ours) else faults.append(one.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(address)
    return page, faults


@pytest.mark.parametrize(
    ("locale", "text", "word"), [("zh-CN", CHINESE, "保留 2 对"), ("en-GB", ENGLISH, "2 kept")]
)
def test_pairs_are_made_on_the_playground(
    client: httpx.Client, browser: Browser, locale: str, text: str, word: str, tmp_path: Path
) -> None:
    page, faults = opened(browser, f"{client.base_url}/pairs/playground/", locale)
    page.click("summary")
    assert "chatglm3" in page.locator("select#backend option").all_inner_texts()
    assert (
        page.locator("a[href='../../docs']").count() == page.locator("a[href='../../ui/']").count()
    )
    page.fill("#text", text + "\n<img src=x onerror=alert(1)>")
    page.click("#start")
    page.wait_for_selector("#downloads:not([hidden])")
    assert word in page.inner_text("#status")
    assert page.locator("#pairs li").count() == 2
    assert text[:10] in page.inner_text("#pairs")
    assert page.locator("#pairs img").count() == 0
    with page.expect_download() as download:
        page.click("#downloads button:has-text('csv')")
    assert "question,answer" in download.value.path().read_text(encoding="utf-8-sig")
    document = tmp_path / "桥.txt"
    document.write_text(text, encoding="utf-8")
    page.set_input_files("#file", document)
    page.click("#start")
    page.wait_for_selector("#pairs .from:has-text('桥.txt')")
    page.route("**/pairs/stream", lambda route: route.abort())  # an error leaves no old list
    page.click("#start")
    page.wait_for_selector("#status.wrong")
    assert page.locator("#pairs li").count() == 0
    faults[:] = [one for one in faults if "ERR_FAILED" not in one]
    assert page.get_attribute("html", "lang") == locale[:2]
    assert faults == []
    page.close()


def test_where_a_token_is_asked_for_the_playground_and_the_description_send_it(
    start: Start, browser: Browser
) -> None:
    client = start(access=Access(token=SecretStr(TOKEN)))
    page, _ = opened(browser, f"{client.base_url}/pairs/playground/", "en-GB")
    page.fill("#text", ENGLISH)
    page.click("#start")
    page.wait_for_selector("#status.wrong")
    assert "token" in page.inner_text("#status")
    page.click("summary")
    page.fill("#token", TOKEN)
    page.click("#start")
    page.wait_for_selector("#downloads:not([hidden])")
    page.goto(f"{client.base_url}/docs")
    page.wait_for_selector("#operations details")
    assert "/jobs/{job}/events" in page.inner_text("#operations")
    page.close()


def test_the_description_is_a_page_of_ours(client: httpx.Client, browser: Browser) -> None:
    page, faults = opened(browser, f"{client.base_url}/", "zh-CN")
    page.wait_for_selector("#operations details")
    assert page.url.endswith("/docs")
    assert "REST 服务" in page.inner_text("h1")
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page.inner_text("#operations")
    assert faults == []
    page.close()
