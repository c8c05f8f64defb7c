"""Every format becomes text with its headings, lists and tables."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import docx
import openpyxl
import pytest
from pptx import Presentation
from pptx.util import Inches

from loaders import (
    FORMATS,
    PAGE_SEPARATOR,
    LoadError,
    find_documents,
    load,
    recognise,
    split,
    whole_text,
)
from loaders.text import pieces

PAGE = """<!doctype html><html><head><title>公告 Notice</title><style>p {color: red}</style></head>
<body><nav><a href="/">Home</a></nav><script>alert("no text")</script>
<h1>第一章 总则</h1><p>第一条　为了规范<b>数据</b>处理活动，制定本法。</p>
<h2>Scope</h2><p>It applies to <i>all</i> of them.<br>And here too.</p>
<ul><li>one</li><li>二</li></ul>
<table><tr><th>年份</th><th>Sum</th></tr><tr><td>2022</td><td>1|2</td></tr></table>
<p hidden>unseen</p><div style="display: none">unseen</div><pre>x = 1
  y = 2</pre></body></html>"""


def test_every_suffix_stands_for_one_format_and_a_text_is_told_by_it(tmp_path: Path) -> None:
    suffixes = [suffix for one in FORMATS.values() for suffix in one.suffixes]
    assert len(suffixes) == len({*suffixes})
    for name in ("html", "markdown", "text", "csv", "json"):
        for suffix in FORMATS[name].suffixes:
            path = tmp_path / f"桥{suffix.upper()}"
            path.write_text("赵州桥由隋朝工匠李春设计建造。", encoding="utf-8")
            assert recognise(path, path.name).name == name
    (tmp_path / "LICENSE").write_text("Free for all.", encoding="utf-8")
    assert recognise(tmp_path / "LICENSE", "LICENSE").name == "text"


def test_html_keeps_what_a_reader_sees(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(PAGE.encode("gb18030"))
    (page,) = load(path)
    assert page.page_content == (
        "# 第一章 总则\n\n第一条　为了规范数据处理活动，制定本法。\n\n## Scope\n\n"
        "It applies to all of them.\nAnd here too.\n\n- one\n- 二\n\n"
        "| 年份 | Sum |\n| --- | --- |\n| 2022 | 1\\|2 |\n\nx = 1\n  y = 2"
    )
    assert page.metadata["title"] == "公告 Notice"
    assert page.metadata["encoding"] == "gb18030"


@pytest.mark.parametrize("depth", [100, 1000, 100_000])
def test_deeply_nested_html_is_read_or_refused(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html>" + "<div>" * depth + "深处的 text" + "</div>" * depth)
    if depth > 1000:
        with pytest.raises(LoadError, match="no readable web page"):
            list(load(path))
    else:
        assert whole_text(load(path)) == "深处的 text"


def test_docx_headings_lists_tables_and_revisions(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("第一章 总则", 1)
    document.add_paragraph("本办法自二〇二四年起施行。")
    document.add_heading("Scope", 2)
    document.add_paragraph("first item", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells), ("项目", "Sum", "收入", "12"), strict=True
    ):
        cell.text = text
    path = tmp_path / "a.docx"
    document.save(str(path))
    (page,) = load(path)
    assert page.page_content == (
        "# 第一章 总则\n\n本办法自二〇二四年起施行。\n\n## Scope\n\n- first item\n\n"
        "| 项目 | Sum |\n| --- | --- |\n| 收入 | 12 |"
    )
    chunks = list(split([page], chunk_size=12))
    assert any(chunk.headings == ("第一章 总则", "Scope") for chunk in chunks)


def test_pptx_is_one_page_a_slide(tmp_path: Path) -> None:
    deck = Presentation()
    for title, text in (("小样本学习", "只需少量样本。"), ("Results", "It works.")):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = title
        box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(4), Inches(1))
        box.text_frame.text = text
        slide.notes_slide.notes_text_frame.text = f"note on {title}"
    path = tmp_path / "a.pptx"
    deck.save(str(path))
    pages = list(load(path))
    assert [page.metadata["page"] for page in pages] == [1, 2]
    assert pages[0].page_content == "# 小样本学习\n\n只需少量样本。\n\nnote on 小样本学习"
    assert pages[1].metadata["headings"] == ["Results"]


def test_xlsx_is_a_table_a_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "收入"
    for row in (["年份", "sum"], [2022, 1.5], [None, None], ["next", "block"], ["x", "😅"]):
        book.active.append(row)
    book.create_sheet("empty")
    path = tmp_path / "a.xlsx"
    book.save(path)
    (page,) = load(path)
    assert page.page_content == (
        "## 收入\n\n| 年份 | sum |\n| --- | --- |\n| 2022 | 1.5 |\n\n"
        "| next | block |\n| --- | --- |\n| x | 😅 |"
    )


@pytest.mark.parametrize(("sign", "suffix"), [(",", "csv"), ("\t", "tsv"), (";", "csv")])
def test_delimited_values(tmp_path: Path, sign: str, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(f'问题{sign}answer\n"甲{sign}乙"{sign}two\n'.encode("gbk"))
    (page,) = load(path)
    inner = " " if sign == "\t" else sign
    assert page.page_content == f"| 问题 | answer |\n| --- | --- |\n| 甲{inner}乙 | two |"


def test_long_cells_become_records(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'title,detail\n提问,"{"很长的回答。" * 60}"\nnext,"short"\n', encoding="utf-8")
    (page,) = load(path)
    assert page.page_content.startswith("title: 提问\ndetail: 很长的回答。")
    assert page.page_content.endswith("\n\ntitle: next\ndetail: short")


def test_json_texts_and_records(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    records = ["一段文字。", {"title": "Title", "text": "A text."}, {"a": {"b": [1, "二"]}}]
    path.write_text("\n".join(json.dumps(record) for record in records))
    expected = ["一段文字。", "Title\n\nA text.", "b: 1\nb: 二"]
    assert [page.page_content for page in load(path)] == expected
    path = tmp_path / "a.json"
    path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    assert [page.page_content for page in load(path)] == expected


def test_epub_follows_its_spine(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:x"><rootfiles><rootfile full-path="o/b.opf"/></rootfiles>'
            "</container>",
        )
        archive.writestr(
            "o/b.opf",
            '<package xmlns:dc="urn:dc"><metadata><dc:title>书名</dc:title></metadata><manifest>'
            '<item id="two" href="2.xhtml"/><item id="one" href="%31.xhtml"/></manifest>'
            '<spine><itemref idref="one"/><itemref idref="two"/></spine></package>',
        )
        for number, word in ((1, "第一章"), (2, "Second")):
            body = f"<html><body><h1>{word}</h1><p>{word} text。</p></body></html>"
            archive.writestr(f"o/{number}.xhtml", f'<?xml version="1.0" encoding="utf-8"?>{body}')
    pages = list(load(path))
    assert [page.page_content for page in pages] == [
        "# 第一章\n\n第一章 text。",
        "# Second\n\nSecond text。",
    ]
    assert pages[1].metadata["title"] == "书名"
    assert pages[1].metadata["start"] == len(pages[0].page_content) + len(PAGE_SEPARATOR)


def test_markdown_stays_as_written_and_its_code_has_no_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    text = "# 标题\n\n正文。\n\n```\n# no heading\n```\n\n## Next #\n\nText.\n"
    path.write_text(text, encoding="utf-8")
    (page,) = load(path)
    assert page.page_content == text
    assert [entry[2] for entry in page.metadata["outline"]] == ["标题", "Next"]


def test_content_decides_before_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(PAGE, encoding="utf-8")
    assert "alert" not in whole_text(load(path))


def test_large_text_comes_in_pieces_that_give_it_back() -> None:
    text = "".join(f"第{n}段 paragraph {n}。\n\n" for n in range(200_000))
    parts = list(pieces(text))
    assert len(parts) > 1
    assert PAGE_SEPARATOR.join(parts) == text
    assert list(pieces("x" * 5_000_000)) == ["x" * 5_000_000]


def test_a_folder_is_walked_in_order_and_says_what_it_skips(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("二")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.md").write_text("three")
    (tmp_path / "a" / "book.djvu").write_bytes(b"AT&TFORM")
    (tmp_path / ".hidden").write_text("no")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    found = list(find_documents(tmp_path))
    paths = [entry for entry in found if isinstance(entry, Path)]
    errors = [entry for entry in found if isinstance(entry, LoadError)]
    assert paths == [tmp_path / "b.txt", tmp_path / "a" / "c.md"]
    assert sorted(error.code for error in errors) == ["load.refused_format", "load.unreadable"]
    with pytest.raises(LoadError):
        list(find_documents(tmp_path / "missing"))
