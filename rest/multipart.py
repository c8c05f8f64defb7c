"""Parses multipart uploads as a stream: files go straight to disk, within limits on every part."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from loaders import whole_characters

from .config import MOST_FIELDS, Limits
from .errors import RestError
from .uploads import UploadedFile, Uploads

BLOCK = 1 << 20  # bytes written at a time
_MAX_FIELDS = 64  # non-file fields


@dataclass
class Received:
    """The files and fields of a multipart request."""

    files: list[UploadedFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


async def receive(request: Request, uploads: Uploads) -> Received:
    """The files and fields of a multipart request, the files saved in the upload store.

    Args:
        request: The request; its body must not have been read yet.
        uploads: The upload store.

    Raises:
        RestError: The body is not multipart or exceeds a limit; no file of it is kept.
        LoadError: A file has an unsupported format; no file is kept.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise RestError("rest.not_multipart")
    form = _Form(uploads)
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.header_name,
                "on_header_value": form.header_value,
                "on_header_end": form.end_header,
                "on_headers_finished": form.end_headers,
                "on_part_data": form.data,
                "on_part_end": form.end_part,
                "on_end": form.end,
            },
        )
        async for block in _blocks(request.stream()):
            await to_thread.run_sync(parser.write, block)
        await to_thread.run_sync(parser.finalize)
        form.check_complete()
    except FormParserError as error:
        await to_thread.run_sync(form.drop)
        raise RestError("rest.body") from error
    except BaseException:
        form.drop()
        raise
    return form.received


async def _blocks(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Joins network packets to blocks of about ``BLOCK`` bytes."""
    buffer = bytearray()
    async for packet in stream:
        buffer += packet
        if len(buffer) >= BLOCK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


@dataclass
class _Part:
    """The part being parsed: a file being written to disk, or a field held in memory."""

    header: bytes = b""
    value: bytes = b""
    disposition: bytes = b""
    name: str = ""
    file: str | None = None
    path: Path | None = None
    stream: BinaryIO | None = None
    size: int = 0
    text: bytearray = field(default_factory=bytearray)


class _Form:
    """Callbacks for ``MultipartParser``; called from worker threads, one call at a time."""

    def __init__(self, uploads: Uploads) -> None:
        self.received = Received()
        self.part: _Part | None = None
        self._uploads = uploads
        self._limits: Limits = uploads.limits
        self._field_bytes = 0
        self._complete = False

    def begin_part(self) -> None:
        self.part = _Part()

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._current.header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._current.value += data[start:end]

    def end_header(self) -> None:
        part = self._current
        if part.header.lower() == b"content-disposition":
            part.disposition = part.value
        part.header = part.value = b""

    def end_headers(self) -> None:
        part = self._current
        kind, options = parse_options_header(part.disposition)
        if kind != b"form-data" or b"name" not in options:
            raise RestError("rest.body")
        part.name = _decoded(options[b"name"])
        if b"filename" not in options and part.name != "file":
            if len(self.received.fields) >= _MAX_FIELDS:
                raise RestError("rest.body_too_large", most=1)
            return
        if len(self.received.files) >= self._limits.files:
            raise RestError("rest.too_many_files", most=self._limits.files)
        self._uploads.check_room()
        part.file = _decoded(options.get(b"filename", b"file"))
        part.path = self._uploads.new_part()
        try:
            part.stream = part.path.open("xb")
        except OSError as error:
            raise RestError("rest.upload_failed", reason=str(error.strerror)) from error

    def data(self, data: bytes, start: int, end: int) -> None:
        part = self._current
        part.size += end - start
        if part.stream is None:
            self._field_bytes += end - start
            if self._field_bytes > MOST_FIELDS:
                raise RestError("rest.body_too_large", most=1)
            part.text += data[start:end]
            return
        most = self._limits.file_bytes
        if part.size > most:
            shown = (part.file or "")[-80:]
            raise RestError("rest.file_too_large", file=shown, most=f"{most / 1e6:g}")
        if part.size % (BLOCK * 16) < end - start:
            self._uploads.check_disk()
        try:
            part.stream.write(memoryview(data)[start:end])
        except OSError as error:
            raise RestError("rest.upload_failed", reason=str(error.strerror)) from error

    def end_part(self) -> None:
        part = self._current
        if part.stream is None or part.path is None:
            self.received.fields[part.name] = _decoded(bytes(part.text))
        else:
            part.stream.close()
            self.received.files.append(self._uploads.add(part.path, part.file or ""))
        self.part = None

    def end(self) -> None:
        self._complete = True

    def check_complete(self) -> None:
        if not self._complete:
            raise RestError("rest.body")

    def drop(self) -> None:
        """Deletes every file received so far."""
        if self.part and self.part.stream and self.part.path:
            self.part.stream.close()
            self.part.path.unlink(missing_ok=True)
        for file in self.received.files:
            self._uploads.delete(file.id)
        self.received = Received()

    @property
    def _current(self) -> _Part:
        if self.part is None:
            raise RestError("rest.body")
        return self.part


def _decoded(raw: bytes) -> str:
    return whole_characters(raw.decode("utf-8", "replace"))
