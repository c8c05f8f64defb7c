"""The parts of a MIME message: cut at their boundaries, each read once, however they nest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from .encoding import decode, decode_declared
from .errors import LoadError

_MOST_HEADER = 1 << 20  # bytes of one header
_MOST_FIELD = 20_000  # characters of one field
_BLANK_LINE = re.compile(rb"\r?\n\r?\n|\A\r?\n")


@dataclass(frozen=True)
class Part:
    """A message or a part of one.

    Attributes:
        headers: Its header fields; what follows them is not in here.
        body: What follows them, as it was sent.
    """

    headers: Message
    body: bytes

    @property
    def kind(self) -> str:
        """Its media type in small letters, ``text/plain`` where it names none."""
        return self.headers.get_content_type()

    @property
    def is_attachment(self) -> bool:
        """Whether it is to be opened apart."""
        return self.headers.get_content_disposition() == "attachment"

    def field(self, name: str) -> str:
        """A header field in plain characters, on one line; empty where there is none."""
        value = self.headers.get(name)
        return "" if value is None else plain_field(str(value))

    def file_name(self) -> str:
        """What the part's file is called; empty where it has no name."""
        try:
            name = self.headers.get_filename() or ""
        except (ValueError, TypeError, LookupError):
            name = ""
        return plain_field(name).replace("/", "_").replace("\\", "_").replace("\0", "")

    def data(self) -> bytes:
        """The body's bytes, its transfer encoding undone."""
        message = Message()
        message["Content-Transfer-Encoding"] = str(
            self.headers.get("Content-Transfer-Encoding", "7bit")
        ).strip()
        message.set_payload(self.body.decode("ascii", "surrogateescape"))
        payload = message.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else b""

    def text(self, file: str) -> str:
        """The body as text, in the character set it names if that holds.

        Raises:
            LoadError: No encoding explains the bytes.
        """
        data = self.data()
        charset = self.headers.get_param("charset")
        if isinstance(charset, tuple):
            charset = charset[2]
        decoded = decode_declared(data, str(charset)) if charset else None
        return (decoded or decode(data, file)).text if data.strip() else ""

    def parts(self) -> Iterator[Part]:
        """What a multipart body holds, in order."""
        boundary = self.headers.get_boundary()
        if not boundary:
            return
        mark = re.escape(boundary.encode("utf-8", "surrogateescape"))
        lines = re.compile(rb"^--" + mark + rb"(--)?[ \t]*\r?$", re.MULTILINE)
        start: int | None = None
        for line in lines.finditer(self.body):
            if start is not None:
                yield split_message(self.body[start : line.start()].rstrip(b"\r\n"))
            start = line.end() + 1
            if line[1]:
                return
        if start is not None:
            yield split_message(self.body[start:])  # cut off on its way


def split_message(data: bytes) -> Part:
    """A message's header fields and its body.

    Args:
        data: As it was sent.
    """
    gap = _BLANK_LINE.search(data, 0, _MOST_HEADER)
    head, body = (data[: gap.start()], data[gap.end() :]) if gap else (data[:_MOST_HEADER], b"")
    return Part(BytesHeaderParser(policy=compat32).parsebytes(head + b"\n\n"), body)


def plain_field(value: str) -> str:
    """A header field with its encoded words and stray bytes as characters, on one line."""
    value = value[:_MOST_FIELD]
    try:
        pieces = decode_header(value)
    except (ValueError, LookupError):  # a broken encoded word stands as it is
        pieces = [(value, None)]
    text = "".join(_piece(piece, charset) for piece, charset in pieces)
    return " ".join(text.split())


def _piece(piece: bytes | str, charset: str | None) -> str:
    data = piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogateescape")
    if not data.strip():
        return " " if data else ""
    decoded = decode_declared(data, charset) if charset and charset != "unknown-8bit" else None
    if decoded is None:
        try:
            decoded = decode(data, "")
        except LoadError:
            return data.decode("utf-8", "replace")
    return decoded.text
