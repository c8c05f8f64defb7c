"""Table of readable formats; a file is recognised by content first, by suffix second."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import FormatError, LoadError
from .pages import Page
from .zips import ZIP_KINDS, zip_kind

INCLUDABLE = ("hidden", "struck", "comments", "headers", "deletions", "page")
"""What is left out and counted unless it is asked for: hidden text (also sheets, rows, columns and
slides), struck text, comments, page headers and footers, tracked deletions; ``page`` stands for
the whole of a web page, menus and all."""


@dataclass(frozen=True)
class LoadOptions:
    """What a user may say about how a file is read.

    Attributes:
        password: Opens an encrypted file.
        include: Words of ``INCLUDABLE``, for what is left out otherwise.
    """

    password: str | None = None
    include: frozenset[str] = frozenset()


Reader = Callable[[Path, str, LoadOptions], Iterator[Page]]
"""A file, its name for errors and the options to its pages."""


@dataclass(frozen=True)
class Format:
    """One format that files are read in.

    Attributes:
        name: Identifier, the key in ``FORMATS``.
        suffixes: File name suffixes.
        media_type: HTTP media type.
        read: Yields the pages of a file.
    """

    name: str
    suffixes: tuple[str, ...]
    media_type: str
    read: Reader


_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# First bytes of what is refused: what it is, and what to convert it to.
_REFUSED = (
    (b"{\\rtf", "RTF", "DOCX"),
    (b"\x89PNG", "PNG", "PDF"),
    (b"\xff\xd8\xff", "JPEG", "PDF"),
    (b"GIF8", "GIF", "PDF"),
    (b"II*\0", "TIFF", "PDF"),
    (b"MM\0*", "TIFF", "PDF"),
    (b"RIFF", "RIFF", "PDF"),
    (b"AT&TFORM", "DjVu", "PDF"),
    (b"CAJ", "CAJ", "PDF"),
    (b"HN\0\0", "CAJ", "PDF"),
    (b"ITSF", "CHM", "EPUB"),
    (b"%!PS", "PostScript", "PDF"),
    (b"\x1f\x8b", "GZIP", "PDF, DOCX, TXT"),
    (b"Rar!", "RAR", "PDF, DOCX, TXT"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "PDF, DOCX, TXT"),
    (b"BZh", "BZIP2", "PDF, DOCX, TXT"),
    (b"\xfd7zXZ", "XZ", "PDF, DOCX, TXT"),
)
LEGACY_SUFFIXES = {
    ".doc": "DOCX", ".dot": "DOCX", ".wps": "DOCX", ".xls": "XLSX", ".et": "XLSX",
    ".ppt": "PPTX", ".dps": "PPTX",
}  # fmt: skip
"""Of the old office formats, which are refused: what to convert a file to."""
_LEGACY_PARTS = (("WordDocument", "DOCX"), ("Workbook", "XLSX"), ("PowerPoint Document", "PPTX"))


def recognise(path: Path, file: str) -> Format:
    """The format a file is in.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        FormatError: No reader knows the format.
        LoadError: The file cannot be read, or is broken.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise LoadError("load.unreadable", file=file) from error
    suffix = path.suffix.lower()
    if head.startswith(_OLE):
        raise _legacy(path, file, suffix)
    for magic, kind, target in _REFUSED:
        if head.startswith(magic):
            raise FormatError("load.refused_format", file=file, kind=kind, target=target)
    if head[60:68] == b"BOOKMOBI":
        raise FormatError("load.refused_format", file=file, kind="MOBI", target="EPUB")
    if b"%PDF-" in head[:1024]:
        return FORMATS["pdf"]
    if suffix == ".pdf":
        raise LoadError("load.pdf_broken", file=file)
    if head.startswith(b"PK\x03\x04") or suffix in _ZIPPED:
        return FORMATS[zip_kind(path, file)]
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")):
        return FORMATS["html"]
    named = (one for one in FORMATS.values() if suffix in one.suffixes)
    return next(named, FORMATS["text"])


def _legacy(path: Path, file: str, suffix: str) -> LoadError:
    """The error for a file in the container of the old office formats."""
    with path.open("rb") as stream:
        content = stream.read(64 << 20)
    if _ENCRYPTED in content:
        return LoadError("load.office_password", file=file)
    by_part = (to for part, to in _LEGACY_PARTS if part.encode("utf-16-le") in content)
    target = next(by_part, None) or LEGACY_SUFFIXES.get(suffix, "DOCX, PDF")
    return FormatError("load.legacy", file=file, kind=suffix or "OLE", target=target)


def _pdf(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .pdf.reading import read_pdf

    return read_pdf(path, file, options.password, options.include)


def _markdown(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .markdown import read_markdown

    return read_markdown(path, file)


def _text(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .text import read_text

    return read_text(path, file)


def _html(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .webpage import read_html

    return read_html(path, file)


def _csv(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .delimited import read_csv

    return read_csv(path, file)


def _json(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .jsontexts import read_json

    return read_json(path, file)


def _docx(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .word import read_docx

    return read_docx(path, file)


def _pptx(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .slides import read_pptx

    return read_pptx(path, file)


def _xlsx(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .workbook import read_xlsx

    return read_xlsx(path, file)


def _epub(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .epub import read_epub

    return read_epub(path, file)


_OFFICE = "application/vnd.openxmlformats-officedocument"
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("pdf", (".pdf",), "application/pdf", _pdf),
        Format("docx", (".docx",), f"{_OFFICE}.wordprocessingml.document", _docx),
        Format("pptx", (".pptx",), f"{_OFFICE}.presentationml.presentation", _pptx),
        Format("xlsx", (".xlsx",), f"{_OFFICE}.spreadsheetml.sheet", _xlsx),
        Format("epub", (".epub",), "application/epub+zip", _epub),
        Format("html", (".html", ".htm", ".xhtml"), "text/html", _html),
        Format("markdown", (".md", ".markdown"), "text/markdown", _markdown),
        Format("text", (".txt", ".text", ".log", ".rst", ".srt", ".tex"), "text/plain", _text),
        Format("csv", (".csv", ".tsv", ".tab"), "text/csv", _csv),
        Format("json", (".json", ".jsonl", ".ndjson"), "application/json", _json),
    )
}
"""Every format by its name; a file of another suffix is read as text, where it is some."""
_ZIPPED = {suffix for kind in ZIP_KINDS for suffix in FORMATS[kind].suffixes}
