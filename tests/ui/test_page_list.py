"""The list in a real browser: finding, paging, editing, and every file it is taken away as."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from page_site import Site, open_page
from page_steps import command, counts, drop, finished

from chains.journal.jobs import Jobs
from chains.journal.lists import save_list
from chains.journal.replies import Journal
from chains.records import Job
from loaders.records import Span
from pairs.records import ChunkOutcome, Evidence, PairList, QAPair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

PDF = Path(__file__).resolve().parents[2] / "examples/documents/hzmb.pdf"
NEW = "=大桥全长约55公里"  # a spreadsheet would run it


@pytest.fixture(scope="module")
def job(browser: Browser, site: Site) -> Iterator[Locator]:
    """A finished job on a page that all tests of this file share, in their order."""
    with open_page(browser, site.url, language="zh-CN") as page:
        one = drop(page, PDF)
        finished(one)
        yield one


def take(job: Locator, form: str) -> tuple[str, bytes]:
    """A file as the browser saves it."""
    with job.page.expect_download() as download:
        job.locator(f"[data-qa3=download-{form}]").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def questions(job: Locator) -> list[str]:
    return job.locator(".qa3-question").all_inner_texts()


def test_finding_and_paging(job: Locator) -> None:
    whole = counts(job)["kept"]
    first = questions(job)
    assert len(first) == 20
    job.locator("[data-qa3=next]").click()
    job.get_by_text(f"第 21–{whole} 条").wait_for()
    second = questions(job)
    assert len(second) == whole - 20
    assert not set(first) & set(second)
    job.locator("[data-qa3=find]").fill("人工岛 隧道")
    job.page.wait_for_function("() => document.querySelectorAll('[data-qa3=row]').length < 10")
    rows = job.locator("[data-qa3=row]").all_inner_texts()
    assert rows
    assert all("人工岛" in row and "隧道" in row for row in rows)
    job.locator("[data-qa3=find]").fill("")
    job.get_by_text(f"第 1–20 条，共 {whole} 条").wait_for()


def test_editing_leaving_out_and_putting_back(job: Locator) -> None:
    before = counts(job)
    job.locator("[data-qa3=row] button").nth(0).click()
    job.locator("[data-qa3=edit]").click()
    job.locator(".qa3-edit textarea").nth(1).fill(NEW)
    job.locator("[data-qa3=save]").click()
    job.locator("[data-qa3=row]").nth(0).get_by_text("已编辑").wait_for()
    assert counts(job) == before
    gone = questions(job)[1]
    job.locator("[data-qa3=row] button").nth(1).click()
    job.locator("[data-qa3=leave-out]").click()
    job.get_by_text(f"保留 {before['kept'] - 1} +").wait_for()
    left = counts(job)
    assert left["parsed"] == before["parsed"]
    assert left["rejected"] == before["rejected"] + 1
    assert gone not in questions(job)
    job.locator("[data-qa3=view-rejected]").click()
    job.get_by_role("button", name=gone).click()
    job.locator("[data-qa3=restore]").click()
    job.get_by_text(f"保留 {before['kept']} +").wait_for()
    assert counts(job) == before
    job.locator("[data-qa3=view-kept]").click()
    job.get_by_role("button", name=gone).wait_for()


def test_a_blank_answer_is_refused_with_a_word(job: Locator) -> None:
    before = counts(job)
    job.locator("[data-qa3=view-kept]").click()
    row = job.locator("[data-qa3=row] button").nth(2)
    row.click()
    job.locator("[data-qa3=edit]").click()
    job.locator(".qa3-edit textarea").nth(1).fill("  ")
    job.locator("[data-qa3=save]").click()
    job.page.get_by_text("问题和答案都不能").or_(job.page.get_by_text("空")).first.wait_for()
    job.page.keyboard.press("Escape")
    job.locator("[data-qa3=edit]").wait_for()
    assert counts(job) == before
    row.click()


def test_every_file_holds_the_list_with_its_edits(job: Locator) -> None:
    kept = counts(job)["kept"]
    name, content = take(job, "jsonl")
    assert name.startswith("hzmb-")
    assert name.endswith(".jsonl")
    pairs = [QAPair.model_validate_json(line) for line in content.decode().splitlines()]
    assert len(pairs) == kept
    assert pairs[0].answer == NEW
    assert pairs[0].edited
    asked = [pair.question for pair in pairs]

    _, content = take(job, "csv")
    assert content.startswith(b"\xef\xbb\xbf")  # Excel takes it for what it is
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["question"] for row in rows] == asked
    assert rows[0]["answer"] == "'" + NEW

    _, content = take(job, "xlsx")
    sheet = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    assert [row[0] for row in sheet.iter_rows(min_row=2, max_col=1, values_only=True)] == asked

    _, content = take(job, "openai")
    lines = [json.loads(line) for line in content.decode().splitlines()]
    assert [one["messages"][0]["content"] for one in lines] == asked

    _, content = take(job, "markdown")
    assert content.decode().count("\n   > ") == kept - 1  # no passage proves the person's words

    name, content = take(job, "report")
    assert name.endswith(".html")
    report = content.decode()
    assert report.lstrip().lower().startswith("<!doctype html>")
    assert pairs[3].answer in report


@pytest.mark.parametrize(
    ("form", "question"), [("alpaca", "instruction"), ("sharegpt", "conversations")]
)
def test_a_trainers_file_comes_with_what_describes_it(
    job: Locator, form: str, question: str
) -> None:
    name, content = take(job, form)
    assert name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {one: json.loads(archive.read(one)) for one in archive.namelist()}
    info = files.pop("dataset_info.json")
    ((file, rows),) = files.items()
    assert len(rows) == counts(job)["kept"]
    assert question in rows[0]
    (entry,) = info.values()
    assert entry["file_name"] == file
    assert entry["formatting"] == form


def test_five_thousand_pairs_are_paged_and_found_at_once(page: Page, site: Site) -> None:
    many = 5000
    evidence = Evidence(match="none")
    kept = tuple(
        QAPair(id=f"{at:012x}", question=f"第{at}号桥有多长？", answer=f"{at}米", evidence=evidence)
        for at in range(many)
    )
    chunk = ChunkOutcome(chunk_id="c", span=Span(start=0, end=9), state="pairs", parsed=many)
    journal = Journal(site.home / "data/journal.sqlite")
    Jobs(journal).add(Job(id="5000aaaa", fingerprint="5000"))
    save_list(journal, "5000aaaa", PairList(kept=kept, chunks=(chunk,)))
    with journal.writing() as db:
        db.execute("UPDATE jobs SET state = 'done', served = 0 WHERE id = '5000aaaa'")
    journal.close()
    command(page, "jobs")
    page.locator("[data-qa3=open-5000aaaa]").click()
    big = page.locator("[data-qa3=job]")
    big.get_by_text("1–20 of 5000").wait_for()
    began = time.monotonic()
    big.locator("[data-qa3=next]").click()
    big.get_by_text("21–40 of 5000").wait_for()
    big.locator("[data-qa3=find]").fill("第4321号桥")
    big.get_by_text("4321米").first.wait_for()
    assert time.monotonic() - began < 3.0
    assert big.locator("[data-qa3=row]").count() == 1


def test_uploads_go_with_the_chat(page: Page, site: Site) -> None:
    def folders() -> set[Path]:
        return {one.parent for one in site.home.glob("cache/page/*/.files/*/*")}

    before = folders()
    finished(drop(page, PDF))
    (mine,) = folders() - before
    page.click("#new-chat-button")
    page.click("#confirm")
    page.wait_for_selector("#starters")
    last = time.monotonic() + 20
    while mine.exists() and time.monotonic() < last:
        page.wait_for_timeout(100)
    assert not mine.exists()
