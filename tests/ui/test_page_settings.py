"""The settings panel in a real browser: kept per chat, validated, the prompt shown in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from page_site import ENGLISH, Site, open_page
from page_steps import JOB, attach, choose, finished, named

from prompts.template import read_prompt

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_a_wrong_number_is_said_and_the_old_one_stays(page: Page) -> None:
    choose(page, chunk_size="3")
    page.get_by_text("chunk_size cannot be 3").wait_for()
    choose(page, threshold="nearly")
    page.get_by_text("threshold cannot be nearly").wait_for()
    page.click("#chat-settings-open-modal")
    assert page.input_value("#chunk_size") == ""
    assert page.input_value("#threshold") == ""
    assert page.get_attribute("#chunk_size", "placeholder") == "usual: 40"
    page.keyboard.press("Escape")


def test_the_prompt_is_shown_in_full_edited_and_put_back(
    browser: Browser, site: Site, page: Page
) -> None:
    task = read_prompt("chatglm3", "en").task.strip()
    show_prompt(page)
    shown = page.input_value("#prompt_text")
    assert task in shown
    assert read_prompt("chatglm3", "en").example.reply.strip() in shown
    page.fill("#prompt_text", "Ask about bridges only.\n{text}")
    page.click("#confirm")
    page.get_by_text("Settings kept").wait_for()
    page.wait_for_selector("#chat-settings", state="detached")
    show_prompt(page)
    assert page.input_value("#prompt_text") == "Ask about bridges only.\n{text}"
    with open_page(browser, site.url) as other:  # another chat has its own
        show_prompt(other)
        assert other.input_value("#prompt_text") == shown
    page.get_by_role("switch").click()
    page.wait_for_function(
        "shown => document.querySelector('#prompt_text').value === shown", arg=shown
    )
    page.get_by_role("combobox").click()
    page.get_by_role("option", name="gpt-3.5").click()
    other_task = read_prompt("gpt-3.5", "en").task.strip()
    page.wait_for_function(
        "task => document.querySelector('#prompt_text').value.includes(task)", arg=other_task
    )
    page.click("#confirm")


def show_prompt(page: Page) -> None:
    page.click("#chat-settings-open-modal")
    page.get_by_role("tab").nth(1).click()
    page.wait_for_selector("#prompt_text")


def test_a_dear_run_begins_only_when_a_person_says_so(page: Page, site: Site) -> None:
    choose(page, backend="dear", confirm_cost="0.01")
    attach(page, [named("bridge.txt", ENGLISH)])
    page.click("#chat-submit")
    page.get_by_text("Shall it begin?").wait_for()
    page.get_by_text("At the configured price").wait_for()
    assert not site.models["dear"].asked
    page.get_by_role("button", name="Leave it").click()
    page.get_by_text("Nothing was asked.").wait_for()
    page.get_by_role("button", name="Begin").wait_for(state="detached")
    assert not page.get_by_role("button", name="Leave it").count()
    attach(page, [named("bridge.txt", ENGLISH)])
    page.click("#chat-submit")
    page.get_by_role("button", name="Begin").click()
    assert finished(page.locator(JOB))["kept"] > 1
