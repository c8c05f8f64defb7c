"""Long ways through the page, where a demanding person once got stuck."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe import serious_faults
from page_site import CHINESE, ENGLISH, Site, open_page
from page_steps import JOB, answered, attach, choose, counts, finished, named, send

from bench.runs import long_text, paragraph
from bench.simulated import Simulated
from chains.jobs.resume import resume
from chains.jobs.runner import Runner
from chains.journal.jobs import Jobs
from chains.journal.replies import Journal
from chains.run.inputs import Text, read_inputs
from chains.settings import resolve
from messages import LANGUAGES, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LOCALES = {"en": "en-US", "zh": "zh-CN"}
HOSTILE = "\"quoted\" <img src=x onerror=alert(1)> & 'more'"


def jobs_button(page: Page, language: str) -> Locator:
    return page.locator(f"[id='command-{say('page.name_jobs', language)}']")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_chosen_lasts_and_a_job_has_an_address(
    browser: Browser, site: Site, language: str
) -> None:
    with open_page(browser, site.url, language=LOCALES[language]) as page:
        page.wait_for_function("() => document.querySelector('#chat-submit')?.ariaLabel")
        assert serious_faults(page) == []
        choose(page, backend="heard")
        page.click("#chat-settings-open-modal")
        page.get_by_role("tab").nth(1).click()
        mine = f"Ask about bridges only ({language})."
        page.fill("#prompt_text_en", mine)
        assert serious_faults(page) == []
        page.click("#confirm")
        page.get_by_text(say("page.own_prompt_en", language)).wait_for()
        # A sample runs with what was chosen; only English texts are asked about in one's own words.
        seen: list[str] = []
        for starter, own in ((0, False), (1, True)):
            site.heard.clear()
            page.locator("#starters button").nth(starter).click()
            page.wait_for_url(lambda url: "job=" in url and url not in seen)
            seen.append(page.url)
            job = page.locator(f'{JOB}[aria-label$="{page.url.rpartition("=")[2]}"]')
            finished(job)
            assert (mine in site.heard) == own
            tokens = say("page.w_tokens", language, count="").strip()
            assert tokens in job.locator("[data-qa3=ending]").inner_text()
            name = (job.get_attribute("aria-label") or "").split()[-1]
            page.wait_for_url(f"**/?job={name}")
            if own:
                break
            page.click("#new-chat-button")
            page.click("#confirm")
            page.locator(JOB).wait_for(state="detached")
            page.wait_for_selector("#starters")
            assert "job=" not in page.url
        assert serious_faults(page) == []
        page.reload()
        again = page.locator(JOB)
        assert finished(again)["kept"] > 0
        assert (again.get_attribute("aria-label") or "").endswith(name)
        # What was asked before the reload is still chosen.
        page.click("#chat-settings-open-modal")
        assert "heard" in page.locator("#backend").inner_text()
        page.keyboard.press("Escape")
        # Questions: from this job's list, and it is said so.
        send(page, say("page.ask_about_it", language)[:12] + "?")
        answered(page, say("page.searched", language, name="forth.md"))
        # A second text is offered as material, never just answered.
        send(page, ENGLISH if language == "en" else CHINESE)
        page.get_by_role("button", name=say("page.make_pairs", language)).click()
        page.locator(JOB).nth(1).wait_for()
        finished(page.locator(JOB).nth(1))
        page.get_by_role("button", name=say("page.answer_it", language)).wait_for(state="detached")
        # One click shows the jobs; one is named, and one goes.
        jobs_button(page, language).click()
        listed = page.locator("[data-qa3=jobs]")
        listed.locator(f"[data-qa3=rename-{name}]").click()
        listed.locator("[data-qa3=name]").fill(HOSTILE)
        page.keyboard.press("Enter")
        listed.get_by_text(HOSTILE).wait_for()
        assert listed.locator("img").count() == 0
        page.evaluate("document.documentElement.classList.replace('light', 'dark')")
        page.wait_for_timeout(500)  # colours fade into each other
        assert serious_faults(page) == []
        listed.locator(f"[data-qa3=open-{name}]").click()
        page.locator(JOB).nth(2).get_by_text(HOSTILE).wait_for()
        listed.locator(f"[data-qa3=delete-{name}]").click()
        listed.get_by_role("button", name=say("page.w_delete_really", language)).click()
        listed.locator(f"[data-qa3=open-{name}]").wait_for(state="detached")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_back_end_that_dies_is_said_and_another_goes_on(
    browser: Browser, site: Site, language: str
) -> None:
    from playwright.sync_api import expect

    model = site.models["dying"]
    with open_page(browser, site.url, language=LOCALES[language], width=390, height=800) as page:
        choose(page, backend="dying")
        first = 100 if language == "en" else 200  # what was answered once is not asked again
        text = "\n\n".join(paragraph(number) for number in range(first, first + 30))
        attach(page, [named("long.txt", text)])
        page.click("#chat-submit")
        job = page.locator(JOB)
        job.locator("[data-qa3=row]").first.wait_for()
        send(page, "?")  # nobody answers out of the model's own head while pairs are being made
        answered(page, say("page.wait", language, name="long.txt").partition("long.txt")[2][:12])
        model.key = "another"
        before = finished(job, "halted")
        assert before["not_asked"] > 0
        assert job.locator("[data-qa3=state]").inner_text() == say("page.w_halted", language)
        told = job.locator("[data-qa3=failure]").inner_text()
        assert "dying" in told
        assert "--" not in told
        page.locator(".message-content").get_by_text(told.splitlines()[0][:20]).first.wait_for()
        job.locator("[data-qa3=view-not_asked]").click()
        expect(job.locator("[data-qa3=row]")).to_have_count(min(20, before["not_asked"]))
        choose(page, backend="quick")
        job.locator("[data-qa3=go-on]").click()
        quick = say("page.goes_on_with", language, backend="quick", model="simulated")
        answered(page, quick[:20])
        after = finished(job, "done", "partial")
        assert after["kept"] >= before["kept"]
        assert after["not_asked"] == 0
    model.key = ""


def test_a_job_of_another_process_is_seen_and_stopped(browser: Browser, site: Site) -> None:
    read = read_inputs([Text(text=long_text(20), name="far.txt")], chunk_size=20, overlap=0)
    with Simulated(latency=0.4) as far, Journal(site.home / "data/journal.sqlite") as journal:
        chosen = resolve({"backend": "chatglm3", "base_url": far.base_url, "model": far.model,
                          "embeddings": "lexical", "chunk_size": 20})  # fmt: skip
        with closing(Runner(journal)) as none:
            none.close()  # it takes the job on and never runs it: this process does
            job = none.begin(read, chosen)
            work = threading.Thread(
                target=lambda: list(resume(journal, Jobs(journal).find(job))), daemon=True
            )
            work.start()
            with (
                open_page(browser, f"{site.url}/?job={job}") as page,
                open_page(browser, f"{site.url}/?job={job}") as other,
            ):
                shown = page.locator(JOB)
                shown.locator("[data-qa3=row]").first.wait_for()
                assert "0" not in shown.locator("[data-qa3=view-kept] b").inner_text().split()
                shown.locator("[data-qa3=stop]").click()
                for tab in (shown, other.locator(JOB)):
                    tab.and_(
                        tab.page.locator("[data-state=stopping], [data-state=stopped]")
                    ).wait_for()
                    assert finished(tab, "stopped")["not_asked"] > 0
                    assert "Stopped:" in tab.locator("[data-qa3=ending]").inner_text()
            work.join(60)


def test_reading_tells_how_far_it_is_and_is_given_up(page: Page, tmp_path: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("Helvetica", size=9)
    for number in range(240):
        pdf.add_page()
        for line in range(40):
            pdf.cell(
                text=f"Span {number} of pier {line} is {number + line} metres long.",
                new_x="LMARGIN",
                new_y="NEXT",
            )
    pdf.output(str(tmp_path / "long.pdf"))
    attach(page, [tmp_path / "long.pdf"])
    page.click("#chat-submit")
    reading = page.locator("[data-qa3=reading]")
    reading.get_by_text("of 240 pages").wait_for()
    reading.locator("[data-qa3=cancel-reading]").click()
    answered(page, say("page.reading_cancelled"))
    reading.wait_for(state="detached")
    assert page.locator(JOB).count() == 0


def test_ten_files_of_which_three_are_refused(browser: Browser, site: Site) -> None:
    good = [named(f"bridge-{at}", f"{ENGLISH} This is number {at}.", "") for at in range(7)]
    bad = [
        named("empty.txt", ""),
        named(HOSTILE.replace("/", "") + ".bin", "\x00\x01\x02" * 400, "application/zip"),
        named("tune.mp3", "ID3\x00\x00" + "\x00\x01" * 900, "audio/mpeg"),
    ]
    with open_page(browser, site.url, language="zh-CN") as page:
        attach(page, [*good, *bad])
        page.click("#chat-submit")
        found = finished(page.locator(JOB))
        assert found["chunks"] >= 7
        said = page.locator(".message-content")
        for file in bad:
            said.get_by_text(file["name"].removeprefix('"quoted" ')).first.wait_for()
        assert counts(page.locator(JOB)) == found
        page.evaluate(
            "() => { const big = new File(['x'], 'big.txt'); Object.defineProperty(big, 'size',"
            " { value: 3e8 }); const drop = new Event('drop', { bubbles: true, cancelable: true });"
            " drop.dataTransfer = { files: [big] };"
            " document.querySelector('#chat-input').dispatchEvent(drop); }"
        )
        page.get_by_role("alert").get_by_text("big.txt").wait_for()
