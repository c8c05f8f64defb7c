"""RTF, OpenDocument, mails, notebooks, pictures and old office files, as a reader sees them."""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from PIL import Image

import loaders.formats
import loaders.libreoffice
import loaders.pdf.reading
from loaders import FORMATS, FormatError, LoadError, load, recognise
from loaders.pdf.scans import Scanner

Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def _read(path: Path, *include: str) -> tuple[str, dict[str, Any]]:
    """A file's whole text and how often what was left out."""
    documents = list(load(path, include=include))
    said = [one for page in documents for one in page.metadata.get("warnings", [])]
    counts = {
        one["code"].removeprefix("load.left_out."): one["fields"].get("count") for one in said
    }
    return "\n\n".join(page.page_content for page in documents), counts


def _refusal(path: Path) -> str:
    start = time.monotonic()
    with pytest.raises(LoadError) as caught:
        list(load(path))
    assert time.monotonic() - start < 15
    for language in ("en", "zh"):
        assert path.name in caught.value.say(language)
    return caught.value.code


# -- RTF

_FONTS = (
    b"{\\fonttbl{\\f0\\fnil\\fcharset0 Arial;}{\\f1\\fnil\\fcharset134 \\'cb\\'ce\\'cc\\'e5;}"
    b"{\\f2\\fcharset2 Symbol;}}{\\stylesheet{\\s1\\outlinelevel0 Chapter;}{\\s2 heading 2;}}"
)


@pytest.mark.parametrize(
    ("body", "text", "counts"),
    [
        (b"\\f1\\'bc\\'d7\\'b7\\'bd", "甲方", {}),
        (b"caf\\'e9 \\u20013?\\u25991?\\uc0\\u-10179\\u-8704\\uc1 \\emdash", "café 中文😀—", {}),
        # The second byte of a Chinese character may look like a letter, or like a brace.
        (b"\\f1 \\'81@\\'d5\\'5c\\par\\f2\\'b7\\f0 x", "丂誠\n\n•x", {}),
        (b"{\\pard\\s1 One\\par}{\\pard\\s2 Two\\par}\\pard text", "# One\n\n## Two\n\ntext", {}),
        (b"10{\\super 6} H{\\sub 2}O m{\\up6 2}\\up0 .", "10⁶ H₂O m².", {}),
        (
            b"a{\\v secret}b{\\strike old}c{\\deleted gone}{\\*\\annotation note}{\\header top}d",
            "abcd", {"hidden": 1, "struck": 1, "deletions": 1, "comments": 1, "headers": 1},
        ),
        (b"it{\\super\\chftn}{\\footnote {\\super\\chftn} so} is", "it[1] is\n\n[1] so", {}),
        (
            b"{\\pntext 1.}one\\par{\\listtext\\f2\\'b7\\tab}\\pard two\\par{\\listtext 3.}three",
            "1. one\n\n- two\n\n3. three", {},
        ),
        (b"see {\\field{\\*\\fldinst HYPERLINK \"http://a\"}{\\fldrslt there}}", "see there", {}),
        (b"x{\\*\\shppict{\\pict 00ff}}{\\nonshppict{\\pict 00}}{\\object\\bin3 }}}y}", "xy",
         {"pictures": 1, "objects": 1}),
        (b"{\\upr{abc}{\\*\\ud \\u30002?}}{\\*\\unknown no}", "甲", {}),
        (b"{\\*\\moMath{\\mf{\\mnum 1}{\\mden 2}}}", "$\\frac{1}{2}$", {}),
        (
            (b"\\trowd\\cellx1000\\cellx2000\\cellx3000\\intbl Name\\cell Q1\\cell Q2\\cell\\row"
            b"\\trowd\\cellx1000\\cellx3000 \\f1\\'bb\\'aa\\'c4\\'cf\\cell\\f0 both 5\\cell\\row"
            b"\\trowd\\cellx1000\\cellx2000\\cellx3000 N\\cell 1\\cell 2\\cell\\row\\pard after"),
            ("| Name | Q1 | Q2 |\n| --- | --- | --- |\n| 华南 | both 5 | both 5 |\n"
            "| N | 1 | 2 |\n\nafter"), {},
        ),
    ],
)  # fmt: skip
def test_rtf(write: Write, body: bytes, text: str, counts: dict[str, int]) -> None:
    path = write("a.doc", b"{\\rtf1\\ansi\\ansicpg1252\\uc1" + _FONTS + body + b"}trailing")
    assert _read(path) == (text, counts)
    if counts.get("hidden"):
        assert "secret" in _read(path, "hidden")[0]


# -- OpenDocument

_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"),
        ("fo", "xsl-fo-compatible"), ("draw", "drawing"), ("svg", "svg-compatible"),
        ("presentation", "presentation"), ("chart", "chart"), ("xlink", "xlink"),
    )
)  # fmt: skip
_STYLES = (
    '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/>'
    '</style:style><style:style style:name="S" style:family="text"><style:text-properties'
    ' style:text-line-through-style="solid"/></style:style><style:style style:name="U"'
    ' style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>'
    '<style:style style:name="T" style:family="table"><style:table-properties'
    ' table:display="false"/></style:style><style:style style:name="G"'
    ' style:family="drawing-page"><style:drawing-page-properties'
    ' presentation:visibility="hidden"/></style:style>'
    '<text:list-style style:name="N"><text:list-level-style-number text:level="1"'
    ' style:num-format="一, 二, 三, ..." style:num-prefix="第" style:num-suffix="条"'
    ' text:start-value="3"/><text:list-level-style-number text:level="2" text:display-levels="1"'
    ' style:num-format="a" style:num-suffix=")"/></text:list-style>'
)


def _open_document(kind: str, body: str, **parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        root = f"<office:document-content {_NAMES}><office:automatic-styles>{_STYLES}"
        content = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        archive.writestr(
            "content.xml",
            f"{root}</office:automatic-styles>{content}</office:document-content>",
        )
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", part)
    return buffer.getvalue()


def _cells(*texts: str) -> str:
    cells = (f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def test_odt(write: Write) -> None:
    body = (
        "<text:tracked-changes><text:changed-region text:id='c'><text:deletion><text:p>gone"
        "</text:p></text:deletion></text:changed-region></text:tracked-changes>"
        "<text:h text:outline-level='1'>总则 Scope</text:h>"
        "<text:p>10<text:span text:style-name='U'>6</text:span><text:s text:c='2'/>m"
        "<text:change text:change-id='c'/><text:span text:style-name='H'>secret</text:span>"
        "<text:span text:style-name='S'>old</text:span><office:annotation><text:p>note</text:p>"
        "</office:annotation><text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>a note</text:p></text:note-body></text:note></text:p>"
        "<text:list text:style-name='N'><text:list-item><text:p>甲</text:p><text:list>"
        "<text:list-item><text:p>inner</text:p></text:list-item></text:list></text:list-item>"
        "<text:list-item><text:p>乙</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell"
        " table:number-rows-spanned='2'><text:p>区</text:p></table:table-cell><table:table-cell"
        " table:number-columns-spanned='2'><text:p>2023</text:p></table:table-cell>"
        "<table:covered-table-cell/></table:table-row><table:table-row>"
        "<table:covered-table-cell/><table:table-cell><text:p>Q1</text:p></table:table-cell>"
        "<table:table-cell><text:p>Q2</text:p></table:table-cell></table:table-row>"
        f"</table:table-header-rows>{_cells('南', '1', '2')}</table:table>"
        "<text:p><draw:frame><draw:text-box><text:p>in a box</text:p></draw:text-box></draw:frame>"
        "<draw:frame><draw:image/></draw:frame></text:p>"
    )
    master = "<style:master-page><style:header><text:p>top</text:p></style:header>"
    styles = f"<office:document-styles {_NAMES}>{master}</style:master-page>"
    styles += "</office:document-styles>"
    text, counts = _read(write("a.odt", _open_document("text", body, styles=styles)))
    assert text == (
        "# 总则 Scope\n\n10⁶  m[1]\n\n第三条 甲\n\na) inner\n\n第四条 乙\n\n"
        "| 区 | 2023 Q1 | 2023 Q2 |\n| --- | --- | --- |\n| 南 | 1 | 2 |\n\nin a box\n\n[1] a note"
    )
    kinds = ("comments", "deletions", "headers", "hidden", "pictures", "struck")
    assert counts == dict.fromkeys(kinds, 1)
    asked = [kind for kind in kinds if kind != "pictures"]
    text, counts = _read(tmp := write("a.odt", _open_document("text", body, styles=styles)), *asked)
    assert all(word in text for word in ("gone", "secret", "old", "note", "top"))
    assert counts == {"pictures": 1}
    assert recognise(tmp, "a").name == "odt"


def test_ods(write: Write) -> None:
    chart = (
        f"<office:document-content {_NAMES}><office:body><office:chart><chart:chart><chart:title>"
        "<text:p>Sales</text:p></chart:title><table:table>"
        f"{_cells('年', 'sum')}{_cells('2023', '7')}</table:table></chart:chart></office:chart>"
        "</office:body></office:document-content>"
    )
    body = (
        "<table:table table:name='收入'><table:table-column/><table:table-column"
        " table:visibility='collapse'/><table:table-column/>"
        f"{_cells('name', 'key', 'rate')}{_cells('甲', 'x', '3.25%')}"
        "<table:table-row><table:table-cell table:number-columns-repeated='2'><text:p>=</text:p>"
        "</table:table-cell><table:table-cell table:formula='of:=SUM([.A1])'/></table:table-row>"
        "<table:table-row table:visibility='filter'><table:table-cell><text:p>no</text:p>"
        "</table:table-cell></table:table-row>"
        "<table:table-row table:number-rows-repeated='1048000'><table:table-cell"
        " table:number-columns-repeated='16384'/></table:table-row>"
        "<table:table-row><table:table-cell office:value-type='float' office:value='0.5'/>"
        "<table:table-cell/><table:table-cell><draw:frame><draw:object xlink:href='./Chart'/>"
        "</draw:frame></table:table-cell></table:table-row></table:table>"
        f"<table:table table:name='h' table:style-name='T'>{_cells('no')}</table:table>"
    )
    content = _open_document("spreadsheet", body, Chart__content=chart)
    text, counts = _read(write("a.ods", content))
    assert text.startswith(
        "## 收入\n\n| name | rate |\n| --- | --- |\n| 甲 | 3.25% |\n| = | =SUM([.A1]) |\n\n"
    )
    assert "0.5" in text
    assert "Sales" in text
    assert "2023" in text
    assert "no" not in text.split()
    assert counts == {"formulas": 1, "rows": 2, "sheets": 1}


def test_odp(write: Write) -> None:
    frame = "<draw:frame svg:y='{}cm'{}><draw:text-box><text:p>{}</text:p></draw:text-box>"
    body = (
        "<draw:page>" + (frame + "</draw:frame>").format(5, "", "below")
        + (frame + "</draw:frame>").format(2, "", "上面")
        + (frame + "</draw:frame>").format(9, " presentation:class='title'", "Title")
        + "<presentation:notes>" + (frame + "</draw:frame>").format(
            1, " presentation:class='notes'", "say this") + "</presentation:notes></draw:page>"
        "<draw:page draw:style-name='G'><draw:frame><draw:text-box><text:p>no</text:p>"
        "</draw:text-box></draw:frame></draw:page>"
    )  # fmt: skip
    path = write("a.odp", _open_document("presentation", body))
    assert _read(path) == ("# Title\n\n上面\n\nbelow\n\nsay this", {"slides": 1})
    assert [page.metadata["page"] for page in load(path, include=("hidden",))] == [1, 2]


# -- mails


def _mail(kind: str, body: bytes, *more: str, subject: str = "Test") -> bytes:
    fields = [f"From: a@b.c\nTo: d@e.f\nSubject: {subject}\nMIME-Version: 1.0", *more]
    return "\n".join([*fields, f"Content-Type: {kind}", ""]).encode() + b"\n" + body


def _parts(*parts: tuple[str, bytes], boundary: str = "=_b") -> bytes:
    mark = f"--{boundary}\n".encode()
    return b"".join(mark + head.encode() + b"\n\n" + body + b"\n" for head, body in parts) + (
        f"--{boundary}--\n".encode()
    )


_MIXED = 'multipart/mixed; boundary="=_b"'
_FILE = "Content-Disposition: attachment; filename="


@pytest.mark.parametrize(
    ("content", "holds", "lacks", "counts"),
    [
        (
            _mail("text/plain; charset=gb2312", "会议改到周五。".encode("gb2312"),
                  subject="=?gb2312?B?u+HS6c2o1qo=?="),
            ("# 会议通知\n\nFrom: a@b.c\nTo: d@e.f\n\n会议改到周五。",), ("=?",), {},
        ),
        (
            _mail("text/plain; charset=utf-8; format=flowed", b"one =E4=B8=AD \ntwo=\n three",
                  "Content-Transfer-Encoding: quoted-printable"),
            ("one 中 two three",), ("=E4",), {},
        ),
        (
            _mail("text/html; charset=big5", "<p>會議</p><table><tr><th>a</th><th>b</th></tr>"
                  "<tr><td>1</td><td>2</td></tr></table>".encode("big5")),
            ("會議", "| 1 | 2 |"), ("<p>",), {},
        ),
        (
            _mail('multipart/alternative; boundary="=_b"', _parts(
                ("Content-Type: text/plain", b"plain\n> quoted"),
                ("Content-Type: text/html", b"<b>rich</b>"))),
            ("plain\n> quoted",), ("rich",), {},
        ),
        (
            _mail(_MIXED, _parts(
                ("Content-Type: text/plain", b"see both"),
                (f"Content-Type: text/csv\n{_FILE}\"=?utf-8?B?6KGoLmNzdg==?=\"", b"k,v\nx,1\n"),
                (f"Content-Type: application/zip\n{_FILE}z.rar", b"Rar!xx"),
                ("Content-Type: image/png\nContent-Transfer-Encoding: base64", b"iVBORw0KGgo="),
                ("Content-Type: application/pgp-signature", b"abc"))),
            ("see both", "# 表.csv\n\n| k | v |"), ("iVBOR", "Rar!"),
            {"attachments": 1, "pictures": 1, "load.attachment": None},
        ),
        (
            (b"From a@b Mon Jun 01 10:00:00 2009\nSubject: one\nFrom: x\n\nfirst\n\n"
            b"From a@b Mon Jun 01 10:00:00 2009\nSubject: two\n\nsecond\n"),
            ("# one\n\nFrom: x\n\nfirst", "# two\n\nsecond"), (), {},
        ),
        (
            b"From: <Saved by Blink>\nSubject: page\nMIME-Version: 1.0\n"
            b'Content-Type: multipart/related; type="text/html"; boundary="=_b"\n\n'
            + _parts(("Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable",
                      "<html><meta charset=3Dgbk><body><h1>标题</h1><p>=E6=AD=A3文。</p>".encode()),
                     ("Content-Type: image/png\nContent-Location: cid:x", b"abc")),
            ("# 标题", "正文。"), ("Saved by", "abc"), {"pictures": 1},
        ),
    ],
)  # fmt: skip
def test_mails(
    write: Write, content: bytes, holds: tuple[str, ...], lacks: tuple[str, ...],
    counts: dict[str, int | None],
) -> None:  # fmt: skip
    for name, data in (("a.eml", content), ("b", content.replace(b"\n", b"\r\n"))):
        text, said = _read(write(name, data))
        assert [part for part in holds if part not in text] == [], text
        assert [part for part in lacks if part in text] == []
        assert said == counts


def test_mails_in_mails_are_read_three_deep(write: Write) -> None:
    mail = _mail("text/plain", b"level 9")
    for level in range(8, -1, -1):
        head = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n"
        attached = (f"{head}{_FILE}{level}.eml", base64.encodebytes(mail))
        own = ("Content-Type: text/plain", f"level {level}".encode())
        mail = _mail(_MIXED, _parts(own, attached))
    text, counts = _read(write("a.eml", mail))
    assert [level for level in range(10) if f"level {level}" in text] == [0, 1, 2, 3]
    assert counts["attachments"] == 1
    nested = b"text"
    for _ in range(400):
        nested = b"From: a@b\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n" + nested
    assert _read(write("b.eml", nested))[1]["attachments"] == 1
    boxes = b"Content-Type: text/plain\n\nhello"
    for at in range(500):
        mark = b"=_%d" % at
        inner = b"--" + mark + b"\n" + boxes + b"\n--" + mark + b"--\n"
        boxes = b'Content-Type: multipart/mixed; boundary="' + mark + b'"\n\n' + inner
    assert _read(write("c.eml", _mail("text/x", b"").split(b"Content-Type")[0] + boxes))[1] == {
        "attachments": 1
    }


# -- notebooks


def test_a_notebook(write: Write) -> None:
    html = "<table><tr><th>k</th><th>sum</th></tr><tr><td>甲</td><td>7</td></tr></table>"
    long = "".join(f"line {n}\n" for n in range(20_000))
    outputs = [
        {"output_type": "stream", "text": ["done\n"]},
        {"output_type": "execute_result", "data": {"text/html": html, "text/plain": "no"}},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0", "text/plain": "<Fig>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["x"]},
        {"output_type": "stream", "text": long},
    ]
    cells = [
        {
            "cell_type": "markdown",
            "source": ["# 标题\n", "正文 ![fig](data:image/png;base64,AAAA)"],
        },
        {"cell_type": "code", "source": "x = 1\n# no heading", "outputs": outputs},
    ]
    path = write("a.ipynb", json.dumps({"cells": cells, "nbformat": 4}).encode())
    text, counts = _read(path)
    assert text.startswith(
        "# 标题\n正文 fig\n\n```python\nx = 1\n# no heading\n```\n\n```\ndone\n```\n\n"
        "| k | sum |\n| --- | --- |\n| 甲 | 7 |\n\nValueError: bad\n\n```\nline 0\n"
    )
    assert counts == {"outputs": 1, "pictures": 2}
    assert "base64" not in text
    assert len(text) < 25_000
    assert [h[2] for page in load(path) for h in page.metadata["outline"]] == ["标题"]


# -- pictures


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in this process, which doubles reach."""
    for name, form in FORMATS.items():
        monkeypatch.setitem(FORMATS, name, replace(form, apart=False))


@pytest.fixture
def shapes(here: None, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:  # noqa: ARG001 - read in this process
    """Text recognition that reads one line a page, and the sizes of the pages it was given."""
    seen: list[tuple[int, int]] = []

    def recognised(_self: Scanner, pixels: Any) -> list[tuple[Any, str, float]]:
        height, width = pixels.shape[:2]
        seen.append((width, height))
        box = [(9, 9), (width // 2, 9), (width // 2, 40), (9, 40)]
        return [(box, f"第{len(seen)}页 text", 0.9)]

    monkeypatch.setattr(Scanner, "_recognise", recognised)
    monkeypatch.setattr(loaders.formats, "can_recognise", lambda: True)
    monkeypatch.setattr(loaders.pdf.reading, "can_recognise", lambda: True)
    return seen


def test_pictures(tmp_path: Path, shapes: list[tuple[int, int]]) -> None:
    for suffix, mode in (
        ("png", "RGBA"), ("jpg", "RGB"), ("webp", "RGB"), ("bmp", "L"), ("gif", "P"), ("tif", "1"),
    ):  # fmt: skip
        path = tmp_path / f"a.{suffix}"
        Image.new(mode, (60, 40)).save(path)
        assert recognise(path, path.name).name == "picture"
        (page,) = load(path)
        assert page.page_content.endswith("text")
        assert "page" not in page.metadata
    pages = [Image.new("L", (60, 40), at) for at in range(3)]
    pages[0].save(tmp_path / "fax.tif", save_all=True, append_images=pages[1:])
    assert [page.metadata["page"] for page in load(tmp_path / "fax.tif")] == [1, 2, 3]
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by a quarter
    Image.new("RGB", (60, 40)).save(tmp_path / "turned.jpg", exif=turned)
    list(load(tmp_path / "turned.jpg"))
    assert shapes[-1][0] < shapes[-1][1]
    before = len(shapes)
    Image.new("L", (300, 2400), 255).save(tmp_path / "long.png")
    assert len(list(load(tmp_path / "long.png"))) == len(shapes) - before == 4


def test_pictures_without_recognition_and_bombs(
    write: Write, shapes: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    data = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    bomb = write("a.png", b"\x89PNG\r\n\x1a\n" + data)
    assert _refusal(bomb) == "load.picture_large"
    assert _refusal(write("b.png", b"\x89PNG\r\n\x1a\n" + data[:20])) == "load.picture_broken"
    assert not shapes
    monkeypatch.setattr(loaders.formats, "can_recognise", lambda: False)
    assert _refusal(bomb) == "load.picture"
    assert _read(write("c.png", b"just text"))[0] == "just text"


# -- old office files, with a program that plays LibreOffice

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def _old(stream: str) -> bytes:
    return _OLE + (stream + "\0").encode("utf-16-le") + bytes(60)


@pytest.fixture
def office(
    here: None,  # noqa: ARG001 - read in this process
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], Path]]:
    """Puts a script that is called soffice on the path; gives the folder it writes into."""
    place = tmp_path / "bin"
    place.mkdir()
    document = docx.Document()
    document.add_paragraph("赵州桥 was built by Li Chun.")
    document.save(str(place / "made.docx"))
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    folder = tmp_path / "private"
    folder.mkdir()
    loaders.libreoffice._folder.cache_clear()
    monkeypatch.setattr("loaders.libreoffice.tempfile.mkdtemp", lambda **_: str(folder))

    def install(does: str) -> Path:
        program = place / "soffice"
        program.write_text(f"#!/bin/sh\ncd {place}\n{does}\n")
        program.chmod(0o755)
        return place

    yield install
    loaders.libreoffice._folder.cache_clear()


_CONVERT = """echo "$@" >>arguments; env >environment; ls -a "${11%/*}" >beside
for last; do :; done; cp made.docx "$(dirname "$last")/document.docx"
"""


def test_old_office_files_are_converted(
    write: Write, office: Callable[[str], Path], tmp_path: Path
) -> None:
    for name, stream in (("a.doc", "WordDocument"), ("公文.wps", "WordDocument"),
                         ("b.xls", "Workbook"), ("c.dps", "PowerPoint Document")):  # fmt: skip
        with pytest.raises(FormatError) as refused:
            load(write(name, _old(stream)))
        assert refused.value.code == "load.legacy"
        assert "LibreOffice" in refused.value.say("zh")
    place = office(_CONVERT)
    path = write(
        "公文.wps", _old("WordDocument") + b"file:///etc/passwd http://example.org/ Auto_Open"
    )
    (page,) = load(path)
    assert page.page_content == "赵州桥 was built by Li Chun."
    assert page.metadata["source"] == str(path)
    list(load(path))
    (call,) = (place / "arguments").read_text().splitlines()  # once for both
    profile = tmp_path / "private" / "profile"
    assert f"-env:UserInstallation={profile.as_uri()} --headless --norestore" in call
    assert "公文" not in call
    said = (place / "environment").read_text()
    assert "secret" not in said
    assert "https_proxy=http://127.0.0.1:9" in said
    assert f"TMPDIR={tmp_path / 'private'}" in said
    rules = (profile / "user" / "registrymodifications.xcu").read_text()
    for rule in ('"MacroSecurityLevel" oor:op="fuse"><value>3<', '"DisableMacrosExecution"',
                 '"BlockUntrustedRefererLinks"'):  # fmt: skip
        assert rule in rules
    assert _refusal(write("d.msg", _old("__properties_version1.0"))) == "load.refused_format"
    assert _refusal(write("e.doc", _old("EncryptedPackage"))) == "load.office_password"


def test_a_conversion_that_fails_or_hangs_is_ended(
    write: Write, office: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    office("exit 1")
    assert _refusal(write("a.doc", _old("WordDocument"))) == "load.conversion_failed"
    monkeypatch.setattr(loaders.libreoffice, "_SECONDS", 0.5)
    place = office("/bin/sleep 60 & echo $! >child\n/bin/sleep 60")
    assert _refusal(write("a.doc", _old("WordDocument"))) == "load.conversion_slow"
    child = int((place / "child").read_text())
    for _ in range(50):
        stat = Path(f"/proc/{child}/stat")
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        os.kill(child, 9)
        pytest.fail("what soffice started lives on")


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.xls", "名称\t数\n甲\t1\n".encode("gbk"), "csv"),
        ("a.doc", b"<html><body>x</body></html>", "html"),
        ("a.doc", b"From: a\nMIME-Version: 1.0\nTo: b\n\nx", "mail"),
        ("a.doc", b"plain words", "text"),
        ("a.txt", b"From: a\nTo: b\n\nplain text", "text"),
        ("a.json", b'{"cells": [{"cell_type": "markdown"}]}', "notebook"),
        ("a.bin", b"{\\rtf1 x}", "rtf"),
    ],
)
def test_content_says_what_a_file_is(write: Write, name: str, content: bytes, form: str) -> None:
    assert recognise(write(name, content), name).name == form


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"AT&TFORM", "DjVu"), (b"ITSF", "CHM"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"CAJ", "CAJ"), (bytes(60) + b"BOOKMOBI", "MOBI"), (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x18ftypisom", "MP4"), (b"RIFFxxxxWAVE", "WAVE"), (b"SQLite format 3\0", "SQLite"),
    ],
)  # fmt: skip
def test_formats_without_a_reader_are_named(write: Write, content: bytes, kind: str) -> None:
    with pytest.raises(FormatError) as refused:
        load(write("a.bin", content))
    assert kind in refused.value.say("en")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as ofd:
        ofd.writestr("OFD.xml", "<x/>")
    with pytest.raises(FormatError, match="OFD"):
        load(write("a.ofd", archive.getvalue()))


_CELL = "<table:table-row{}><table:table-cell table:number-columns-repeated='900'><text:p>{}"
_REPEATED = _CELL.format(" table:number-rows-repeated='1000000'", "x")
_LONG = _CELL.format("", "x" * 100_000)
_ENDS = "</text:p></table:table-cell></table:table-row></table:table>"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.rtf", b"{\\rtf1 " + b"{" * 1_000_000 + b"x" + b"}" * 1_000_000, "load.nested"),
        ("a.rtf", b"{\\rtf1 \\bin999999999 x}", "load.blank"),
        ("a.ods", _open_document("spreadsheet", "<table:table>" + _REPEATED + _ENDS),
         "load.too_many_cells"),
        ("a.ods", _open_document("spreadsheet", "<table:table>" + _LONG + _ENDS),
         "load.too_many_cells"),
        ("a.odt", _open_document("text", "", **{"META-INF__manifest": "<encryption-data/>"}),
         "load.office_password"),
        ("a.ipynb", b'{"cells":' + b"[" * 100_000, "load.notebook_broken"),
        ("a.ipynb", b'{"a": 1}', "load.notebook_broken"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused(write: Write, name: str, content: bytes, code: str) -> None:
    assert _refusal(write(name, content)) == code


def test_what_nests_deeply_is_read_flat(write: Write) -> None:
    spans = "<text:p>" + "<text:span>" * 150 + "深" + "</text:span>" * 150 + "</text:p>"
    items = (
        "<text:list><text:list-item>" * 110
        + "<text:p>item</text:p>"
        + ("</text:list-item></text:list>" * 110)
    )
    text, _ = _read(write("a.odt", _open_document("text", spans + items)))
    assert "深" in text
    assert "item" in text
    assert "odt" in FORMATS
