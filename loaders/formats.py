"""Table of readable formats; a file is recognised by content first, by suffix second."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import FormatError, LoadError
from .libreoffice import OFFICE_TARGETS, find_soffice
from .options import LoadOptions
from .pages import Page
from .pdf.scans import can_recognise
from .signatures import is_ole, known, ole_kind, refuse
from .zips import ZIP_KINDS, zip_kind

__all__ = ["FORMATS", "Format", "LoadOptions", "Reader", "recognise"]

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
        apart: Whether it is read in another process, where what takes too much time or memory
            can be ended; not so where a reader is bounded by the file's length.
    """

    name: str
    suffixes: tuple[str, ...]
    media_type: str
    read: Reader
    apart: bool = True


TOLD_BY_NAME = ("text", "markdown", "html", "csv", "json", "xml", "tex", "notebook")
"""Formats of plain text, which few first bytes show; the first is that of any other name."""
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)


def recognise(path: Path, file: str, look: Callable[[Path, str], str] = zip_kind) -> Format:
    """The format a file is in.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        look: Tells what an archive is, as ``zip_kind`` does.

    Raises:
        FormatError: No reader knows the format.
        LoadError: The file cannot be read, or is broken.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise LoadError("load.unreadable", file=file) from error
    form = _recognised(path, file, head, look)
    if form.name in ("doc", "xls", "ppt") and find_soffice() is None:
        kind = path.suffix.lower() or f".{form.name}"
        raise FormatError("load.legacy", file=file, kind=kind, target=OFFICE_TARGETS[form.name])
    if form.name == "picture" and not can_recognise():
        raise FormatError("load.picture", file=file)
    return form


def _recognised(path: Path, file: str, head: bytes, look: Callable[[Path, str], str]) -> Format:
    suffix = path.suffix.lower()
    named = next((one for one in FORMATS.values() if suffix in one.suffixes), FORMATS["text"])
    if is_ole(head):
        if kind := ole_kind(path, file):
            return FORMATS[kind]
        raise FormatError(
            "load.refused_format", file=file, kind=suffix or "OLE", target="DOCX, PDF"
        )
    refuse(head, file)
    if b"%PDF-" in head[:1024]:
        return FORMATS["pdf"]
    if suffix == ".pdf":
        raise LoadError("load.pdf_broken", file=file)
    if head.startswith(b"PK\x03\x04") or suffix in _ZIPPED:
        return FORMATS[look(path, file)]
    plain = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
    if kind := known(head) or known(plain):
        return FORMATS[kind]
    if _HTML.match(plain):
        return FORMATS["html"]
    # What only calls itself a document of an old program is often a text or table of one.
    other = {"doc": "text", "xls": "csv", "ppt": "text", "rtf": "text", "picture": "text"}
    return FORMATS[other.get(named.name, named.name)]


def _pdf(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .pdf.reading import read_pdf

    return read_pdf(path, file, options.password, options.include)


def _markdown(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .markdown import read_markdown

    return read_markdown(path, file, options)


def _text(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .text import read_text

    return read_text(path, file)


def _html(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .webpage import read_html

    return read_html(path, file, options)


def _csv(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .delimited import read_csv

    return read_csv(path, file)


def _json(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .jsontexts import read_json

    return read_json(path, file)


def _docx(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .word import read_docx

    return read_docx(path, file, options)


def _pptx(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .slides import read_pptx

    return read_pptx(path, file, options)


def _xlsx(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .workbook import read_xlsx

    return read_xlsx(path, file, options)


def _epub(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .epub import read_epub

    return read_epub(path, file, options)


def _xml(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .xmltexts import read_xml

    return read_xml(path, file, options)


def _tex(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .tex import read_tex

    return read_tex(path, file)


def _odf(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .odf import read_odf

    return read_odf(path, file, options.include)


def _rtf(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .rtf import read_rtf

    return read_rtf(path, file, options.include)


def _mail(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    from .mail import read_mail

    return read_mail(path, file, options)


def _notebook(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .notebook import read_notebook

    return read_notebook(path, file)


def _picture(path: Path, file: str, _options: LoadOptions) -> Iterator[Page]:
    from .picture import read_picture

    return read_picture(path, file)


def _converted(kind: str) -> Reader:
    """The reader of an old office format: LibreOffice's copy, read as today's."""

    def read(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
        from .libreoffice import convert

        copy = convert(path, file, kind)
        return FORMATS[zip_kind(copy, file)].read(copy, file, options)

    return read


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("pdf", (".pdf",), "application/pdf", _pdf),
        Format(
            "docx",
            (".docx", ".docm", ".dotx", ".dotm"),
            f"{_OFFICE}.wordprocessingml.document",
            _docx,
        ),
        Format(
            "pptx",
            (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"),
            f"{_OFFICE}.presentationml.presentation",
            _pptx,
        ),
        Format(
            "xlsx", (".xlsx", ".xlsm", ".xltx", ".xltm"), f"{_OFFICE}.spreadsheetml.sheet", _xlsx
        ),
        Format("odt", (".odt", ".ott", ".fodt"), f"{_OPEN}.text", _odf),
        Format("ods", (".ods", ".ots", ".fods"), f"{_OPEN}.spreadsheet", _odf),
        Format("odp", (".odp", ".otp", ".fodp", ".odg"), f"{_OPEN}.presentation", _odf),
        Format("rtf", (".rtf",), "application/rtf", _rtf),
        Format("doc", (".doc", ".dot", ".wps", ".wpt"), "application/msword", _converted("doc")),
        Format(
            "xls", (".xls", ".xlt", ".et", ".ett"), "application/vnd.ms-excel", _converted("xls")
        ),
        Format(
            "ppt",
            (".ppt", ".pps", ".pot", ".dps", ".dpt"),
            "application/vnd.ms-powerpoint",
            _converted("ppt"),
        ),
        Format("mail", (".eml", ".mht", ".mhtml", ".mbox"), "message/rfc822", _mail),
        Format("notebook", (".ipynb",), "application/x-ipynb+json", _notebook),
        Format("picture", _PICTURES, "image/*", _picture),
        Format("epub", (".epub",), "application/epub+zip", _epub),
        Format("html", (".html", ".htm", ".xhtml"), "text/html", _html),
        Format("markdown", (".md", ".markdown"), "text/markdown", _markdown, apart=False),
        Format(
            "text",
            (".txt", ".text", ".log", ".rst", ".srt"),
            "text/plain",
            _text,
            apart=False,
        ),
        Format("tex", (".tex", ".latex"), "application/x-tex", _tex),
        Format("xml", (".xml", ".fb2", ".dbk", ".rss", ".atom"), "application/xml", _xml),
        Format("csv", (".csv", ".tsv", ".tab"), "text/csv", _csv),
        Format("json", (".json", ".jsonl", ".ndjson"), "application/json", _json),
    )
}
"""Every format by its name; a file of another suffix is read as text, where it is some."""
_ZIPPED = {suffix for kind in ZIP_KINDS for suffix in FORMATS[kind].suffixes}
