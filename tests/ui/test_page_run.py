"""From a document to a list in a real browser: progress, stop, go on, a closed tab, failures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from page_site import CHINESE, Site, open_page
from page_steps import JOB, attach, choose, command, counts, drop, finished, named

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
APOLLO = ROOT / "examples/documents/apollo11.pdf"
FORTH = ROOT / "ui/samples/forth.md"


def test_a_document_becomes_a_list_with_its_proof(page: Page) -> None:
    # No other test drops this one: what a person corrected in a list stays in it.
    job = drop(page, APOLLO)
    page.get_by_text(re.compile(r"apollo11\.pdf: 3 pages")).wait_for()
    found = finished(job)
    assert found["kept"] > 20
    assert found["failed"] == 0
    job.locator("[data-qa3=row] button").first.click()
    passage = job.locator("[data-qa3=passage]")
    passage.wait_for()
    answer = job.locator("[data-qa3=row] .qa3-answer").first.inner_text()
    assert "".join(passage.locator("mark").inner_text().split()) == "".join(answer.split())
    assert len(passage.inner_text()) > len(answer) + 50  # the words around it are shown
    page.get_by_text("Ask about the documents: answers come from").wait_for()


def test_stop_keeps_what_is_there_and_goes_on(page: Page) -> None:
    choose(page, backend="slow")
    job = drop(page, FORTH)
    job.locator("[data-qa3=row]").first.wait_for()  # pairs arrive while it runs
    bar = job.get_by_role("progressbar")
    assert 0 < int(bar.get_attribute("aria-valuenow") or 0) < 100
    job.locator("[data-qa3=stop]").click()
    stopped = finished(job, "stopped")
    assert stopped["kept"] > 0
    assert stopped["not_asked"] > 0
    job.locator("[data-qa3=go-on]").click()
    done = finished(job, "done")
    assert done["not_asked"] == 0
    assert done["kept"] > stopped["kept"]


def test_a_closed_tab_ends_nothing_and_the_job_is_opened_again(
    browser: Browser, site: Site
) -> None:
    with open_page(browser, site.url) as first:
        choose(first, backend="slow", chunk_size="60")
        job = drop(first, FORTH)
        job.get_by_role("progressbar").wait_for()
        name = (job.get_attribute("aria-label") or "").split()[-1]
    with open_page(browser, site.url) as second:
        command(second, "jobs")
        second.locator(f"[data-qa3=open-{name}]").click()
        again = second.locator(JOB)
        assert finished(again)["kept"] > 0


def test_failed_chunks_say_why_and_are_asked_again(page: Page, site: Site) -> None:
    choose(page, backend="faulty")
    job = drop(page, FORTH)
    found = finished(job, "partial")
    assert found["failed"] == 1
    job.locator("[data-qa3=view-failed]").click()
    job.get_by_text("this text is not welcome").wait_for()
    model = site.models["faulty"]
    asked = sum(model.asked.values())
    job.locator("[data-qa3=retry]").click()
    page.wait_for_function(
        "() => !document.querySelector('[data-qa3=job][data-state=partial]')", timeout=40_000
    )
    assert finished(job, "partial")["failed"] == 1  # it is refused however often it is asked
    assert sum(model.asked.values()) > asked
    assert counts(job)["kept"] == found["kept"]


def test_several_files_at_once_are_one_list_in_their_order(page: Page) -> None:
    job = drop(page, FORTH, ROOT / "ui/samples/zhaozhou.md")
    assert finished(job)["kept"] > 10
    places = job.locator(".qa3-place").all_inner_texts()
    assert places == sorted(places)
    assert {place.split(",")[0] for place in places} == {"forth.md", "zhaozhou.md"}


def test_what_was_understood_of_an_old_encoding_is_said(browser: Browser, site: Site) -> None:
    text = named("桥.txt", CHINESE)
    text["buffer"] = CHINESE.encode("gb18030")
    with open_page(browser, site.url, language="zh-CN") as page:
        attach(page, [text])
        page.click("#chat-submit")
        page.get_by_text(re.compile("按 GB.* 编码读取", re.IGNORECASE)).wait_for()
        job = page.locator(JOB)
        assert finished(job)["kept"] > 0
        job.get_by_text("桥.txt").first.wait_for()
