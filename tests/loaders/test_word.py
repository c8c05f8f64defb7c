"""Word files are read as a reader sees them, and say what was left out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection
from pathlib import Path

import docx
import pytest

from loaders import LoadError, load

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMES = (
    f'xmlns:w="{W}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
_LEVELS = (
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
    '<w:lvlText w:val="第%1条"/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/>'
    '<w:numFmt w:val="decimal"/><w:isLgl/><w:lvlText w:val="%1.%2"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:start w:val="3"/><w:numFmt w:val="lowerLetter"/>'
    '<w:lvlText w:val="(%3)"/></w:lvl>'
)
NUMBERING = (
    f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="1">{_LEVELS}</w:abstractNum>'
    '<w:num w:numId="5"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="6">'
    '<w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/>'
    "</w:lvlOverride></w:num></w:numbering>"
)


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str, level: int | None = None, number: int = 5) -> str:
    place = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return f"<w:p>{f'<w:pPr>{place}</w:pPr>' if level is not None else ''}{inner}</w:p>"


def cell(text: str, how: str = "") -> str:
    return f"<w:tc><w:tcPr>{how}</w:tcPr>{paragraph(run(text))}</w:tc>"


def word(path: Path, body: str) -> Path:
    buffer = io.BytesIO()
    docx.Document().save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/document.xml"] = (
        f"<w:document {_NAMES}><w:body>{body}</w:body></w:document>".encode()
    )
    parts["word/numbering.xml"] = NUMBERING.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def read(path: Path, include: Collection[str] = ()) -> tuple[str, dict[str, int]]:
    (page,) = load(path, include=include)
    said = page.metadata.get("warnings", [])
    return page.page_content, {one["code"][14:]: one["fields"]["count"] for one in said}


SPAN, RESTART, GOES_ON = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
SEEN = {
    "automatic numbers": (
        paragraph(run("甲方付款。"), 0)
        + paragraph(run("定金。"), 1)
        + paragraph(run("a part"), 2)
        + paragraph(run("乙方交货。"), 0)
        + paragraph(run("尾款。"), 1)
        + paragraph(run("restarted"), 0, 6),
        (
            "第一条 甲方付款。\n1.1 定金。\n(c) a part\n第二条 乙方交货。\n2.1 尾款。\n"
            "第七条 restarted"
        ),
    ),
    "raised and lowered": (
        paragraph(
            run("10")
            + run("6", '<w:vertAlign w:val="superscript"/>')
            + run(" m, H")
            + run("2", '<w:vertAlign w:val="subscript"/>')
            + run("O, x")
            + run("max", '<w:vertAlign w:val="superscript"/>')
            + run(", 1")
            + run("st", '<w:vertAlign w:val="superscript"/>')
        ),
        "10⁶ m, H₂O, x^{max}, 1st",
    ),
    "symbols and check boxes": (
        paragraph(
            '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
            + run("是 ")
            + run("a", '<w:rFonts w:ascii="Symbol"/>')
            + '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/>'
            "</w:checkBox></w:ffData></w:fldChar></w:r>"
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        ),
        "☑是 α☐",
    ),
    "a formula": (
        paragraph(
            "<m:oMath><m:r><m:t>T=2π</m:t></m:r><m:rad><m:radPr><m:degHide/></m:radPr><m:deg/><m:e>"
            "<m:f><m:num><m:r><m:t>L</m:t></m:r></m:num><m:den><m:r><m:t>g</m:t></m:r></m:den>"
            "</m:f></m:e></m:rad></m:oMath>"
        ),
        "$T=2π\\sqrt{\\frac{L}{g}}$",
    ),
    "a ringed number and a reading of old fields": (
        paragraph(
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>eq \\o\\ac(○,3)'
            '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>' + run("号")
        ),
        "③号",
    ),
    "a reading stays beside its word": (
        paragraph(
            f"<w:r><w:ruby><w:rt>{run('bó')}</w:rt><w:rubyBase>{run('亳')}</w:rubyBase></w:ruby></w:r>"
            + run("州在安徽。")
        ),
        "亳州在安徽。（亳 bó）",
    ),
    "merged cells and a row of names over two": (
        (
            f"<w:tbl><w:tr>{cell('地区', RESTART)}{cell('销售', SPAN)}</w:tr>"
            f"<w:tr>{cell('', GOES_ON)}{cell('2023')}{cell('2024')}</w:tr>"
            f"<w:tr>{cell('华南')}{cell('合计50', SPAN)}</w:tr></w:tbl>"
        ),
        "| 地区 | 销售 2023 | 销售 2024 |\n| --- | --- | --- |\n| 华南 | 合计50 | 合计50 |",
    ),
    "one of two forms": (
        "<mc:AlternateContent><mc:Choice>"
        + paragraph(run("new"))
        + "</mc:Choice><mc:Fallback>"
        + paragraph(run("old"))
        + "</mc:Fallback></mc:AlternateContent>",
        "new",
    ),
}


@pytest.mark.parametrize("kind", SEEN)
def test_what_a_reader_sees(kind: str, tmp_path: Path) -> None:
    body, text = SEEN[kind]
    assert read(word(tmp_path / "a.docx", body)) == (text, {})


ASIDE = {
    "hidden": ("注册资本", "原为三百万", "<w:vanish/>", "原为三百万"),
    "struck": ("Fee: ", "30 euros", "<w:strike/>", "~~30 euros~~"),
}


@pytest.mark.parametrize("kind", ASIDE)
def test_what_is_left_out_is_counted_and_read_on_request(kind: str, tmp_path: Path) -> None:
    plain, aside, look, asked = ASIDE[kind]
    inner = run(plain) + run(aside[:2], look) + run(aside[2:], look) + run("。")
    path = word(tmp_path / "a.docx", paragraph(inner))
    assert read(path) == (f"{plain}。", {kind: 1})
    assert read(path, [kind]) == (f"{plain}{asked}。", {})


def test_deletions_and_header_rows(tmp_path: Path) -> None:
    gone = "<w:del><w:r><w:delText>10</w:delText></w:r></w:del>"
    path = word(tmp_path / "a.docx", paragraph(run("年假") + gone + run("15天")))
    assert read(path) == ("年假15天", {"deletions": 1})
    assert read(path, ["deletions"]) == ("年假~~10~~15天", {})
    with pytest.raises(LoadError, match="everything"):
        load(path, include=["everything"])


@pytest.mark.parametrize("suffix", ["docx", "docm", "dotx"])
def test_strict_files_under_other_names_and_without_parts(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    strict = "http://purl.oclc.org/ooxml"
    main = f"{strict}/wordprocessingml/main"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types><Override PartName="/w/d2.xml" ContentType="{kind}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{strict}/officeDocument/relationships/officeDocument" '
            'Target="w/d2.xml"/></Relationships>',
        )
        archive.writestr(
            "w/d2.xml",
            f'<w:document xmlns:w="{main}"><w:body>{paragraph(run("保修 24 months"))}</w:body>'
            "</w:document>",
        )
    assert read(path) == ("保修 24 months", {})
