"""PDF pages become the text a reader sees, in the order they read it."""

from __future__ import annotations

import io
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from langchain_core.documents import Document
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from loaders import LoadError, load, split, whole_text
from loaders.characters import close_up, fold, is_garbled, recover
from loaders.pdf.paragraphs import glue
from loaders.pdf.reading import read_pdf

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
WIDTH, HEIGHT = A4


class Sheet:
    """Draws pages line by line from the top."""

    def __init__(self, path: Path, **options: object) -> None:
        self.path = path
        self.canvas = Canvas(str(path), pagesize=A4, **options)

    def lines(
        self, lines: list[str], x: float = 72, y: float = HEIGHT - 150, size: float = 11,
        font: str = "Helvetica", lead: float = 1.3,
    ) -> float:  # fmt: skip
        """The height below the lines drawn."""
        self.canvas.setFont(font, size)
        for line in lines:
            self.canvas.drawString(x, y, line)
            y -= size * lead
        return y

    def chinese(self, lines: list[str], x: float = 72, y: float = HEIGHT - 150) -> float:
        """The height below the lines drawn."""
        return self.lines(lines, x, y, font="STSong-Light", lead=1.6)

    def load(self) -> list[Document]:
        """The pages as they are read back."""
        self.canvas.save()
        return list(load(self.path))


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return Sheet(tmp_path / "a.pdf")


def test_wrapped_lines_join_without_a_blank_in_chinese_and_with_one_in_english(
    sheet: Sheet,
) -> None:
    y = sheet.chinese(
        [
            "　　国家建立数据分类分级保护制度，根据数据在经济社会发展中的重要程",
            "度，以及一旦遭到篡改、破坏、泄露或者非法获取、非法利用，对国家安全、公",
            "共利益造成的危害程度，对数据实行保护。",
        ]
    )
    sheet.lines(
        [
            "The quick brown fox jumps over the lazy dog and runs through the whole of the",
            "forest until it comes to the river, where it stops to drink and to look at the wa-",
            "ter before it goes home.",
        ],
        y=y - 40,
    )
    (page,) = sheet.load()
    assert "重要程度，以及一旦遭到篡改" in page.page_content
    assert "对国家安全、公共利益" in page.page_content
    assert "the whole of the forest until" in page.page_content
    assert "look at the water before" in page.page_content


def test_two_columns_are_read_one_after_the_other(sheet: Sheet) -> None:
    left = [f"left column line number {n} tells of the first thing" for n in range(12)]
    right = [f"right column line number {n} tells of the next thing" for n in range(12)]
    sheet.lines(["A title that stands across both of the columns of this page"], y=HEIGHT - 120)
    for n, (one, other) in enumerate(zip(left, right, strict=True)):
        # Drawn line by line across the gutter, as some programs do.
        sheet.lines([one], 72, HEIGHT - 160 - 14 * n, 9)
        sheet.lines([other], 310, HEIGHT - 160 - 14 * n, 9)
    (page,) = sheet.load()
    text = page.page_content
    places = [text.index(f"column line number {n} tells of the first") for n in range(12)]
    places += [text.index(f"column line number {n} tells of the next") for n in range(12)]
    assert places == sorted(places)
    assert text.startswith("A title")


def test_running_lines_go_only_where_they_repeat(sheet: Sheet) -> None:
    words = ["山川", "湖海", "森林", "草原", "沙漠", "岛屿"]
    for number, word in enumerate(words, 1):
        sheet.chinese(["某某股份有限公司年度报告全文"], y=HEIGHT - 50)
        sheet.chinese([f"本页所讲的是{word}的故事，它与别页不同。"] * 3)
        sheet.lines([f"- {number} -"], x=280, y=40)
        sheet.canvas.showPage()
    pages = sheet.load()
    assert len(pages) == 6
    for number, (page, word) in enumerate(zip(pages, words, strict=True), 1):
        # Where it first stands a header is said; after that it repeats.
        header = ["某某股份有限公司年度报告全文"] if number > 1 else []
        assert ("年度报告全文" in page.page_content) == (number == 1)
        assert f"- {number} -" not in page.page_content
        assert page.page_content.count(word) == 3
        assert page.metadata["running"] == [*header, f"- {number} -"]


def test_a_title_at_the_top_that_is_said_once_stays(sheet: Sheet) -> None:
    for word in ("Alpha", "Beta", "Gamma", "Delta"):
        sheet.lines([f"Chapter {word}"], y=HEIGHT - 60, size=12)
        sheet.lines([f"What {word} means is told here, and nowhere else in the book."] * 2)
        sheet.canvas.showPage()
    for page, word in zip(sheet.load(), ("Alpha", "Beta", "Gamma", "Delta"), strict=True):
        assert f"Chapter {word}" in page.page_content


def _ruled(sheet: Sheet, rows: list[list[str]], y: float = HEIGHT - 200, cell: float = 110) -> None:
    canvas = sheet.canvas
    for n in range(len(rows) + 1):
        canvas.line(72, y - 24 * n, 72 + cell * len(rows[0]), y - 24 * n)
    for n in range(len(rows[0]) + 1):
        canvas.line(72 + cell * n, y, 72 + cell * n, y - 24 * len(rows))
    canvas.setFont("STSong-Light", 10)
    for (r, row), c in itertools.product(enumerate(rows), range(len(rows[0]))):
        canvas.drawString(76 + cell * c, y - 24 * r - 16, row[c])


def test_a_ruled_table_becomes_a_markdown_table(sheet: Sheet) -> None:
    sheet.chinese(["下表列出各年的收入："], y=HEIGHT - 170)
    _ruled(sheet, [["年份", "收入", "note"], ["2022", "1,200", "first|best"], ["2023", "", "次之"]])
    (page,) = sheet.load()
    table = (
        "| 年份 | 收入 | note |\n| --- | --- | --- |\n"
        "| 2022 | 1,200 | first\\|best |\n| 2023 |  | 次之 |"
    )
    assert table in page.page_content
    assert page.page_content.index("下表") < page.page_content.index("| 年份")


def test_a_box_around_text_is_no_table(sheet: Sheet) -> None:
    sheet.canvas.rect(60, HEIGHT - 220, 400, 100)
    sheet.lines(["What stands in a box is text.", "It is not a table."])
    (page,) = sheet.load()
    assert "|" not in page.page_content


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turned_page_reads_as_if_upright(sheet: Sheet, angle: int) -> None:
    canvas = sheet.canvas
    canvas.setPageRotation(angle)
    canvas.saveState()
    # The page that reportlab writes is WIDTH high at 90 and 270 degrees.
    shift = {90: (WIDTH, 0), 180: (WIDTH, HEIGHT), 270: (0, WIDTH)}[angle]
    canvas.translate(*shift)
    canvas.rotate(angle)
    sheet.lines(["First line of the page.", "Second line of it."], y=300)
    sheet.chinese(["第三行在这里。"], y=240)
    canvas.restoreState()
    (page,) = sheet.load()
    lines = [line for line in page.page_content.split("\n") if line]
    assert lines == ["First line of the page.", "Second line of it.", "第三行在这里。"]


def test_text_drawn_twice_for_boldness_is_read_once(sheet: Sheet) -> None:
    for shift in (0, 0.3, 0.6):
        sheet.chinese(["重要通知"], x=72 + shift)
        sheet.lines(["Important notice"], x=72 + shift, y=HEIGHT - 250)
    (page,) = sheet.load()
    assert page.page_content.count("重要通知") == 1
    assert page.page_content.count("Important notice") == 1


def test_stand_in_characters_are_folded() -> None:
    assert fold("中⽂⽹⻚，eﬃcient ﬁle na¨ıve") == "中文网页，efficient file naïve"
    assert fold("ＡＢ１²½") == "ＡＢ１²½"
    assert close_up("关 于 红 军 作 战 的 原 则") == "关于红军作战的原则"
    assert close_up("北京 大学与 MIT 合作") == "北京 大学与 MIT 合作"


def test_bytes_shown_as_latin_letters_are_recovered_or_reported() -> None:
    text = "关于当前形势与任务的若干说明，供各单位学习讨论。"
    shown = text.encode("gbk").decode("latin-1")
    assert is_garbled(shown)
    assert recover(shown) == text
    assert not is_garbled("Crème brûlée, garçon! Où est l'hôtel de la dernière élève?")
    assert recover("ÿþ\x81\xff") is None


def test_headings_and_pages_are_noted_and_spans_count_in_the_whole_text(sheet: Sheet) -> None:
    for number in (1, 2):
        y = sheet.lines([f"{number} Section number {number}"], size=18)
        sheet.lines(["Plain text of this section goes here, and it goes on."] * 4, y=y - 20)
        sheet.canvas.showPage()
    pages = sheet.load()
    whole = whole_text(pages)
    for page in pages:
        start = page.metadata["start"]
        assert whole[start : start + len(page.page_content)] == page.page_content
    assert pages[1].metadata["headings"] == ["2 Section number 2"]
    chunks = list(split(pages, chunk_size=40))
    assert {chunk.headings for chunk in chunks if chunk.first_page == 2} == {
        ("2 Section number 2",)
    }
    assert all(whole[c.span.start : c.span.end] == c.text for c in chunks)


def test_bookmarks_name_the_headings(sheet: Sheet) -> None:
    for number, word in enumerate(("概述", "Methods", "结论"), 1):
        sheet.canvas.bookmarkPage(word)
        sheet.canvas.addOutlineEntry(word, word, level=0)
        y = sheet.chinese([f"前面一页未完的文字在这里讲完了。第{number}处。"])
        sheet.chinese([f"第 {number} 章 {word}"], y=y - 30)
        sheet.chinese(["这一章的正文从这里开始，一直讲下去。"], y=y - 70)
        sheet.canvas.showPage()
    pages = sheet.load()
    for page, word in zip(pages, ("概述", "Methods", "结论"), strict=True):
        ((start, level, title),) = page.metadata["outline"]
        assert (level, title) == (1, word)
        assert page.page_content[start:].startswith("第 ")
    assert pages[1].metadata["headings"] == ["概述"]


def test_what_was_typed_into_a_form_is_read(sheet: Sheet) -> None:
    sheet.lines(["Name:"])
    sheet.canvas.acroForm.textfield(name="name", value="Alice Bob", x=150, y=600)
    (page,) = sheet.load()
    assert "Name:" in page.page_content
    assert "Alice Bob" in page.page_content


def test_a_sentence_broken_by_a_page_end_is_whole_in_one_chunk(sheet: Sheet) -> None:
    sheet.chinese(["这一句话从前一页的末尾开始，"], y=100)
    sheet.canvas.showPage()
    sheet.chinese(["到后一页的开头才算讲完。然后是第二句。"])
    chunks = list(split(sheet.load(), chunk_size=45))
    first = next(chunk for chunk in chunks if "从前一页" in chunk.text)
    assert "才算讲完。" in first.text
    assert (first.first_page, first.last_page) == (1, 2)


def _locked(path: Path, user: str, owner: str) -> Path:
    sheet = Sheet(path, encrypt=StandardEncryption(user, owner, canPrint=0, canCopy=0))
    sheet.lines(["What the lock hides."])
    sheet.canvas.save()
    return path


def test_owner_lock_opens_and_user_lock_asks_for_the_password(tmp_path: Path) -> None:
    open_to_all = _locked(tmp_path / "owner.pdf", "", "owner")
    assert "What the lock hides." in whole_text(load(open_to_all))
    locked = _locked(tmp_path / "user.pdf", "secret", "owner")
    assert "What the lock hides." in whole_text(load(locked, password="secret"))
    for password, code in ((None, "load.password_needed"), ("wrong", "load.password_wrong")):
        with pytest.raises(LoadError) as caught:
            list(load(locked, password=password))
        assert caught.value.code == code
        assert "secret" not in str(caught.value)


def test_pages_come_one_at_a_time(sheet: Sheet) -> None:
    for number in range(40):
        sheet.lines([f"Page {number} says something of its own, {number * 7} times over."])
        sheet.canvas.showPage()
    sheet.canvas.save()
    pages = load(sheet.path)
    assert next(pages).metadata["page"] == 1
    assert sum(1 for _ in pages) == 39


def test_files_can_be_read_from_several_threads(tmp_path: Path) -> None:
    paths = []
    for name in ("a", "b", "c"):
        sheet = Sheet(tmp_path / f"{name}.pdf")
        for number in range(8):
            sheet.lines([f"File {name} page {number} says this."] * 20)
            sheet.canvas.showPage()
        sheet.canvas.save()
        paths.append(sheet.path)
    alone = [whole_text(load(path)) for path in paths]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda path: whole_text(load(path)), paths * 4)) == alone * 4


def test_a_blank_pdf_is_refused(sheet: Sheet) -> None:
    sheet.canvas.showPage()
    sheet.canvas.save()
    with pytest.raises(LoadError) as caught:
        list(load(sheet.path))
    assert caught.value.code == "load.pdf_blank"


def test_a_scan_without_the_extra_says_how_to_get_it(
    sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    _draw_picture(sheet, "scanned words")
    sheet.canvas.save()
    monkeypatch.setattr("loaders.pdf.reading.can_recognise", lambda: False)
    with pytest.raises(LoadError) as caught:
        list(read_pdf(sheet.path, sheet.path.name))
    assert caught.value.code == "load.pdf_scanned"
    assert "qa3[ocr]" in caught.value.say("zh")


def test_scanned_pages_alone_are_recognised(sheet: Sheet) -> None:
    sheet.lines(["This page has a text layer, which is taken as it is."])
    sheet.canvas.showPage()
    _draw_picture(sheet, "The picture says forty two")
    first, second = sheet.load()
    assert "warnings" not in first.metadata
    assert "The picture says forty two" in second.page_content
    assert second.metadata["warnings"][0]["code"] == "load.recognised"


def _draw_picture(sheet: Sheet, words: str) -> None:
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader

    image = Image.new("RGB", (800, 400), "white")
    font = ImageFont.load_default(size=40)
    ImageDraw.Draw(image).text((60, 150), words, fill="black", font=font)
    data = io.BytesIO()
    image.save(data, "PNG")
    data.seek(0)
    sheet.canvas.drawImage(ImageReader(data), 0, 300, WIDTH, WIDTH / 2)


@pytest.mark.parametrize(
    ("upper", "lower", "joined"),
    [
        ("大桥于2018年1", "0月24日上午通车", "大桥于2018年10月24日上午通车"),
        ("主体工程长29.", "6公里，由三部分组成", "主体工程长29.6公里，由三部分组成"),
        ("主体工程长29", ".6公里，由三部分组成", "主体工程长29.6公里，由三部分组成"),
        ("It was opened in 1883", "2000 people came", "It was opened in 1883 2000 people came"),
        ("see section 2.", "3 men were there", "see section 2. 3 men were there"),
    ],
)
def test_a_number_broken_by_a_chinese_line_is_whole(upper: str, lower: str, joined: str) -> None:
    assert glue(upper, lower) == joined
