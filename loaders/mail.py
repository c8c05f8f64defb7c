"""Reads mails and saved web pages (MHT): the text, then each attachment as its own document."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import LoadError
from .headings import markdown_headings
from .mime import Part, split_message
from .pages import Heading, Page, left_out, warning

if TYPE_CHECKING:
    from .options import LoadOptions

_FIELDS = ("Subject", "From", "Date", "To", "Cc")
_DEEPEST = 3  # attachments of attachments of the file
_DEEPEST_PARTS = 20  # multiparts in each other
_MOST_PARTS = 1000  # of one mail, attachments and all
_MOST_BYTES = 256 << 20
_MOST_NAMED = 20  # attachments that a warning names each
_WORTH = 4  # times as much text in the web page makes the plain text a mere stand-in
# What says who wrote or how it looks, and nothing that was written.
_SILENT = frozenset(
    "application/pkcs7-signature application/x-pkcs7-signature application/pgp-signature "
    "application/pgp-keys text/css text/javascript application/javascript".split()
)
_BOX = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S[^\r\n]{0,300}\d{4}\r?\n")  # begins a mail
_NO_MAIL = ("To", "Cc", "Bcc", "Received", "Message-ID", "Delivered-To")


def read_mail(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """A mail's header fields and text, then the pages of what is attached to it.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: How its attachments are read.

    Raises:
        LoadError: It is larger than a mail is, or holds no text.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise LoadError("load.mail_large", file=file, most=_MOST_BYTES >> 20)
    with tempfile.TemporaryDirectory(prefix="qa3-mail-") as folder:
        reader = _Reader(Path(folder), file, options)
        last: Page | None = None
        data = path.read_bytes()
        mails = _BOX.split(data)[1:] if _BOX.match(data) else [data]
        pages = (page for one in mails for page in reader.whole(split_message(one)))
        for page in pages:
            if last is not None:
                yield last
            last = page
        if last is not None:
            yield replace(last, warnings=(*last.warnings, *reader.warnings()))


class _Reader:
    def __init__(self, folder: Path, file: str, options: LoadOptions) -> None:
        self._folder = folder
        self._file = file
        self._options = options
        self._parts = 0
        self._counts: Counter[str] = Counter()
        self._unread: list[str] = []

    def warnings(self) -> tuple[dict[str, Any], ...]:
        """What was not read: how much, and the names of attachments."""
        if self._unread:
            self._counts["attachments"] += len(self._unread)
        counts = tuple(left_out(kind, count) for kind, count in sorted(self._counts.items()))
        named = [name for name in self._unread if name][:_MOST_NAMED]
        return counts + tuple(warning("load.attachment", name=name) for name in named)

    def whole(self, message: Part) -> Iterator[Page]:
        """The pages of one mail of the file."""
        self._parts = 0
        yield from self.mail(message, 0, "")

    def mail(self, message: Part, depth: int, name: str) -> Iterator[Page]:
        """The pages of one mail, its own text first."""
        texts: list[str] = []
        attached: list[Part] = []
        self._body(message, texts, attached, 0)
        subject = message.field("Subject")
        heading = name or subject
        is_page = message.kind == "multipart/related" and not any(
            message.headers.get(field) for field in _NO_MAIL
        )
        if is_page:
            head = ""
        else:
            fields = ((field, message.field(field)) for field in _FIELDS)
            shown = ((field, value) for field, value in fields if value and value != heading)
            head = "\n".join(f"{field}: {value}" for field, value in shown)
        text = "\n\n".join(part for part in (head, *texts) if part.strip())
        if heading and not is_page:
            text = f"# {heading}\n\n{text}"
        notes = {"title": subject} if subject else {}
        yield Page(text, headings=markdown_headings(text), notes=notes)
        for part in attached:
            yield from self._attachment(part, depth + 1)

    def _body(self, part: Part, texts: list[str], attached: list[Part], depth: int) -> None:
        """Sorts a message's parts: what is read where it stands, and what is attached."""
        self._parts += 1
        kind = part.kind
        if depth > _DEEPEST_PARTS or self._parts > _MOST_PARTS:
            self._unread.append(part.file_name())
        elif kind == "multipart/alternative":
            self._alternative(part, texts, attached, depth)
        elif kind.startswith("multipart/"):
            for inner in part.parts():
                self._body(inner, texts, attached, depth + 1)
                if self._parts > _MOST_PARTS:
                    break
        elif kind in _SILENT:
            return
        elif part.is_attachment or kind == "message/rfc822":
            attached.append(part)
        elif kind in ("text/plain", "text/html"):
            texts.append(self._text(part))
        elif kind.startswith("image/"):
            self._counts["pictures"] += 1
        else:
            attached.append(part)

    def _alternative(self, part: Part, texts: list[str], attached: list[Part], depth: int) -> None:
        """Of several forms of one text the plain one, or the web page where that says more."""
        plain: list[str] = []
        rich: list[str] = []
        for inner in part.parts():
            into = plain if inner.kind == "text/plain" else rich
            self._body(inner, into, attached, depth + 1)
        says, more = (sum(len("".join(text.split())) for text in one) for one in (plain, rich))
        has_table = any("| --- |" in text for text in rich)
        texts += rich if more > _WORTH * says or (has_table and more > says // 2) else plain

    def _text(self, part: Part) -> str:
        try:
            text = part.text(self._file)
            if part.kind == "text/html":
                return self._web_page(text)
        except LoadError:
            self._unread.append(part.file_name())
            return ""
        if str(part.headers.get_param("format", "")).lower() == "flowed":
            joined = str(part.headers.get_param("delsp", "")).lower() == "yes"
            text = _flowed(text, joined)
        return text.strip("\n")

    def _web_page(self, markup: str) -> str:
        """A web page's text as its reader gives it; all of it, for mails have no menus."""
        from .formats import FORMATS

        if not re.sub(r"<[^>]{0,10000}>", "", markup).strip():
            return ""
        path = self._folder / "body.html"
        path.write_text(f'<meta charset="utf-8">{markup}', encoding="utf-8", errors="replace")
        options = replace(self._options, include=self._options.include | {"page"})
        pages = list(FORMATS["html"].read(path, self._file, options))
        for page in pages:
            for one in page.warnings:
                kind = str(one["code"]).removeprefix("load.left_out.")
                if kind != one["code"]:
                    self._counts[kind] += one["fields"]["count"]
        return "\n\n".join(page.text for page in pages)

    # -- attachments

    def _attachment(self, part: Part, depth: int) -> Iterator[Page]:
        name = part.file_name()
        if depth > _DEEPEST:
            self._unread.append(name)
        elif part.kind == "message/rfc822":
            inner = split_message(_unwrapped(part))
            yield from self.mail(inner, depth, name or inner.field("Subject"))
        else:
            yield from self._file_of(part, name, depth)

    def _file_of(self, part: Part, name: str, depth: int) -> Iterator[Page]:
        """The pages of an attached file, under its name; none where it cannot be read."""
        from .formats import recognise

        data = part.data()
        suffix = re.sub(r"[^.A-Za-z0-9]", "", Path(name).suffix)[:10]
        path = self._folder / f"{self._parts}-{depth}-{len(self._unread)}{suffix}"
        self._parts += 1
        if not data or self._parts > _MOST_PARTS:
            self._unread.append(name)
            return
        path.write_bytes(data)
        given = f"{self._file}: {name}" if name else self._file
        try:
            form = recognise(path, given)
            if form.name == "mail":
                yield from self.mail(split_message(data), depth, name)
                return
            pages = form.read(path, given, self._options)
            first = True
            for page in pages:
                if page.text.strip():
                    yield _attached(page, name if first else "")
                    first = False
        except LoadError:
            self._unread.append(name)
        finally:
            path.unlink(missing_ok=True)


def _unwrapped(part: Part) -> bytes:
    """An attached message; some programs encode it though the standard says not to."""
    encoded = str(part.headers.get("Content-Transfer-Encoding", "")).strip().lower()
    return part.data() if encoded in ("base64", "quoted-printable") else part.body.lstrip(b"\r\n")


def _attached(page: Page, name: str) -> Page:
    """A page of an attachment as one of the mail: below the attachment's name, without a number."""
    mark = f"# {name}\n\n" if name else ""
    headings = tuple(
        Heading(one.start + len(mark), one.level + 1, one.title) for one in page.headings or ()
    )
    if name:
        headings = (Heading(0, 1, name), *headings)
    return replace(page, text=mark + page.text, number=None, headings=headings)


def _flowed(text: str, joined: bool) -> str:
    """Text whose lines were cut for the way with their cuts undone (RFC 3676)."""
    out: list[list[str]] = []  # each line of the pieces that it was cut into
    goes_on = False
    depth = 0
    for line in text.split("\n"):
        quoted = len(line) - len(line.lstrip(">"))
        plain = line[quoted:].removeprefix(" ")
        if not (goes_on and quoted == depth):
            out.append([">" * quoted + (" " if quoted else "")])
        goes_on = plain.endswith(" ") and plain != "-- "
        out[-1].append(plain[:-1] if goes_on and joined else plain)
        depth = quoted
    return "\n".join(map("".join, out))
