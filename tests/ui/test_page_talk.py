"""Talking in a real browser: freely, from a list with its sources, and "not in these documents"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from page_site import ENGLISH, Site, open_page
from page_steps import JOB, attach, choose, command, finished, named, send

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_a_conversation_of_several_turns(page: Page) -> None:
    send(page, "Hello, who are you?")
    page.get_by_text("This is turn 1.").wait_for()
    send(page, "And what can you do?")
    page.get_by_text("This is turn 2.").wait_for()
    command(page, "new")
    page.get_by_text("A new beginning").wait_for()
    send(page, "Hello again, who are you?")
    page.get_by_text("This is turn 1.").nth(1).wait_for()


def test_questions_are_answered_from_the_list_with_sources(page: Page) -> None:
    attach(page, [named("bridge.txt", ENGLISH)])
    page.click("#chat-submit")
    finished(page.locator(JOB))
    send(page, "How many tonnes of steel were used for the Forth Bridge?")
    page.get_by_text("About 53000 tonnes of steel were used").last.wait_for()
    sources = page.locator("[data-qa3=sources]")
    sources.get_by_text("bridge.txt").first.wait_for()
    sources.locator("summary").first.click()
    assert "bridge" in sources.locator("blockquote").first.inner_text().lower()
    send(page, "Who won the football world cup in 1974?")
    page.get_by_text("not in these documents").wait_for()
    assert page.locator("[data-qa3=sources]").count() == 1


def test_a_chinese_question_is_answered_from_a_chinese_list(browser: Browser, site: Site) -> None:
    with open_page(browser, site.url, language="zh-CN") as page:
        page.locator("#starters button").nth(0).click()
        finished(page.locator(JOB))
        send(page, "赵州桥的主拱净跨度是多少？")
        page.locator("[data-qa3=sources]").get_by_text("zhaozhou.md").first.wait_for()


def test_an_answer_is_stopped_and_the_chat_lives_on(browser: Browser, site: Site) -> None:
    with open_page(browser, site.url, language="zh-CN") as page:
        choose(page, backend="sleepy")
        send(page, "你好，你是谁？")
        page.click("#stop-button")
        page.get_by_text("已停止。").wait_for(timeout=5000)
        page.wait_for_selector("#chat-submit")
        choose(page, backend="quick")
        send(page, "你好，你还在吗？")
        page.get_by_text("This is turn 1.").wait_for()
