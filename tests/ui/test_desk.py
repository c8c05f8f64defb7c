"""The desk in a real browser: a list reviewed to its end by keyboard, and by two people at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import openpyxl
import pytest
from axe import serious_faults
from desk_list import EN, ZH, add_job, review_list

from bench.desk_server import serve_desk
from chains.journal.edits import history
from chains.journal.jobs import Jobs
from chains.journal.lists import leave_out, load_list
from chains.journal.replies import Journal
from loaders import load
from loaders.records import Span
from messages import LANGUAGES, say
from pairs.records import Evidence, PairList, QAPair

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "documents"
TEXTS = {"桥.txt": ZH, "en.txt": EN}
LOCALES = {"en": "en-US", "zh": "zh-CN"}


class Desk:
    """A desk of a list that nobody has looked at, on a server of its own."""

    def __init__(self, url: str, journal: Path, job: str, browser: Browser) -> None:
        self.url, self.journal, self.job, self._browser = url, journal, job, browser

    @contextmanager
    def open(self, language: str = "en", width: int = 1280) -> Iterator[Page]:
        """The page, whose every complaint is a failure."""
        size = {"width": width, "height": 800}
        context = self._browser.new_context(locale=LOCALES[language], viewport=size)  # type: ignore[arg-type]  # a dict of both
        page = context.new_page()
        page.set_default_timeout(8000)
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("request", lambda one: broken.append(one.url) if self.url not in one.url else None)
        page.goto(f"{self.url}/{self.job}")
        page.locator(".card").first.wait_for()
        yield page
        assert page.title() != "owned"
        assert [one for one in broken if not one.startswith("data:")] == []
        context.close()

    def read(self, of: Callable[[Journal], Any]) -> Any:
        with Journal(self.journal) as journal:
            return of(journal)

    def pairs(self) -> Any:
        return self.read(lambda journal: load_list(journal, self.job))

    def changes(self) -> Any:
        return self.read(lambda journal: history(journal, self.job))

    def until(self, holds: Callable[[], bool], page: Page) -> None:
        """Waits until the journal says so: a key is shown before it is stored."""
        for _ in range(100):
            if holds():
                return
            page.wait_for_timeout(50)
        raise AssertionError


@pytest.fixture
def desk(tmp_path: Path, browser: Browser) -> Iterator[Desk]:
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        job = add_job(journal, review_list(), TEXTS)
    with serve_desk(path) as url:
        yield Desk(url, path, job, browser)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def find(page: Page, words: str) -> None:
    """Goes to the first pair with the words, by keyboard."""
    press(page, "/")
    page.keyboard.insert_text(words)
    page.locator("#shown").filter(has_text="1 ").wait_for()
    page.wait_for_timeout(120)  # the search waits for typing to end
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_is_reviewed_by_keyboard_alone(desk: Desk, language: str) -> None:
    with desk.open(language) as page:
        assert page.locator("#reviewed").inner_text() == say(
            "desk.reviewed", language, done=0, total=64, left=64
        )
        # The conflicts stand first: of the first, this one stays; of the second, both.
        assert page.locator("#compare").is_visible()
        first = page.locator('.card[aria-current="true"] h3').inner_text()
        press(page, "1")
        press(page, "j", "j")
        press(page, "3")
        desk.until(lambda: not desk.pairs().conflicts, page)
        assert first in {pair.question for pair in desk.pairs().kept}
        # An answer is put into other words beside its passage, and then taken back.
        press(page, "j", "j")
        press(page, "e")
        assert page.locator("mark").first.is_visible()
        question = page.locator(".card form textarea").first.input_value()
        page.keyboard.press("Tab")
        press(page, "Control+a")
        page.keyboard.insert_text("新的 99 new")
        press(page, "Control+Enter")
        page.locator('.card[aria-current="true"]').get_by_text("新的 99 new").wait_for()
        desk.until(lambda: any(pair.edited for pair in desk.pairs().kept), page)
        # Nothing proves it, and the card says so.
        page.locator('.card[aria-current="true"] .alarm').wait_for()
        press(page, "u")
        desk.until(lambda: not any(pair.edited for pair in desk.pairs().kept), page)
        # Merged with the next, split again.
        press(page, "m", "j", "m")
        merged = [one.item.question for one in review_list().duplicates]
        desk.until(lambda: len(desk.pairs().duplicates) == 4, page)
        assert question in {one.item.question for one in desk.pairs().duplicates} - {*merged}
        press(page, "k", "m")
        desk.until(lambda: len(desk.pairs().duplicates) == 3, page)
        # Everything that is left, one after the other.
        current = """() => {
          const card = document.querySelector('.card[aria-current="true"]');
          return card.classList.contains("kept") && !card.dataset.review;
        }"""
        for _ in range(70):
            press(page, "a" if page.evaluate(current) else "j")
        press(page, "n")
        page.locator("#toast", has_text=say("desk.all_seen", language)).wait_for()
        page.keyboard.press("s")
        page.locator(".counts").first.wait_for()
        press(page, "s")
        desk.until(lambda: len({one.pair for one in desk.changes()}) >= 63, page)
        # What was accepted goes out.
        press(page, "x")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.locator("#dialog-body pre", has_text="question").wait_for()
        with page.expect_download() as download:
            page.locator("#dialog-buttons button").first.focus()
            page.keyboard.press("Enter")
        written = Path(download.value.path()).read_text("utf-8").splitlines()
        kept = desk.pairs().kept
        accepted = {one.pair for one in desk.changes() if one.edit and one.edit.fate == "kept"}
        assert [json.loads(line)["id"] for line in written] == [
            pair.id for pair in kept if pair.id in accepted
        ]
        assert 60 <= len(written) <= len(kept)


@pytest.mark.parametrize("language", LANGUAGES)
def test_evidence_is_marked_and_a_pair_is_written(desk: Desk, language: str) -> None:
    with desk.open(language) as page:
        text = page.locator("#text")
        text.get_by_text(ZH[:8]).wait_for()
        press(page, "j", "j", "j", "j", "v")
        before = text.locator("mark").first.inner_text()
        press(page, "Shift+ArrowRight", "Shift+ArrowRight", "Enter")
        desk.until(lambda: len(desk.changes()) == 1, page)
        (edit,) = (one.edit for one in desk.changes())
        source = ZH if "年" in before else EN
        marked = source[edit.place.start : edit.place.end]
        assert marked.startswith(before)
        assert len(marked) == len(before) + 2
        # A passage is marked and a pair written about it; what is marked counts as Python counts.
        page.evaluate(
            """() => {
              const walker = document.createTreeWalker(document.getElementById("text"), 4);
              let node = walker.nextNode();
              while (!/位于|metres long/.test(node.data)) node = walker.nextNode();
              getSelection().setBaseAndExtent(node, 0, node, 4);
            }"""
        )
        page.locator('[data-marked="write"]').click()
        boxes = page.locator("#dialog-body textarea")
        boxes.nth(0).fill("写的是什么？ <b>What?</b>")
        boxes.nth(1).fill("一个新答案 new")
        page.locator("#dialog-buttons button").first.click()
        page.locator('.card[aria-current="true"]', has_text="<b>What?</b>").wait_for()
        (written,) = (pair for pair in desk.pairs().kept if pair.written)
        assert written.evidence.quote
        assert written.evidence.quote in TEXTS[written.source]
        press(page, "u")
        desk.until(lambda: not any(pair.written for pair in desk.pairs().kept), page)


def test_two_people_at_once_lose_nothing(desk: Desk) -> None:
    with desk.open("zh") as one, desk.open("en") as other:
        question = one.locator('.card[aria-current="true"] h3').inner_text()
        press(other, "e")
        boxes = other.locator(".card form textarea")
        boxes.nth(1).fill("the other's words")
        with other.expect_response(
            lambda heard: bool(heard.request.method == "GET" and heard.json()["items"])
        ):
            press(one, "r")
            desk.until(lambda: len(desk.pairs().kept) == 63, one)
        # What is being typed stays though the pair is another one by now.
        other.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert boxes.nth(1).input_value() == "the other's words"
        press(other, "Control+Enter")
        # Whoever comes later is told and chooses.
        other.locator("#dialog blockquote").nth(1).wait_for()
        assert "the other's words" in other.locator("#dialog").inner_text()
        assert len(desk.pairs().kept) == 63
        other.locator("#dialog-buttons button").first.click()
        desk.until(lambda: len(desk.pairs().kept) == 64, other)
        assert (
            next(pair for pair in desk.pairs().kept if pair.question == question).answer
            == "the other's words"
        )
        # The first sees it without asking.
        one.locator(".card", has_text="the other's words").first.wait_for()
        # What the command line changes is seen, too.
        first = desk.pairs().kept[5]
        desk.read(lambda journal: leave_out(journal, desk.job, first.id))
        one.locator('.card[data-review="rejected"]', has_text=first.question).wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_filters_bulk_and_search(desk: Desk, language: str) -> None:
    with desk.open(language) as page:
        page.locator("#filters summary").click()
        page.locator("#by-kind").select_option("when")
        shown = page.locator("#cards").get_by_role("article").all_inner_texts()
        assert shown
        page.locator("#by-kind").select_option("")
        page.locator("#document").select_option(label="en.txt")
        page.locator('[data-state="kept"]').click()
        page.locator('[data-bulk="reject"]').click()
        page.locator("#dialog-buttons button").first.click()
        # The duplicates of what was rejected take its place.
        desk.until(lambda: len(desk.pairs().kept) == 31 + 2, page)
        page.locator("#undo").click()
        desk.until(lambda: len(desk.pairs().kept) == 64, page)
        page.locator("#document").select_option("")
        page.locator("#search").fill("1907")
        page.locator("#shown").filter(has_text="2 ").wait_for()
        page.locator(".card").nth(1).wait_for()
        assert page.evaluate("CSS.highlights.get('hits').size") >= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_on_a_phone_and_for_everybody(desk: Desk, language: str) -> None:
    with desk.open(language, width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator(".card h3").first.click()
        page.locator("#compare").wait_for()
        assert page.locator("#text").is_visible()
        assert serious_faults(page) == []
        page.locator("nav [data-show=pairs]").click()
        page.locator('.card[aria-current="true"] [data-act=accept]').click()
        page.locator('.card[data-review="accepted"]').wait_for()
        page.locator("nav [data-show=report]").click()
        page.locator(".counts").first.wait_for()
        assert serious_faults(page) == []
    with desk.open(language) as page:
        table = page.locator("#text table")
        press(page, "/")
        page.keyboard.insert_text("South")
        page.locator(".card", has_text="South").first.click()
        table.locator("mark", has_text="422").wait_for()
        assert table.locator("tr").count() == 3
        assert serious_faults(page) == []
        for key in ("?", "x"):
            press(page, "Escape", key)
            page.locator("#dialog[open]").wait_for()
            assert serious_faults(page) == []
            press(page, "Escape")
            page.locator("#dialog[open]").wait_for(state="detached")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_desk_cannot_do_is_said(desk: Desk, language: str) -> None:
    headers = {"accept-language": LOCALES[language]}
    with httpx.Client(base_url=desk.url, headers=headers) as client:
        absent = client.get("/ffffffff")
        assert absent.status_code == 404
        assert say("job.unknown@page", language, job="ffffffff") in absent.text
        assert client.get("/ffffffff/list").json()["error"] == say(
            "job.unknown@page", language, job="ffffffff"
        )
        changes = f"/{desk.job}/changes"
        for body in (b"", b"{", b'{"changes": [{"pair": "x", "saw": 0}]}', b"[" * 100_000):
            refused = client.post(changes, content=body)
            assert refused.status_code == 422
            assert refused.json()["error"] == say("desk.bad_change", language)
        place = {"pair": None, "saw": 0, "edit": {"question": "q", "answer": "a"}}
        for marked in ([0, 5, 2], [9, 0, 1], [0, 0, 10**9]):
            refused = client.post(changes, json={"changes": [{**place, "marked": marked}]})
            assert refused.json()["error"] == say("desk.no_place", language)
        unknown = {"pair": "f" * 12, "saw": 0, "edit": {"fate": "kept"}}
        assert client.post(changes, json={"changes": [unknown]}).json()["code"] == "edit.unknown"
        for number in ("7", "-1", "x", "9" * 5000, "%C2%B2"):
            for path in (f"documents/{number}", f"page/{number}/1", f"page/0/{number}"):
                refused = client.get(f"/{desk.job}/{path}")
                assert refused.status_code == 422
                assert refused.json()["code"] in ("desk.no_document", "load.missing")
        assert client.get(f"/{desk.job}/preview?format=nope").text == '""'
        assert client.get(f"/{desk.job}/export?format=nope").status_code == 422
        assert client.get("/assets/..%2Froutes.py").status_code == 404
        for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
            assert client.post(changes, json={"changes": []}, headers=headers).status_code == 403
        policy = client.get(f"/{desk.job}").headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    with desk.open(language) as page:
        desk.read(lambda journal: Jobs(journal).delete(desk.job))
        press(page, "a")
        page.locator("#toast").filter(
            has_text=say("job.unknown@page", language, job=desk.job)
        ).wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_experts_workbook_comes_back(desk: Desk, tmp_path: Path, language: str) -> None:
    headers = {"accept-language": LOCALES[language]}
    form = f"{desk.url}/{desk.job}/export?format=review-xlsx"
    file = tmp_path / "专家 review.xlsx"
    file.write_bytes(httpx.get(form, headers=headers).content)
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    column = {cell.value: cell.column for cell in sheet[2]}  # below the hidden row of keys
    state, answer = (say(f"review.column_{name}", language) for name in ("state", "answer"))
    sheet.cell(3, column[state]).value = say("review.rejected", language)
    sheet.cell(4, column[answer]).value = "专家的新答案 new"
    book.save(file)
    with desk.open(language) as page:
        page.locator("#open-import").click()
        page.locator("#dialog input").set_input_files(file)
        page.locator("#dialog-buttons button").first.click()
        page.locator("#dialog pre").wait_for()
        said = page.locator("#dialog pre").inner_text()
        press(page, "Escape")
        # Without its evidence it stands there in red.
        page.locator("#search").fill("专家的新答案")
        page.locator(".card", has_text="专家的新答案 new").locator(".alarm").wait_for()
    assert "1" in said
    assert "专家的新答案 new" in {pair.answer for pair in desk.pairs().kept}
    assert len(desk.pairs().kept) == 63


def test_the_page_is_shown_as_it_was_printed(tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "apollo.pdf"
    file.write_bytes((EXAMPLES / "apollo11.pdf").read_bytes())
    pages = list(load(file))
    whole = "\n\n".join(one.page_content for one in pages)
    at = whole.index("Columbia")
    evidence = Evidence(
        match="exact", span=Span(start=at, end=at + 8), quote="Columbia", page=1, score=1
    )
    asked = QAPair(
        id="a" * 12, question="Which module?", answer="Columbia", evidence=evidence, page=1,
        source=str(file),
    )  # fmt: skip
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        digest = pages[0].metadata["sha256"]
        job = add_job(journal, PairList(kept=(asked,)), {str(file): whole}, digests=[digest])
    with serve_desk(path) as url:
        desk = Desk(url, path, job, browser)
        with desk.open() as page:
            press(page, "p")
            box = page.locator("#image .box").first
            box.wait_for()
            sheet = page.locator("#image img").bounding_box()
            place = box.bounding_box()
            assert sheet
            assert place
            assert sheet["x"] <= place["x"] < sheet["x"] + sheet["width"]
            press(page, "p")
            assert page.locator("#text").is_visible()
            file.unlink()
            press(page, "p")
            page.locator("#image .empty", has_text="apollo.pdf").wait_for()
