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

from loaders import LoadError
from messages.errors import SaidError
from rest.config import Limits
from rest.errors import RestError
from rest.multipart import Received, receive
from rest.uploads import Uploads

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
    st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=3),
    st.lists(st.integers(0, 2000), max_size=12),
)
def test_a_form_is_the_same_in_any_pieces(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], cuts: list[int]
) -> None:
    uploads = Uploads(tmp_path_factory.mktemp("u"), Limits())
    body = form([(f"桥{n}.txt", b"t" + one) for n, one in enumerate(contents)], {"backend": "甲"})
    received = taken(body, cuts, uploads)
    assert received.fields == {"backend": "甲"}
    assert [one.name for one in received.files] == [f"桥{n}.txt" for n in range(len(contents))]
    for one, content in zip(received.files, contents, strict=True):
        assert uploads.find(one.id)[1].read_bytes() == b"t" + content
        assert one.bytes == len(content) + 1
    assert uploads.all()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["", ".txt", "x.PDF", ".sh", "/../../x", "\0"]))
def test_no_name_of_a_clients_reaches_the_disk(
    tmp_path_factory: pytest.TempPathFactory, name: str, end: str
) -> None:
    folder = tmp_path_factory.mktemp("u") / "uploads"
    uploads = Uploads(folder, Limits())
    part = uploads.new_part()
    part.write_bytes(b"a text")
    if (name + end).lower().endswith(".pdf"):  # which it is not
        with pytest.raises(SaidError):
            uploads.add(part, name + end)
        assert list(folder.iterdir()) == []
        return
    file = uploads.add(part, name + end)
    assert "/" not in file.name
    assert file.name.isprintable()
    for place in folder.iterdir():
        assert place.name.startswith(file.id)
        assert place.suffix in ("", ".file", ".json", ".txt", ".pdf")
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
