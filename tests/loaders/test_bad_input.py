"""Whatever a user drags in becomes text or one LoadError, within bounds."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from loaders import LoadError, load

_NAMES = ["a.txt", "a.md", "a.html", "a.csv", "a.json", "a.jsonl", "a.pdf", "a.docx", "a.epub"]


def _refusal(path: Path) -> LoadError:
    with pytest.raises(LoadError) as caught:
        list(load(path))
    for language in ("en", "zh"):
        assert path.name in caught.value.say(language)
    return caught.value


def _outcome(path: Path) -> list[Document] | LoadError:
    try:
        return list(load(path))
    except LoadError as error:
        return error


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize(
    ("data", "codes"),
    [(b"", {"load.empty"}), (b" \n\t\xe3\x80\x80\n", {"load.blank", "load.pdf_broken",
                                                      "load.zip_broken", "load.html_broken"})],
)  # fmt: skip
def test_empty_and_blank_files(tmp_path: Path, name: str, data: bytes, codes: set[str]) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert _refusal(path).code in codes


def test_what_is_no_file(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "没有.txt").code == "load.missing"
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    assert _refusal(folder).code == "load.is_folder"
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    assert _refusal(loop).code == "load.unreadable"
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    assert _refusal(pipe).code == "load.not_a_file"


def test_too_large_a_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as stream:
        stream.truncate(2 << 30)  # sparse: takes no room
    assert _refusal(path).code == "load.too_large"


def _docx(path: Path) -> bytes:
    document = docx.Document()
    document.add_paragraph("正文 and text. " * 200)
    document.save(str(path))
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_truncated_docx(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.docx"
    data = _docx(path)
    path.write_bytes(data[: int(len(data) * share)])
    assert _refusal(path).code == "load.zip_broken"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "load.refused_format"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "load.office_password",
        ),
        (b"AT&TFORM hello", "load.refused_format"),
        (b"\x7fELF" + bytes(range(256)) * 8, "load.encoding"),
        (b"%PDF-1.4\nnothing", "load.pdf_broken"),
    ],
)
def test_what_is_not_read_says_what_to_do(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "a.doc"
    path.write_bytes(data)
    assert _refusal(path).code in (code, "load.not_text")


def test_zip_bombs_and_entity_bombs_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w>" + b" " * (300 << 20))
    assert _refusal(path).code == "load.zip_bomb"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY a "aaaa">]><a>&a;</a>')
    assert _refusal(path).code == "load.zip_broken"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.txt", "just an archive")
    assert _refusal(path).code == "load.archive"


def _pdf(objects: list[bytes]) -> bytes:
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    return out + head + table + tail


def test_pdf_bomb_is_refused(tmp_path: Path) -> None:
    engine = zlib.compressobj(9)
    packed = b"".join(engine.compress(b" " * (1 << 20)) for _ in range(300)) + engine.flush()
    path = tmp_path / "a.pdf"
    path.write_bytes(
        _pdf(
            [
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
                b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed)
                + packed
                + b"\nendstream",
            ]
        )
    )
    assert _refusal(path).code == "load.pdf_bomb"


def test_circular_page_tree_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    tree = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"]
    path.write_bytes(_pdf(tree))
    assert _refusal(path).code in ("load.pdf_broken", "load.pdf_blank")


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    count = 100_000
    kids = b" ".join(b"3 0 R" for _ in range(count))
    path = tmp_path / "a.pdf"
    path.write_bytes(
        _pdf(
            [
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % count,
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
            ]
        )
    )
    assert _refusal(path).code == "load.too_many_pages"


_HEADS = st.sampled_from(
    [b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"[", b'{"a":', b"\xff\xfe"]
)


@given(st.sampled_from(_NAMES), _HEADS, st.binary(max_size=300))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_file_becomes_documents_or_a_load_error(
    tmp_path: Path, name: str, head: bytes, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(head + data)
    outcome = _outcome(path)
    if isinstance(outcome, LoadError):
        assert outcome.say("en")
        assert outcome.say("zh")
    else:
        assert any(document.page_content.strip() for document in outcome)


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_json_ends(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" * depth + '"深 text"' + "]" * depth, encoding="utf-8")
    outcome = _outcome(path)
    if isinstance(outcome, LoadError):
        assert outcome.code == "load.json_broken"
    else:
        assert [page.page_content for page in outcome] == ["深 text"]
