"""Parses multipart uploads as a stream: files go straight to disk, within limits on every part."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from pathlib import Path
from urllib.parse import unquote_to_bytes

from anyio import to_thread
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from loaders import whole_characters

from .config import MOST_FIELDS
from .errors import RestError
from .uploads import UploadedFile, Uploads

_BLOCK = 1 << 20  # bytes written at a time
_MAX_FIELDS = 64  # non-file fields
_EXTENDED_NAME = re.compile(rb";\s*filename\*\s*=\s*\"?([\w-]+)'[^']*'([^\s;\"]*)", re.IGNORECASE)
_ENCODED_WORDS = re.compile(r"=\?[\w*-]+\?[BbQq]\?.*\?=", re.DOTALL)


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
    parser = _UploadParser(request, uploads)
    received = Received()
    try:
        form = await parser.parse()
        await to_thread.run_sync(_sort, form, parser.parts, uploads, received)
    except BaseException as error:
        # Not awaited: a request that is cancelled could not wait for it.
        _drop(parser.parts, received, uploads)
        if isinstance(error, MultiPartException):
            raise RestError("rest.body") from error
        if isinstance(error, OSError):
            raise RestError("rest.upload_failed", reason=str(error.strerror)) from error
        raise
    return received


def _sort(form: FormData, parts: list[Path], uploads: Uploads, received: Received) -> None:
    """Adds the files of a form to the upload store and its fields to what was received."""
    places = iter(parts)
    for name, value in form.multi_items():
        if isinstance(value, str):
            received.fields[name] = whole_characters(value)
        else:
            received.files.append(uploads.add(next(places), value.filename or ""))


def _drop(parts: list[Path], received: Received, uploads: Uploads) -> None:
    """Deletes every file received so far."""
    for path in parts:
        path.unlink(missing_ok=True)
    for file in received.files:
        uploads.delete(file.id)


async def _blocks(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Joins network packets to blocks of about ``_BLOCK`` bytes."""
    buffer = bytearray()
    async for packet in stream:
        buffer += packet
        if len(buffer) >= _BLOCK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


class _UploadParser(MultiPartParser):
    """Starlette's parser of multipart bodies, which here writes files to the upload store.

    Attributes:
        parts: Where the files are, in their order.
    """

    def __init__(self, request: Request, uploads: Uploads) -> None:
        super().__init__(request.headers, _blocks(request.stream()), max_fields=_MAX_FIELDS)
        self.parts: list[Path] = []
        self._uploads = uploads
        self._part_bytes = self._field_bytes = 0
        self._complete = False

    async def parse(self) -> FormData:
        try:
            form = await super().parse()
        finally:
            for file in self._files_to_close_on_error:
                file.close()
        if not self._complete:
            raise MultiPartException("The body ends before its last boundary.")
        return form

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._part_bytes = 0

    def on_headers_finished(self) -> None:
        part = self._current_part
        disposition = part.content_disposition or b""
        kind, options = parse_options_header(disposition)
        if kind != b"form-data" or b"name" not in options:
            raise MultiPartException("A part has no name.")
        part.field_name = whole_characters(_decoded(options[b"name"]))
        name = _file_name(options.get(b"filename"), disposition)
        if name is None and part.field_name != "file":
            self._current_fields += 1
            if self._current_fields > self.max_fields:
                raise RestError("rest.body_too_large", most=1)
            return
        most = self._uploads.limits.files
        if len(self.parts) >= most:
            raise RestError("rest.too_many_files", most=most)
        self._uploads.check_room()
        path = self._uploads.new_part()
        stream = path.open("xb")
        self.parts.append(path)
        self._files_to_close_on_error.append(stream)  # type: ignore[arg-type]  # only closed
        part.file = UploadFile(stream, size=0, filename=whole_characters(name or "file"))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        length = end - start
        self._part_bytes += length
        file = self._current_part.file
        if file is None:
            self._field_bytes += length
            if self._field_bytes > MOST_FIELDS:
                raise RestError("rest.body_too_large", most=1)
        else:
            most = self._uploads.limits.file_bytes
            if self._part_bytes > most:
                shown = (file.filename or "")[-80:]
                raise RestError("rest.file_too_large", file=shown, most=f"{most / 1e6:g}")
            if self._part_bytes % (_BLOCK * 16) < length:
                self._uploads.check_disk()
        super().on_part_data(data, start, end)

    def on_end(self) -> None:
        self._complete = True


def _file_name(plain: bytes | None, disposition: bytes) -> str | None:
    """The file name of a part; None if it has none.

    Browsers send UTF-8 as it is. .NET sends the encoded words of RFC 2047, and ``filename*`` of
    RFC 5987 beside them, which RFC 7578 forbids here and python-multipart ignores.

    Args:
        plain: The parameter ``filename``.
        disposition: The whole header.
    """
    if extended := _EXTENDED_NAME.search(disposition):
        charset, encoded = extended[1].decode(), unquote_to_bytes(extended[2])
        with suppress(LookupError):
            return encoded.decode(charset, "replace")
    if plain is None:
        return None
    name = _decoded(plain)
    if _ENCODED_WORDS.fullmatch(name):
        with suppress(HeaderParseError, LookupError, ValueError):
            return str(make_header(decode_header(name)))
    return name


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
