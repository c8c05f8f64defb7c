"""Files made to exhaust, to read what is not theirs, or to hide text: bounded, refused or whole."""

from __future__ import annotations

import io
import resource
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import docx
import openpyxl
import pytest

from loaders import LoadError, find_documents, load, split
from loaders.pdf.bombs import check_streams
from loaders.zips import declares

MOST_SECONDS = 8.0  # of processor time; what is attacked takes minutes or all memory
SECRET = "root-secret-4711"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def text_of(path: Path) -> str:
    return "\n\n".join(page.page_content for page in load(path))


def in_time(path: Path) -> str:
    """The text of a file or the code of its refusal, within the time."""
    began = time.process_time()
    try:
        said = text_of(path)
    except LoadError as error:
        said = error.code
    assert time.process_time() - began < MOST_SECONDS
    return said


def parts_of(save: Callable[[io.BytesIO], object]) -> dict[str, bytes]:
    """The parts of an office file."""
    buffer = io.BytesIO()
    save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def word(path: Path, body: str, before: str = "") -> Path:
    parts = parts_of(docx.Document().save)
    xml = f'<?xml version="1.0"?>{before}<w:document {_W}><w:body>{body}</w:body></w:document>'
    return zipped(path, {**parts, "word/document.xml": xml.encode()})


def workbook(path: Path, rows: str, before: str = "") -> Path:
    parts = parts_of(openpyxl.Workbook().save)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'{before}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
    return zipped(path, {**parts, "xl/worksheets/sheet1.xml": xml.encode()})


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def hollow_csv(path: Path) -> Path:
    path.write_text("宽," * 100_000 + "end\n" + "x\n" * 10_000, "utf-8")
    return path


def hollow_html(path: Path) -> Path:
    rows = "<tr><td>b<td>c" * 10_000
    path.write_text(f"<html><table><tr>{'<td>宽' * 10_000}<td>end{rows}</table>", "utf-8")
    return path


def hollow_xlsx(path: Path) -> Path:
    rows = "".join(f'<row r="{n}">{cell(f"A{n}", "x")}</row>' for n in range(2, 10_000))
    return workbook(path, f'<row r="1">{cell("A1", "宽")}{cell("XFD1", "end")}</row>{rows}')


def hollow_docx(path: Path) -> Path:
    wide = "".join(f"<w:tc>{paragraph('宽')}</w:tc>" for _ in range(3000))
    short = f"<w:tr><w:tc>{paragraph('x')}</w:tc></w:tr>" * 5000
    end = f"<w:tc>{paragraph('end')}</w:tc>"
    return word(path, f"<w:tbl><w:tr>{wide}{end}</w:tr>{short}</w:tbl>")


@pytest.mark.parametrize(
    "make", [hollow_csv, hollow_html, hollow_xlsx, hollow_docx], ids=lambda make: make.__name__
)
def test_one_long_row_among_many_short_ones_is_not_filled_up(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = in_time(make(tmp_path / f"a.{make.__name__.removeprefix('hollow_')}"))
    assert "宽" in text
    assert "end" in text
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 500  # MiB; filled up they take gigabytes


def test_tables_in_tables_in_tables_take_linear_time(tmp_path: Path) -> None:
    row = f"<w:tr><w:tc>{paragraph('inner 内')}</w:tc></w:tr>"
    opened, closed = "<w:tbl><w:tr><w:tc>", f"<w:p/></w:tc></w:tr>{row * 150}</w:tbl>"
    text = in_time(word(tmp_path / "a.docx", opened * 60 + paragraph("最深") + closed * 60))
    assert text.count("inner 内") == 60 * 150
    assert "最深" in text


@pytest.mark.parametrize("depth", [10, 60])
def test_text_nested_beyond_sense_is_not_lost(depth: int, tmp_path: Path) -> None:
    inner = "<w:sdt><w:sdtContent>" * depth + paragraph("深处 deep")
    body = paragraph("top") + inner + "</w:sdtContent></w:sdt>" * depth + paragraph("end")
    assert text_of(word(tmp_path / "a.docx", body)).split("\n\n") == ["top", "深处 deep", "end"]


@pytest.mark.parametrize("tag", ["<b>", "<p>", "<table><tr><td>"])
def test_more_tags_than_a_page_has_are_refused(tag: str, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<html>{tag * 3_100_000}text", "utf-8")
    assert in_time(path) == "load.too_many_tags"
    packed = word(tmp_path / "a.docx", "<w:p/>" * 4_100_000)
    assert in_time(packed) == "load.too_many_tags"


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<ul><li>", "<blockquote>"])
def test_a_page_nested_without_end_ends(tag: str, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<html><body>{tag * 100_000}深 text", "utf-8")
    said = in_time(path)
    assert said == "load.html_broken" or "深 text" in said


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET, "utf-8")
    return path


@pytest.mark.parametrize("padding", ["", f"<!--{'x' * 5000}-->", "<?pi " + "x" * 5000 + "?>"])
@pytest.mark.parametrize("kind", ["docx", "xlsx", "epub"])
def test_an_entity_reads_no_file_and_hides_no_text(
    kind: str, padding: str, secret: Path, tmp_path: Path
) -> None:
    declared = f'{padding}<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    path = tmp_path / f"a.{kind}"
    if kind == "docx":
        word(path, paragraph("before &x; after"), declared)
    elif kind == "xlsx":
        workbook(path, f'<row r="1">{cell("A1", "before &x; after")}</row>', declared)
    else:
        book(path, ["a.xhtml"], {"a.xhtml": f"{declared}<html><p>before &x; after</p></html>"})
    assert in_time(path) == "load.zip_broken"


def book(path: Path, chapters: list[str], files: dict[str, str]) -> Path:
    container = '<container><rootfiles><rootfile full-path="b/c.opf"/></rootfiles></container>'
    items = "".join(f'<item id="i{n}" href="{name}"/>' for n, name in enumerate(chapters))
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(chapters)))
    package = f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>"
    parts = {"META-INF/container.xml": container, "b/c.opf": package}
    parts.update({f"b/{name}": text for name, text in files.items()})
    return zipped(path, {name: text.encode() for name, text in parts.items()})


def test_a_chapter_is_read_from_the_book_alone(secret: Path, tmp_path: Path) -> None:
    names = ["a.xhtml", str(secret), secret.as_uri(), f"../../../../..{secret}", "..%2F..%2Fsecret"]
    path = book(tmp_path / "a.epub", names, {"a.xhtml": "<html><p>chapter 章</p></html>"})
    assert "chapter 章" in text_of(path)
    assert SECRET not in text_of(path)
    pages = list(load(path))
    assert len(pages) == len(names)
    assert all(page.metadata["warnings"] for page in pages[1:])


def test_names_that_lead_out_of_an_archive_write_nothing(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    parts = parts_of(docx.Document().save)
    document = f"<w:document {_W}><w:body>{paragraph('text 文')}</w:body></w:document>"
    evil = dict.fromkeys(("../out.xml", "/out.xml", "..\\out.xml", "C:\\out.xml"), b"<evil/>")
    path = zipped(inside / "a.docx", {**parts, "word/document.xml": document.encode(), **evil})
    assert text_of(path) == "text 文"
    assert sorted(tmp_path.rglob("*")) == [inside, path]


@pytest.mark.parametrize("count", [12_000, 21_000])
def test_a_book_of_very_many_chapters_is_read_whole_or_refused(count: int, tmp_path: Path) -> None:
    names = [f"{n}.xhtml" for n in range(count)]
    path = book(tmp_path / "a.epub", names, {"0.xhtml": "<html><p>one 一</p></html>"})
    if count > 20_000:
        assert in_time(path) == "load.too_many_pages"
    else:
        assert len(list(load(path))) == count


def test_a_link_out_of_a_folder_is_not_followed(secret: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("honest 诚实", "utf-8")
    (folder / "b.txt").symlink_to(secret)
    (folder / "sub" / "c.txt").symlink_to(folder / "a.txt")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    found = list(find_documents(folder))
    refused = [one.code for one in found if isinstance(one, LoadError)]
    assert refused == ["load.link_outside"]
    read = [one for one in found if isinstance(one, Path)]
    assert [path.name for path in read] == ["a.txt", "c.txt"]
    assert all(text_of(path) == "honest 诚实" for path in read)


@pytest.mark.parametrize(
    ("start", "does"),
    [
        (b"<a>", False),
        (b"<?xml version='1.0'?><!-- <!ENTITY --><a/>", False),
        (b'<!DOCTYPE html PUBLIC "-//W3C//DTD" "http://a/b.dtd"><html>', False),
        (b"<!DOCTYPE a [<!ELEMENT a ANY>]><a>", False),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>', True),
        (b'<!DOCTYPE a SYSTEM ">" [<!ENTITY x "y">]><a>', True),
        (b"<!DOCTYPE a [<!-- ] --><!ENTITY x 'y'>]><a>", True),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>'.encode("utf-16"), True),
        (b"<!--" * 16_000, True),
        (b"<!--" + b"x" * 70_000, True),
        (b" " * (1 << 16), True),
        (b"", False),
    ],
)
def test_what_declares_entities_is_told(start: bytes, *, does: bool) -> None:
    assert declares(start[: 1 << 16]) is does


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("a.md", b"# a\n"),
        ("a.md", "# 第一章\n".encode()),
        ("a.txt", b"\xe9"),
        ("a.txt", b"\xb0\xb1\xe9 "),
        ("a.txt", "第一章\n".encode("gb18030")),
        ("a.txt", b"\n"),
        ("a.csv", b";,|\t"),
        ("a.html", b"<p>a"),
        ("a.jsonl", b'{"text":"a"}\n'),
    ],
)
def test_a_file_of_one_thing_over_and_over_is_read_in_time(
    name: str, unit: bytes, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(unit * (1_000_000 // len(unit)))
    began = time.process_time()
    with suppress(LoadError):
        for _ in split(load(path)):
            pass
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    "declared",
    ["punycode", "idna", "unicode_escape", "utf-7", "undefined", "rot13", "zlib", "x" * 30],
)
def test_an_encoding_that_no_file_has_is_not_believed(declared: str, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    body = "<p>plain words, \\u0041 +ADw-script+AD4- and \\d " + "z9" * 500
    path.write_text(f"<meta charset={declared}>{body}", "ascii")
    assert "\\u0041 +ADw-script+AD4- and \\d" in text_of(path)


@pytest.mark.parametrize("length", [1, 4, 17, 1000])
def test_broken_bytes_are_counted_as_they_are_or_refused(length: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    sound = "赵州桥由隋朝工匠李春设计建造。".encode() * 100
    path.write_bytes(sound + b"\xff" * length + sound)
    if length > 16:
        assert in_time(path) == "load.encoding"
    else:
        (page,) = load(path)
        assert page.page_content.count("\ufffd") == 1
        assert page.metadata["warnings"][0]["code"] == "load.broken_bytes"


def pdf(content: bytes, packing: bytes, gap: bytes = b"\n") -> bytes:
    """A PDF of one page with one stream of drawing orders."""
    stream = b"<</Filter%s/Length %d>>stream%s" % (packing, len(content), gap)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        stream + content + b"\nendstream",
    ]
    body = b"".join(b"%d 0 obj%s\nendobj\n" % (n, one) for n, one in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size 5/Root 1 0 R>>\n%%EOF"


def deflated(unit: bytes, megabytes: int) -> bytes:
    engine = zlib.compressobj(9)
    block = unit * ((1 << 20) // len(unit))
    return b"".join(engine.compress(block) for _ in range(megabytes)) + engine.flush()


@pytest.mark.parametrize(
    ("content", "packing", "gap"),
    [
        (zlib.compress(deflated(b" ", 600), 9), b"[/FlateDecode/FlateDecode]", b"\n"),
        (deflated(b"\0", 300), b"/FlateDecode", b" \n"),
        (deflated(b"q ", 8), b"/FlateDecode", b"\r\n"),
        (deflated(b"0 0 1 1 re f ", 8), b"/FlateDecode", b"\n"),
        (zlib.compress(deflated(b"q ", 8), 9), b"[/FlateDecode/FlateDecode]", b"\n"),
    ],
    ids=["packed twice", "a blank before the line end", "states", "boxes", "states packed twice"],
)
def test_a_pdf_that_swells_is_refused_before_it_is_opened(
    content: bytes, packing: bytes, gap: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(content, packing, gap))
    assert in_time(path) == "load.pdf_bomb"


def test_a_pdf_with_a_large_even_picture_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    for shade in (b"\0", b"\xff", b"\x80", b"\x8f\xff"):
        path.write_bytes(pdf(deflated(shade, 40), b"/FlateDecode"))
        check_streams(path, path.name)
