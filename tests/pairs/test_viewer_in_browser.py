"""The page in a real browser: filtered, searched, clicked through; hostile texts do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.viewer import large_list
from loaders.records import Span
from messages import LANGUAGES, say
from pairs.records import (
    ChunkOutcome,
    Conflict,
    Duplicate,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
)
from pairs.viewer import ViewedText, write_view

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ZH = "赵州桥😀由隋朝工匠李春设计建造。\n\n赵州桥全长64.4米，跨度37.02米。\n"
EN = "The Forth Bridge was opened in 1890.\n\nIt crosses the Firth of Forth near Edinburgh.\n"
HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<svg onload=\"document.title='owned'\">\u202eabc\u2028"
)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose every complaint is a failure."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    opened = context.new_page()
    opened.set_default_timeout(8000)
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda asked: complaints.append(asked.url))
    opened.on("dialog", lambda dialog: complaints.append(dialog.message))
    yield opened
    # The file itself is all that is ever asked for.
    assert [said for said in complaints if not said.startswith("file://")] == []
    assert len({said for said in complaints if said.startswith("file://")}) == 1
    context.close()


def pair(question: str, quote: str, text: str, source: str) -> QAPair:
    at = text.index(quote)
    evidence = Evidence(match="exact", span=Span(start=at, end=at + len(quote)), quote=quote)
    return QAPair(
        question=question, answer=quote, evidence=evidence, source=source, chunk_id=source
    )


def both() -> tuple[PairList, list[ViewedText]]:
    """Two documents, in both languages, and one of everything."""
    built = pair("谁建造了赵州桥？", "李春", ZH, "zh.txt")
    long = pair("赵州桥有多长？", "64.4米", ZH, "zh.txt")
    opened = pair("When was the Forth Bridge opened?", "1890", EN, "en.txt")
    year = pair("In which year was it opened?", "in 1890", EN, "en.txt")
    again = pair("赵州桥由谁建造？", "李春", ZH, "zh.txt")
    wrong = QAPair(
        question="多高？", answer="9米", evidence=Evidence(match="none"), source="zh.txt"
    )
    failed = Span(start=EN.index("It crosses"), end=len(EN))
    found = PairList(
        kept=(built, long, opened, year),
        duplicates=(Duplicate(item=again, duplicate_of=built, score=0.9, kind="semantic"),),
        rejected=(Rejected(item=wrong, reason=Reason(code="rejected.no_evidence")),),
        conflicts=(Conflict(item=year, conflicts_with=opened, score=0.9, kind="semantic"),),
        chunks=(
            ChunkOutcome(
                chunk_id="zh.txt", source="zh.txt", span=Span(start=0, end=len(ZH)),
                state="pairs", parsed=4,
            ),
            ChunkOutcome(
                chunk_id="en.txt", source="en.txt", span=Span(start=0, end=failed.start),
                state="pairs", parsed=2,
            ),
            ChunkOutcome(
                chunk_id="2", source="en.txt", span=failed, state="failed",
                reason=Reason(code="reply.refusal"), raw="I cannot help with that.",
            ),
        ),
    )  # fmt: skip
    return found, [ViewedText(source="zh.txt", text=ZH), ViewedText(source="en.txt", text=EN)]


def open_list(
    page: Page, folder: Path, found: PairList, texts: list[ViewedText], language: str = "en"
) -> None:
    page.goto(write_view(found, texts, folder / "list.html", language=language).as_uri())


def marked(page: Page) -> str:
    """The highlighted passage."""
    return "".join(page.locator("#text mark").all_text_contents())


def card(page: Page, question: str) -> Locator:
    return page.locator(".card").filter(has=page.get_by_role("heading", name=question, exact=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_pair_shows_its_passage(page: Page, tmp_path: Path, language: str) -> None:
    found, texts = both()
    open_list(page, tmp_path, found, texts, language)
    for one in (*found.kept, found.duplicates[0].item):
        card(page, one.question).click()
        assert marked(page) == one.evidence.quote
        assert page.locator("#name").text_content() == one.source
        assert page.locator("#text mark").first.is_visible()
        text = ZH if one.source == "zh.txt" else EN
        assert page.locator("#text").text_content() == text
        assert card(page, one.question).get_attribute("aria-current") == "true"
    card(page, "多高？").click()
    assert marked(page) == ""
    failed = page.locator(".card.failed")
    failed.locator(".about").click()
    assert marked(page) == EN[EN.index("It crosses") :]
    failed.get_by_text(say("view.raw", language)).click()
    assert failed.get_by_text("I cannot help with that.").is_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_filters_and_search_leave_what_was_asked_for(
    page: Page, tmp_path: Path, language: str
) -> None:
    from playwright.sync_api import expect

    found, texts = both()
    open_list(page, tmp_path, found, texts, language)
    cards = page.locator(".card")
    states = {"view.kept": 4, "view.duplicate": 1, "view.rejected": 1, "view.failed": 1}
    for code, count in {**states, "view.conflict": 2, "view.all": 7}.items():
        page.get_by_role("button", name=f"{say(code, language)} {count}", exact=True).click()
        expect(cards).to_have_count(count)
        total = say("view.shown", language, shown=count, total=7)
        assert page.locator("#shown").text_content() == total
        # The pane beside the list shows a pair of what is listed.
        expect(page.locator('.card[aria-current="true"]')).to_have_count(1)
    for sought, count in (("赵州桥", 3), ("forth BRIDGE", 1), ("６４.４", 1), ("zzz", 0)):
        page.fill("#search", sought)
        expect(cards).to_have_count(count)
    assert page.get_by_text(say("view.nothing", language)).is_visible()
    assert page.locator("#asked").text_content() == ""
    page.keyboard.press("Escape")
    expect(cards).to_have_count(7)
    assert page.evaluate("document.activeElement.id") != "search"  # its keys are keys again
    page.select_option("#document", label="en.txt")
    expect(cards).to_have_count(3)
    assert page.locator("#name").text_content() == "en.txt"


def test_one_leads_to_the_other(page: Page, tmp_path: Path) -> None:
    found, texts = both()
    open_list(page, tmp_path, found, texts)
    page.get_by_role("button", name="Duplicates 1").click()
    page.locator(".card [data-go]").click()
    assert card(page, "谁建造了赵州桥？").get_attribute("aria-current") == "true"
    assert marked(page) == "李春"
    # A passage leads to the pairs it proves, one after the other.
    page.select_option("#document", label="en.txt")
    proof = page.locator("#text .proof").filter(has_text="1890")
    proof.click()
    first = page.locator('.card[aria-current="true"] h3').text_content()
    page.locator("#text mark").last.click()
    second = page.locator('.card[aria-current="true"] h3').text_content()
    assert {first, second} == {"When was the Forth Bridge opened?", "In which year was it opened?"}


def test_it_can_be_used_by_keyboard_alone(page: Page, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    found, texts = both()
    open_list(page, tmp_path, found, texts)
    questions = page.locator(".card h3").all_text_contents()
    for key, question in (("j", questions[0]), ("ArrowDown", questions[1]), ("k", questions[0])):
        page.keyboard.press(key)
        assert page.locator('.card[aria-current="true"] h3').text_content() == question
        assert page.locator(".card:focus h3").text_content() == question
    page.keyboard.press("/")
    page.keyboard.type("1890 rj")
    assert page.locator("#report").is_visible()
    assert page.input_value("#search") == "1890 rj"
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(7)
    page.locator(".card").first.focus()
    page.keyboard.press("r")
    assert page.locator("#report").is_hidden()
    page.keyboard.press("Enter")
    assert page.locator(".card").first.get_attribute("aria-current") == "true"


def test_coverage_is_shown_on_the_text(page: Page, tmp_path: Path) -> None:
    found, texts = both()
    open_list(page, tmp_path, found, texts)
    page.select_option("#document", label="en.txt")
    assert page.locator("#text .proof").all_text_contents() == ["in ", "1890"]
    assert page.locator("#text .open").all_text_contents() == [
        "It crosses the Firth of Forth near Edinburgh."
    ]


def test_hostile_texts_do_nothing(page: Page, tmp_path: Path) -> None:
    text = HOSTILE + ZH
    bad = QAPair(
        question=HOSTILE,
        answer=HOSTILE,
        evidence=Evidence(match="exact", span=Span(start=0, end=len(HOSTILE)), quote=HOSTILE),
        source=HOSTILE,
    )
    failed = ChunkOutcome(
        chunk_id="x", source=HOSTILE, span=Span(start=0, end=9), state="failed", raw=HOSTILE,
        parsed=1, reason=Reason(code="backend.refused", fields={"reason": HOSTILE}),
    )  # fmt: skip
    found = PairList(kept=(bad,), chunks=(failed,))
    open_list(page, tmp_path, found, [ViewedText(source=HOSTILE, text=text)])
    title = page.title()
    assert "owned" in title  # as a word of the name, which is the hostile text itself
    page.locator(".card h3").click()
    assert "onerror" in marked(page)
    page.locator(".card.failed summary").click()
    page.fill("#search", "<script>")
    assert page.title() == title
    assert page.locator("#text img, #text svg, .card img, .card svg, h1 *").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_reader_likes(page: Page, tmp_path: Path, scheme: str) -> None:
    def ground() -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))

    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_list(page, tmp_path, *both())
    assert (ground() < 200) == (scheme == "dark")
    page.locator("#toggle-theme").click()
    assert (ground() < 200) == (scheme == "light")


def test_it_fits_a_phone(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    open_list(page, tmp_path, *both())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    card(page, "谁建造了赵州桥？").click()
    assert page.locator("#text mark").is_visible()
    assert page.locator("#asked").text_content() == "谁建造了赵州桥？ → 李春"
    assert page.locator("#cards").is_hidden()
    page.locator("nav [data-show=report]").click()
    assert page.locator("#report").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("nav [data-show=pairs]").click()
    assert card(page, "谁建造了赵州桥？").is_visible()


def test_of_a_long_list_only_what_is_near_is_made(page: Page, tmp_path: Path) -> None:
    found, text = large_list(1500, 300_000)
    open_list(page, tmp_path, found, [text])
    assert page.locator(".card").count() < 400
    last = found.kept[-1]
    page.evaluate("document.querySelector('#cards').scrollTop = 1e9")
    card(page, last.question).click()
    assert marked(page) == last.evidence.quote
    box = page.locator("#text mark").first.bounding_box()
    pane = page.locator("#text").bounding_box()
    assert box
    assert pane
    assert pane["y"] <= box["y"] <= pane["y"] + pane["height"]
    # All of the text is in the page in the end, for the browser's own search.
    page.locator("#text .block").last.scroll_into_view_if_needed()
    end = page.locator("#text .block").last.text_content()
    assert end
    assert text.text.endswith(end)


def test_every_place_of_a_pair_is_marked_and_its_header_shown(page: Page, tmp_path: Path) -> None:
    text = "Filler line.\n" * 40 + "| Pump | Weight (kg) |\n| LX-2 | 7.5 |\n"
    names, cell = text.index("| Pump"), text.index("7.5")
    evidence = Evidence(
        match="exact",
        span=Span(start=cell, end=cell + 3),
        more=(Span(start=names, end=text.index("\n", names)),),
        header="LX-2 | Weight (kg)",
        quote="7.5",
    )
    one = QAPair(question="How heavy is LX-2?", answer="7.5", evidence=evidence, source="t")
    path = write_view(
        PairList(kept=(one,)), [ViewedText(source="t", text=text)], tmp_path / "view.html"
    )
    page.goto(path.as_uri())
    card = page.locator(".card").first
    assert "LX-2 | Weight (kg)" in card.inner_text()
    assert "“| Pump | Weight (kg) |”" in card.inner_text()
    card.click()
    assert page.locator("#text mark").all_inner_texts() == [
        "Pump",
        "Weight (kg)",
        "7.5",
    ]  # in cells


@pytest.mark.parametrize("language", LANGUAGES)
def test_doubtful_pairs_come_first_with_what_the_model_says(
    page: Page, tmp_path: Path, language: str
) -> None:
    pairs, texts = both()
    *others, last = pairs.kept
    doubted = {"verdict": "proven", "verified": False, "objection": f"{HOSTILE} 另一座桥"}
    kept = (
        *(one.model_copy(update={"verdict": "open", "verified": True}) for one in others),
        last.model_copy(update=doubted),
    )
    # A conflict names its pairs as they are kept.
    judged = pairs.model_copy(update={"kept": kept, "conflicts": (), "duplicates": ()})
    page.goto(write_view(judged, texts, tmp_path / "p.html", language=language).as_uri())
    first = page.locator(".card").first
    assert last.question in first.inner_text()
    assert say("view.refused", language) in first.inner_text()
    assert "另一座桥" in first.inner_text()
    assert first.locator(".warning").inner_text() == say("view.one_doubtful", language)
    confirmed = page.locator(".card", has_text=others[0].question)
    assert say("view.verdict_open", language) in confirmed.inner_text()
    assert say("view.confirmed", language) in confirmed.inner_text()
    page.get_by_role("button", name=f"{say('view.doubtful', language)} 1").click()
    assert page.locator(".card").count() == 1
    assert last.question in page.locator(".card").inner_text()
