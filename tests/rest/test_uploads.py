"""Uploads: bounded at every step, at the same result however they are cut up on their way."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from chains import user_folder
from loaders import FORMATS, LoadError
from messages.errors import SaidError
from rest.config import Limits
from rest.errors import RestError
from rest.multipart import Received, receive
from rest.uploads import Uploads

KNOWN = tuple(suffix for one in FORMATS.values() for suffix in one.suffixes)
CHINESE = "赵州桥由隋朝工匠李春设计建造。赵州桥全长64.4米，跨度37.02米。"
Start = Callable[..., httpx.Client]


def form(files: list[tuple[str, bytes]], fields: dict[str, str]) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    parts += [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    ]
    return b"".join(parts) + b"--x--\r\n"


def taken(body: bytes, cuts: list[int], uploads: Uploads) -> Received:
    """What is received of a body that arrives in pieces."""
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    pieces = [body[a:b] for a, b in pairwise(places)]

    async def go() -> Received:
        async def arriving() -> AsyncIterator[dict[str, object]]:
            for piece in pieces:
                yield {"type": "http.request", "body": piece, "more_body": True}
            yield {"type": "http.request", "body": b"", "more_body": False}

        kind = (b"content-type", b"multipart/form-data; boundary=x")
        scope = {"type": "http", "method": "POST", "headers": [kind]}
        messages = arriving()
        return await receive(Request(scope, messages.__anext__), uploads)

    return asyncio.run(go())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.text("桥é\r\n- ", min_size=1, max_size=60), min_size=1, max_size=3),
    st.lists(st.integers(0, 2000), max_size=12),
)
def test_a_form_is_the_same_in_any_pieces(
    tmp_path_factory: pytest.TempPathFactory, contents: list[str], cuts: list[int]
) -> None:
    uploads = Uploads(tmp_path_factory.mktemp("u"), Limits())
    sent = [f"t{one}".encode() for one in contents]
    body = form([(f"桥{n}.txt", one) for n, one in enumerate(sent)], {"backend": "甲"})
    received = taken(body, cuts, uploads)
    assert received.fields == {"backend": "甲"}
    assert [one.name for one in received.files] == [f"桥{n}.txt" for n in range(len(contents))]
    for one, content in zip(received.files, sent, strict=True):
        assert uploads.find(one.id)[1].read_bytes() == content
        assert one.bytes == len(content)
    assert uploads.all()


def test_a_file_has_the_name_that_its_client_meant(tmp_path: Path) -> None:
    for sent, meant in (
        ('name="file"; filename="桥.txt"', "桥.txt"),  # browsers, curl, httpx
        ('name="file"; filename="a \\"b\\".txt"', 'a "b".txt'),
        ("name=file; filename=plain.txt", "plain.txt"),
        # .NET's MultipartFormDataContent
        (
            "name=file; filename=\"=?utf-8?B?5qGlLnR4dA==?=\"; filename*=utf-8''%E6%A1%A5.txt",
            "桥.txt",
        ),
        ('name=file; filename="=?utf-8?B?5qGlLnR4dA==?="', "桥.txt"),
        ('name=file; filename="=?gb18030?Q?=C7=C5=2Etxt?="', "桥.txt"),
        ('name=file; filename="=?nothing?B?x?="', "=?nothing?B?x?="),
        ("name=file; filename*=UTF-8'zh'%E6%A1%A5%20%C3%A9.txt", "桥 é.txt"),  # RFC 5987 alone
        ("name=other; filename*=iso-8859-1''%E9.txt", "é.txt"),
        ("name=file; filename*=nothing''x.txt; filename=y.txt", "y.txt"),
        ("name=file", "file"),
    ):
        head = f"--x\r\nContent-Disposition: form-data; {sent}\r\n\r\n"
        received = taken(f"{head}{CHINESE}\r\n--x--\r\n".encode(), [], Uploads(tmp_path, Limits()))
        assert [one.name for one in received.files] == [meant], sent


def test_what_no_reader_takes_is_refused_by_any_name(client: httpx.Client) -> None:
    program = Path("/bin/sh").read_bytes()[:300_000]
    random = os.urandom(5000)
    for content in (
        program,
        random,
        b"\0\1\2\3" * 99,
        b"\xff\xfb\x90D" + random,
        b"OggS\0" + random,
    ):
        for name in ("a.txt", "a.csv", "a.html", "a.json", "a.bin", "a.mp3", "a", "赵州桥"):
            answer = client.post("/files", files=[("file", (name, content))])
            assert answer.status_code == 415, (name, content[:8])
            assert answer.json()["code"] == "rest.formats"
    assert client.get("/files").json() == {"files": []}
    for encoding in ("utf-8", "gb18030", "big5hkscs", "utf-16"):  # cut in the middle of a character
        for length in (87_380, 87_381, 131_073):
            text = ("桥" * length).encode(encoding)
            assert client.post("/files", files=[("file", ("桥", text))]).status_code == 201


def test_an_upload_that_is_cut_is_one_line_in_the_log(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "rest")
    kinds = {"/files": "multipart/form-data; boundary=x", "/ask": "application/json"}
    for path, kind in kinds.items():
        for begun in (form([("a.txt", b"text")], {})[:90], b""):
            caplog.clear()
            cut = HTTPConnection("127.0.0.1", client.base_url.port or 0, timeout=60)
            cut.putrequest("POST", path)
            cut.putheader("Content-Length", "9999")
            cut.putheader("Content-Type", kind)
            cut.endheaders(begun)
            time.sleep(0.1)
            cut.close()
            until = time.monotonic() + 10
            while not caplog.records:
                assert time.monotonic() < until
                time.sleep(0.01)
            time.sleep(0.1)
            (record,) = caplog.records
            assert path in record.getMessage()
            assert record.exc_info is None
    assert client.get("/files").json() == {"files": []}
    assert list((user_folder("data") / "uploads").iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=80),
    st.sampled_from(["", "x.PDF", ".sh", "/../../x", "\0"]) | st.sampled_from(KNOWN).map(str.upper),
)
def test_no_name_of_a_clients_reaches_the_disk(
    tmp_path_factory: pytest.TempPathFactory, name: str, end: str
) -> None:
    folder = tmp_path_factory.mktemp("u") / "uploads"
    uploads = Uploads(folder, Limits())
    part = uploads.new_part()
    part.write_bytes(b"a text")
    try:
        file = uploads.add(part, name + end)
    except SaidError:  # a name that promises what the bytes are not
        assert (name + end).lower().endswith(KNOWN)
        assert list(folder.iterdir()) == []
        return
    assert "/" not in file.name
    assert file.name.isprintable()
    for place in folder.iterdir():
        suffix = place.name.removeprefix(file.id).removeprefix(".file")
        assert suffix in ("", ".json", *KNOWN)
    assert list(folder.parent.iterdir()) == [folder]
    uploads.delete(file.id)
    assert list(folder.iterdir()) == []
    with pytest.raises(RestError):
        uploads.find(file.id)


def test_old_uploads_and_what_was_never_whole_are_cleared(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, Limits(stored_hours=1, stored=1))
    part = uploads.new_part()
    part.write_bytes(CHINESE.encode())
    file = uploads.add(part, "a.txt")
    left = uploads.new_part()
    left.write_bytes(b"half")
    with pytest.raises(RestError, match="room"):
        uploads.check_room()
    long_ago = time.time() - 3 * 3600
    for place in tmp_path.iterdir():
        os.utime(place, (long_ago, long_ago))
    uploads.check_room()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RestError, match=file.id):
        uploads.find(file.id)
    with pytest.raises(RestError):
        uploads.find("../../etc/passwd")


def test_nothing_of_a_form_that_is_refused_is_kept(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, Limits(files=2, file_bytes=100))
    good = ("good.txt", b"a text")
    for files, code in (
        ([good, ("large.txt", b"x" * 101)], "rest.file_too_large"),
        ([good, good, good], "rest.too_many_files"),
        ([good, ("empty.txt", b"")], "load.empty"),
        ([good, ("book.djvu", b"AT&TFORM")], "rest.formats"),
    ):
        with pytest.raises((RestError, LoadError)) as raised:
            taken(form(files, {}), [], uploads)
        assert raised.value.code == code
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(RestError) as raised:
        taken(form([good], {"a": "x" * 70_000}), [], uploads)
    assert raised.value.code == "rest.body_too_large"
    assert list(tmp_path.iterdir()) == []


def test_bytes_pages_and_files_are_bounded_over_http(start: Start) -> None:
    client = start(Limits(file_bytes=20_000, pages=1, files=2, stall_seconds=0.5))
    large = [("file", ("large.txt", b"x" * 20_001))]
    for path in ("/files", "/jobs"):
        assert client.post(path, files=large).json()["code"] == "rest.file_too_large"
        many = client.post(path, files=[("file", ("a.txt", b"text"))] * 3)
        assert many.status_code == 413
        assert many.json()["code"] == "rest.too_many_files"
    claimed = HTTPConnection("127.0.0.1", client.base_url.port or 0, timeout=60)
    claimed.putrequest("POST", "/files")
    claimed.putheader("Content-Length", "99999999")
    claimed.endheaders()
    assert claimed.getresponse().status == 413  # before a byte of it came
    claimed.close()
    stalled = HTTPConnection("127.0.0.1", client.base_url.port or 0, timeout=60)
    stalled.putrequest("POST", "/ask")
    stalled.putheader("Content-Length", "10")
    stalled.putheader("Content-Type", "application/json")
    stalled.endheaders()
    assert stalled.getresponse().status == 408
    stalled.close()

    def forever() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" " * 100_000

    json = {"Content-Type": "application/json"}
    endless = client.post("/pairs/invoke", content=forever(), headers=json)
    assert endless.status_code == 413
    pages = Path("examples/documents/apollo11.pdf").read_bytes()
    sent = start(Limits(pages=1)).post("/jobs", files=[("file", ("apollo.pdf", pages))])
    assert sent.status_code == 413
    assert sent.json()["code"] == "load.too_many_pages"
    assert client.get("/files").json() == {"files": []}
