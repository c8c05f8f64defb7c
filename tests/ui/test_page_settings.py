"""The settings panel in a real browser: kept per chat, validated, the prompt shown in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from page_site import ENGLISH, Site, open_page
from page_steps import JOB, attach, choose, finished, named

from prompts.template import read_prompt

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_a_wrong_value_is_said_beside_its_box_and_nothing_is_lost(page: Page) -> None:
    page.click("#chat-settings-open-modal")
    page.fill("#chunk_size", "3")
    page.fill("#threshold", "0,9")
    page.fill("#kinds", "what, whither")
    page.get_by_role("tab").nth(1).click()
    page.fill("#prompt_text_en", "Ask about bridges only.")
    page.click("#confirm")
    assert page.is_visible("#chat-settings")  # it goes to the box, in the other tab
    page.locator("#chunk_size[aria-invalid=true]").wait_for()
    page.get_by_text("Tokens of one chunk cannot be 3: it takes 20 to 8000").wait_for()
    page.get_by_text("Duplicate threshold cannot be 0,9").wait_for()
    page.get_by_text("Kinds of questions cannot be what, whither").wait_for()
    assert page.evaluate("document.activeElement.id") == "chunk_size"
    page.fill("#chunk_size", "")
    page.locator("#qa3-wrong-chunk_size").wait_for(state="detached")
    page.fill("#threshold", "0.9")
    page.fill("#kinds", "what, why")
    page.click("#confirm")
    page.get_by_text("Settings kept").wait_for()
    page.wait_for_selector("#chat-settings", state="detached")
    assert page.locator("#starters button").count() == 3  # the samples are still offered
    page.click("#chat-settings-open-modal")
    assert page.input_value("#threshold") == "0.9"
    assert page.get_attribute("#chunk_size", "placeholder") == "usual: 40"
    page.get_by_role("tab").nth(1).click()
    assert page.input_value("#prompt_text_en") == "Ask about bridges only."
    page.keyboard.press("Escape")


def test_the_prompt_is_shown_in_full_edited_and_put_back(
    browser: Browser, site: Site, page: Page
) -> None:
    task = read_prompt("chatglm3", "en").task.strip()
    show_prompt(page)
    shown = page.input_value("#prompt_text_en")
    assert task in shown
    assert read_prompt("chatglm3", "en").example.reply.strip() in shown
    page.fill("#prompt_text_en", "Ask about bridges only.\n{text}")
    page.click("#confirm")
    page.get_by_text("Settings kept").wait_for()
    page.wait_for_selector("#chat-settings", state="detached")
    show_prompt(page)
    assert page.input_value("#prompt_text_en") == "Ask about bridges only.\n{text}"
    with open_page(browser, site.url) as other:  # another chat has its own
        show_prompt(other)
        assert other.input_value("#prompt_text_en") == shown
    page.get_by_role("switch").click()
    page.wait_for_function(
        "shown => document.querySelector('#prompt_text_en').value === shown", arg=shown
    )
    page.get_by_role("combobox").click()
    page.get_by_role("option", name="gpt-3.5").click()
    other_task = read_prompt("gpt-3.5", "en").task.strip()
    page.wait_for_function(
        "task => document.querySelector('#prompt_text_en').value.includes(task)", arg=other_task
    )
    page.click("#confirm")


def show_prompt(page: Page) -> None:
    page.click("#chat-settings-open-modal")
    page.get_by_role("tab").nth(1).click()
    page.wait_for_selector("#prompt_text_en")


def test_a_dear_run_begins_only_when_a_person_says_so(page: Page, site: Site) -> None:
    choose(page, backend="dear", confirm_cost="0.01")
    attach(page, [named("bridge.txt", ENGLISH)])
    page.click("#chat-submit")
    page.get_by_text("Shall it begin?").wait_for()
    page.get_by_text("That costs about").wait_for()
    assert not site.models["dear"].asked
    page.get_by_role("button", name="Leave it").click()
    page.get_by_text("Nothing was asked.").wait_for()
    page.get_by_role("button", name="Begin").wait_for(state="detached")
    assert not page.get_by_role("button", name="Leave it").count()
    attach(page, [named("bridge.txt", ENGLISH)])
    page.click("#chat-submit")
    page.get_by_role("button", name="Begin").click()
    assert finished(page.locator(JOB))["kept"] > 1
