"""Office files, mails, pages and pictures made to exhaust: read or refused, small and in time."""

from __future__ import annotations

import json
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from loaders import LoadError, load
from loaders.worker.pool import POOL
from loaders.worker.usage import usage

MOST_SECONDS = 6.0  # of the reading process's time, for what is small here
_OPEN = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table")
)
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def packed(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def open_document(folder: Path, kind: str, body: str) -> Path:
    content = (
        f"<office:document-content {_OPEN}><office:body><office:{kind}>{body}"
        f"</office:{kind}></office:body></office:document-content>"
    )
    said = f"application/vnd.oasis.opendocument.{kind}"
    return packed(folder / "a.odt", {"mimetype": said, "content.xml": content})


def workbook(folder: Path, sheet: str, shared: str = "") -> Path:
    parts = (("1", "worksheet", "sheet.xml"), ("2", "sharedStrings", "shared.xml"))
    relations = "".join(
        f'<Relationship Id="r{id_}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for id_, kind, target in parts
    )
    top = f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    return packed(
        folder / "a.xlsx",
        {
            "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">{top}</Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{relations}'
            "</Relationships>",
            "xl/sheet.xml": f'<worksheet xmlns="{_SHEETS}">{sheet}</worksheet>',
            "xl/shared.xml": f'<sst xmlns="{_SHEETS}">{shared}</sst>',
        },
    )


def rows_of(count: int, cell: str) -> str:
    rows = "".join(f'<row r="{n}">{cell.format(n)}</row>' for n in range(1, count + 1))
    return f"<sheetData>{rows}</sheetData>"


def shared_text_told_over_and_over(folder: Path) -> Path:
    cells = "".join(f'<c r="{letter}{{0}}" t="s"><v>0</v></c>' for letter in "ABCDEFGH")
    return workbook(folder, rows_of(500, cells), f"<si><t>{'长a' * 200_000}</t></si>")


def ranges_merged_over_everything(folder: Path) -> Path:
    cell = '<c r="A{0}" t="inlineStr"><is><t>v{0}</t></is></c>'
    merged = "".join(f'<mergeCell ref="A{n}:XFD1048576"/>' for n in range(1, 4001, 2))
    rows = rows_of(4000, cell).replace('<row r="2"', '<row r="9999"')
    return workbook(folder, f"{rows}<mergeCells>{merged}</mergeCells>")


def sheet_of_spans(folder: Path) -> Path:
    cell = (
        '<table:table-row><table:table-cell table:number-columns-spanned="999" '
        'table:number-rows-spanned="1000000"><text:p>x</text:p></table:table-cell>'
        "</table:table-row><table:table-row/>"
    )
    return open_document(folder, "spreadsheet", f"<table:table>{cell * 2000}</table:table>")


def sheet_repeated(folder: Path) -> Path:
    row = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
        "</table:table-row>"
    )
    return open_document(folder, "spreadsheet", f"<table:table>{row}</table:table>")


def tables_in_tables(folder: Path) -> Path:
    opened = "<table:table><table:table-row><table:table-cell>"
    closed = "</table:table-cell></table:table-row></table:table>"
    return open_document(folder, "text", opened * 90 + "<text:p>深</text:p>" + closed * 90)


def mail_in_mail_in_mail(folder: Path) -> Path:
    mail: EmailMessage | None = None
    for level in range(30):
        around = EmailMessage()
        around["Subject"] = f"第{level}封"
        around.set_content(f"level {level}")
        if mail is not None:
            around.add_attachment(mail)
        mail = around
    path = folder / "a.eml"
    path.write_bytes(mail.as_bytes() if mail else b"")
    return path


def mail_that_is_one_line(folder: Path) -> Path:
    path = folder / "a.eml"
    head = b"From: a\nContent-Type: text/plain; format=flowed\n\n"
    path.write_bytes(head + b"on \n" * 1_000_000 + b"the end")
    return path


def box_of_very_many_mails(folder: Path) -> Path:
    path = folder / "a.mbox"
    mail = "From a@b Mon Jan  1 00:00:00 2024\nSubject: s{0}\n\nbody {0}\n\n"
    path.write_text("".join(map(mail.format, range(1500))), "utf-8")
    return path


def picture_of_an_acre(folder: Path) -> Path:
    def part(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    size = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    path = folder / "a.png"
    data = part(b"IDAT", zlib.compress(b"\0" * 100_000))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", size) + data + part(b"IEND", b""))
    return path


def notebook_that_printed_a_log(folder: Path) -> Path:
    output = {"output_type": "stream", "text": "line 行\n" * 500_000}
    cells = [{"cell_type": "code", "source": "run()", "outputs": [output] * 3}]
    path = folder / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}), "utf-8")
    return path


def notebook_of_beginnings(folder: Path) -> Path:
    cells = [{"cell_type": "markdown", "source": "![a](data:" * 100_000 + " end"}]
    path = folder / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}), "utf-8")
    return path


def page_of_layout_tables(folder: Path) -> Path:
    nest = "<table><tr><td>" * 60 + "x<td>y" + "</table>" * 60
    path = folder / "a.html"
    path.write_text(f"<html><body>{nest * 200}", "utf-8")
    return path


def page_of_formulas(folder: Path) -> Path:
    nest = "<mfrac><mrow>" * 50 + "<mi>x</mi>" + "</mrow><mi>y</mi></mfrac>" * 50
    path = folder / "a.html"
    path.write_text(f"<html><body>{f'<p>a <math>{nest}</math>' * 500}", "utf-8")
    return path


HOSTILE: list[tuple[Callable[[Path], Path], str]] = [
    (shared_text_told_over_and_over, "load.too_much_text"),
    (ranges_merged_over_everything, "v3999"),
    (sheet_of_spans, "x"),
    (sheet_repeated, "load.too_many_cells"),
    (tables_in_tables, "load.nested"),
    (mail_in_mail_in_mail, "level 29"),
    (mail_that_is_one_line, "on on the end"),
    (box_of_very_many_mails, "body 1499"),
    (picture_of_an_acre, "load.picture"),
    (notebook_that_printed_a_log, "line 行"),
    (notebook_of_beginnings, "![a](data: end"),
    (page_of_layout_tables, "y"),
    (page_of_formulas, "\\frac"),
]


@pytest.mark.parametrize(("make", "says"), HOSTILE, ids=[make.__name__ for make, _ in HOSTILE])
def test_what_is_made_to_exhaust_ends_in_time(
    make: Callable[[Path], Path], says: str, tmp_path: Path
) -> None:
    path = make(tmp_path)
    before = _seconds()
    try:
        said = "\n".join(page.page_content for page in load(path))
    except LoadError as error:
        said = error.code
    assert says in said
    assert len(said) < 60_000_000
    assert _seconds() - before < MOST_SECONDS


def _seconds() -> float:
    """What the reading processes that live have taken, in processor time, or else on the clock."""
    taken = [usage(child.number or 0).seconds for child in POOL._children]
    return sum(filter(None, taken)) or time.monotonic()
