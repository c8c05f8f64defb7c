"""Both languages, a phone-wide window, a keyboard and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page_site import CHINESE, ENGLISH, Site, open_page
from page_steps import JOB, attach, command, counts, finished, named, send

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WORDS = {
    "en-US": ("Drop documents here", "Stop", "Kept", "Download", ENGLISH, "Paste a text"),
    "zh-CN": ("把文档拖到这里", "停止", "保留", "下载", CHINESE, "粘贴文字"),
}
PHONE = 390


def overflow(page: Page) -> int:
    """Pixels by which anything is wider than the window."""
    script = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    width: int = page.evaluate(script)
    return width


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_pasted_text_on_a_phone_in_both_languages(
    browser: Browser, site: Site, language: str
) -> None:
    hint, _, kept, download, text, starter = WORDS[language]
    with open_page(browser, site.url, language=language, width=PHONE, height=800) as page:
        assert hint in (page.get_attribute("#chat-input", "placeholder") or "")
        assert page.evaluate("document.documentElement.lang") == language
        page.locator("#starters button").nth(2).click()  # the next message is material
        page.get_by_text(starter).first.wait_for()
        send(page, text)
        job = page.locator(JOB)
        found = finished(job)
        assert found["kept"] > 1
        job.get_by_role("tab", name=kept).wait_for()
        job.get_by_text(download).wait_for()
        job.locator("[data-qa3=row] button").first.click()
        job.locator("[data-qa3=passage] mark").wait_for()
        assert overflow(page) <= 0
        box = job.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE
        for button in job.locator("[data-qa3^=download]").all():
            place = button.bounding_box()
            assert place is not None
            assert place["x"] + place["width"] <= PHONE
        if language == "zh-CN":
            assert "Download" not in job.inner_text()


def test_everything_is_done_with_a_keyboard(browser: Browser, site: Site) -> None:
    with open_page(browser, site.url) as page:
        attach(page, [named("bridge.txt", ENGLISH)])  # the system's own dialog has its keys
        page.focus("#chat-input")
        page.keyboard.press("Enter")
        job = page.locator(JOB)
        before = finished(job)
        tab_to(page, "[data-qa3=view-kept]")
        tab_to(page, "[data-qa3=row] button")
        page.keyboard.press("Enter")
        job.locator("[data-qa3=passage] mark").wait_for()
        tab_to(page, "[data-qa3=edit]")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")  # from the question, which has the focus, to the answer
        page.keyboard.press("Control+a")
        page.keyboard.type("in the year 1890")
        tab_to(page, "[data-qa3=save]")
        page.keyboard.press("Enter")
        job.get_by_text("in the year 1890").first.wait_for()
        assert counts(job) == before
        tab_to(page, "[data-qa3=download-csv]")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename.endswith(".csv")
        page.focus("#chat-input")
        command(page, "help")
        page.get_by_text("begins anew").wait_for()


def tab_to(page: Page, selector: str) -> None:
    """Tabs until the focus is there; a user gets nowhere else without a mouse."""
    for _ in range(60):
        if page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")
