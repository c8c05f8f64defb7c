"""What the page tells of the model that checks the pairs, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bridges import NAMES, text_of
from page_site import Site, open_page
from page_steps import choose, counts, drop, finished

from messages import LANGUAGES, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOCALES = {"en": "en-US", "zh": "zh-CN"}


def document(folder: Path, language: str) -> Path:
    file = folder / f"{language}.txt"
    file.write_text(text_of(language), encoding="utf-8")
    return file


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_judges_worth_is_told_and_what_it_refused_comes_back(
    browser: Browser, site: Site, tmp_path: Path, language: str
) -> None:
    with open_page(browser, site.url, language=LOCALES[language]) as page:
        choose(page, backend="strict")
        job = drop(page, document(tmp_path, language))
        before = finished(job)
        assert before["rejected"] == 2
        told = job.locator("[data-qa3=checks]").inner_text()
        beginning = say("show.judge_trusted", language, model="simulated", caught="|",
                        planted="|", refused="|", sure="|").split("|")[0]  # fmt: skip
        assert told.startswith(beginning)
        page.locator(".message-content").get_by_text(beginning).first.wait_for()
        job.locator("[data-qa3=row] button").nth(0).click()
        assert job.locator("[data-qa3=checked]").inner_text() == say("view.confirmed", language)
        job.locator("[data-qa3=view-rejected]").click()
        reason = say("rejected.judge", language, reason=f"of {NAMES[language][3]}")
        job.get_by_text(reason).wait_for()
        job.locator("[data-qa3=row] button").nth(0).click()
        job.locator("[data-qa3=restore]").click()
        kept = say("page.w_kept", language)
        job.get_by_role("tab", name=f"{kept} {before['kept'] + 1}").wait_for()
        assert counts(job)["rejected"] == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_doubtful_pairs_are_marked_and_a_person_ends_the_doubt(
    browser: Browser, site: Site, tmp_path: Path, language: str
) -> None:
    with open_page(browser, site.url, language=LOCALES[language]) as page:
        choose(page, backend="lenient")
        job = drop(page, document(tmp_path, language))
        whole = finished(job)["kept"]
        checks = job.locator("[data-qa3=checks]")
        assert say("show.doubtful", language, count=2) in checks.inner_text()
        row = job.locator("[data-qa3=row]").nth(0)
        assert say("view.one_doubtful", language) in row.inner_text()
        row.locator("button").click()
        job.locator("[data-qa3=confirm]").click()
        job.get_by_text(say("show.doubtful", language, count=1)).wait_for()
        job.locator("[data-qa3=proven-only]").check()
        with page.expect_download() as download:
            job.locator("[data-qa3=download-jsonl]").click()
        lines = Path(download.value.path()).read_text("utf-8").splitlines()
        assert len(lines) == whole - 2
        assert all(json.loads(line).get("verdict") != "refuted" for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_offers_whether_and_by_whom(
    browser: Browser, site: Site, tmp_path: Path, language: str
) -> None:
    with open_page(browser, site.url, language=LOCALES[language]) as page:
        page.click("#chat-settings-open-modal")
        panel = page.locator("#chat-settings")
        panel.get_by_text(say("setting.check.label", language), exact=True).wait_for()
        panel.get_by_text(say("setting.judge.label", language), exact=True).wait_for()
        panel.get_by_role("combobox").filter(has_text=say("setting.check.all", language)).click()
        page.get_by_role("option", name=say("setting.check.off", language), exact=True).click()
        page.click("#confirm")
        page.wait_for_selector("#chat-settings", state="detached")
        checked = site.models["quick"].checks
        job = drop(page, document(tmp_path, language))
        finished(job)
        assert site.models["quick"].checks == checked
        assert not job.locator("[data-qa3=checks]").count()
