"""What comes to a door: a page's requests from elsewhere, and lists made to trip the reader."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from pairs.errors import ExportError
from pairs.files.export import replace_file
from pairs.files.importing import import_pairs
from rest.error_handlers import report
from ui.security import Guard


def through(kind: str, *, signed_in: bool = False, **headers: str) -> list[dict[str, Any]]:
    """What the page's guard answers; nothing where it lets a request through."""
    sent: list[dict[str, Any]] = []
    passed: list[bool] = []

    async def page(scope: object, receive: object, send: object) -> None:  # noqa: ARG001 - ASGI's form
        passed.append(True)

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": "POST", "path": "/", "headers": raw}
    asyncio.run(Guard(page, signed_in=signed_in)(scope, receive, send))
    assert passed == ([] if sent else [True])
    return sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:8003", "http://[::1"]
)
def test_a_foreign_page_opens_no_socket_and_sends_nothing(kind: str, origin: str) -> None:
    refused = through(kind, host="localhost:8002", origin=origin)
    if kind == "websocket":
        assert refused == [{"type": "websocket.close", "code": 1008}]
    else:
        assert refused[0]["status"] == 403
    assert not through(kind, host="localhost:8002", origin="http://localhost:8002")


@pytest.mark.parametrize(
    "host", ["evil.example:8002", "localhost.evil.example", "", "10.0.0.1", "[::1"]
)
def test_a_foreign_name_reaches_no_page_where_nobody_signs_in(host: str) -> None:
    assert through("http", host=host)[0]["status"] == 403
    assert through("websocket", host=host) == [{"type": "websocket.close", "code": 1008}]
    assert not through("http", host=host, signed_in=True)


@pytest.mark.parametrize("encoding", ["chunked", "Chunked", "gzip, CHUNKED"])
def test_an_upload_that_does_not_say_its_size_is_refused(encoding: str) -> None:
    assert through("http", host="localhost", transfer_encoding=encoding)[0]["status"] == 411


@pytest.mark.parametrize("length", [str(1 << 40), "9" * 30])
def test_an_upload_without_measure_is_refused(length: str) -> None:
    assert through("http", host="localhost", content_length=length)[0]["status"] == 413


def test_a_path_begins_no_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    report("/x\n2026-01-01 ERROR all is lost\x1b[31m", ValueError("secret words"))
    (said,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not [line for line in said.splitlines() if line.startswith("2026")]
    assert "\x1b" not in said
    assert "secret words" not in said


@pytest.mark.parametrize(
    "text",
    [
        "question,answer,page\n问 a?,答 b," + "9" * 5000,
        "question,answer,page\n问 a?,答 b,²",
        '{"question": "问 a?", "answer": "答 b", "page": "' + "9" * 5000 + '"}',
    ],
)
def test_a_page_that_is_no_page_is_none(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.list"
    file.write_text(text, "utf-8")
    assert [pair.page for pair in import_pairs(file)] == [None]


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, '{"a":' * 100_000, '{"question": 1e999', 'question,answer\n"' + "x" * 10**6],
)
def test_a_list_made_to_trip_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.list"
    file.write_text(text, "utf-8")
    with pytest.raises(ExportError):
        import_pairs(file)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o027, 0o640)])
def test_a_list_is_as_private_as_its_users_files(mask: int, mode: int, tmp_path: Path) -> None:
    old = os.umask(mask)
    try:
        replace_file(tmp_path / "new.jsonl", [b"a\n", "文\n".encode()])
        (tmp_path / "open.jsonl").touch()
        (tmp_path / "open.jsonl").chmod(0o604)
        replace_file(tmp_path / "open.jsonl", [b"b"])
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new.jsonl").stat().st_mode) == mode
    assert (tmp_path / "new.jsonl").read_bytes() == b"a\n" + "文\n".encode()
    assert stat.S_IMODE((tmp_path / "open.jsonl").stat().st_mode) == 0o604
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.jsonl", "open.jsonl"]


def test_a_link_laid_in_the_way_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine", "utf-8")
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "precious")
    replace_file(tmp_path / "out.jsonl", [b"list"])
    assert (tmp_path / "precious").read_text("utf-8") == "mine"
    assert (tmp_path / "out.jsonl").read_bytes() == b"list"
