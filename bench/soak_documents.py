"""Documents of every format that the soak test sends, each with paragraphs that no other has."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from bench.runs import paragraph

_CONTAINER = (
    '<?xml version="1.0"?><container version="1.0"'
    ' xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    "</container>"
)
_PACKAGE = (
    '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"'
    ' unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<dc:identifier id="i">a</dc:identifier><dc:title>Works</dc:title>'
    "<dc:language>en</dc:language></metadata><manifest>"
    '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="a"/></spine></package>'
)


def paragraphs_of(n: int) -> list[str]:
    """The paragraphs of document number n: three to six, every other one Chinese."""
    return [paragraph(n * 10 + i) for i in range(3 + n % 4)]


def write_document(folder: Path, n: int) -> Path:
    """The file of document number n, in the format whose turn it is.

    Args:
        folder: Where it is written.
        n: From 0 on.
    """
    # What LibreOffice reads takes seconds each: one in forty.
    suffix = "rtf" if n % 40 == 39 else list(_WRITERS)[n % len(_WRITERS)]
    path = folder / f"{n:04}.{suffix}"
    {**_WRITERS, "rtf": _rtf}[suffix](path, paragraphs_of(n))
    return path


def _text(path: Path, told: Sequence[str]) -> None:
    path.write_text("\n\n".join(told), "utf-8")


def _html(path: Path, told: Sequence[str]) -> None:
    path.write_text(_page(told), "utf-8")


def _page(told: Sequence[str]) -> str:
    body = "".join(f"<p>{one}</p>" for one in told)
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Works</title></head>'
        f"<body><h1>Works</h1>{body}</body></html>"
    )


def _docx(path: Path, told: Sequence[str]) -> None:
    from docx import Document

    document = Document()
    for one in told:
        document.add_paragraph(one)
    document.save(str(path))


def _xlsx(path: Path, told: Sequence[str]) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Number", "Told"], *([at, one] for at, one in enumerate(told))):
        sheet.append(row)
    book.save(path)


def _pptx(path: Path, told: Sequence[str]) -> None:
    from pptx import Presentation

    show = Presentation()
    for one in told:
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.placeholders[1].text = one
    show.save(str(path))


def _csv(path: Path, told: Sequence[str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["number", "told"], *enumerate(told)])
    path.write_text(out.getvalue(), "utf-8")


def _json(path: Path, told: Sequence[str]) -> None:
    path.write_text(json.dumps([{"told": one} for one in told], ensure_ascii=False), "utf-8")


def _mail(path: Path, told: Sequence[str]) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Works", "a@example.org", "b@example.org"
    message.set_content("\n\n".join(told))
    path.write_bytes(bytes(message))


def _notebook(path: Path, told: Sequence[str]) -> None:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": one} for one in told]
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    path.write_text(json.dumps(book, ensure_ascii=False), "utf-8")


def _epub(path: Path, told: Sequence[str]) -> None:
    with ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip", ZIP_STORED)
        book.writestr("META-INF/container.xml", _CONTAINER)
        book.writestr("a.opf", _PACKAGE)
        book.writestr("a.xhtml", _page(told))


def _pdf(path: Path, told: Sequence[str]) -> None:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))  # every reader has its own
    style = ParagraphStyle("plain", fontName="STSong-Light", fontSize=11, leading=15)
    style.wordWrap = "CJK"
    flow = [part for one in told for part in (Paragraph(one, style), Spacer(1, 9))]
    SimpleDocTemplate(str(path)).build(flow)


def _rtf(path: Path, told: Sequence[str]) -> None:
    text = "\\par\n".join("".join(_in_rtf(char) for char in one) for one in told)
    path.write_text(f"{{\\rtf1\\ansi {text}}}", "ascii")


def _in_rtf(char: str) -> str:
    return char if char.isascii() else f"\\u{ord(char) - (65536 if ord(char) > 32767 else 0)}?"


_WRITERS: dict[str, Callable[[Path, Sequence[str]], None]] = {
    "txt": _text,
    "md": _text,
    "html": _html,
    "docx": _docx,
    "xlsx": _xlsx,
    "pptx": _pptx,
    "csv": _csv,
    "json": _json,
    "eml": _mail,
    "ipynb": _notebook,
    "epub": _epub,
    "pdf": _pdf,
}
