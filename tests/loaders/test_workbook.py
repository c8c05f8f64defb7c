"""Workbooks are read as they are shown, and say what was left out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font

from loaders import LoadError, load, recognise
from loaders.numberformats import shown

SHOWN = {
    "0.00%": (0.0325, "3.25%"), "00000": (7, "00007"), '"¥"#,##0': (50_000, "¥50,000"),
    "[h]:mm": (30.25 / 24, "30:15"), "#,##0.00;(#,##0.00)": (-1234.5, "(1,234.50)"),
    'yyyy"年"m"月"d"日"': (45356, "2024年3月5日"), "d-mmm-yy": (45356, "5-Mar-24"),
    "# ?/?": (1.5, "1 1/2"), "0.00E+00": (12_345, "1.23E+04"), "h:mm AM/PM": (0.5, "12:00 PM"),
    '[>=100]"高";"低"': (50, "低"), "0.0,,\"M\"": (1_234_567, "1.2M"), "[$€-407]0.00": (2, "€2.00"),
    "[DBNum2]General": (12_345, "壹万贰仟叁佰肆拾伍"), "General": (0.1, "0.1"),
    "aaaa": (45356, "星期二"),
    "000-0000": (1_234_567, "123-4567"), '0"台"': (3, "3台"), "mm:ss.0": (0.5 / 1440, "00:30.0"),
    "#,##0;;\"-\"": (0, "-"),
}  # fmt: skip


@pytest.mark.parametrize("code", SHOWN)
def test_number_formats(code: str) -> None:
    value, text = SHOWN[code]
    assert shown(value, code) == text


def read(path: Path, include: Collection[str] = ()) -> tuple[str, dict[str, int]]:
    pages = list(load(path, include=include))
    said = pages[-1].metadata.get("warnings", [])
    counts = {one["code"][14:]: one["fields"]["count"] for one in said}
    return "\n\n".join(page.page_content for page in pages), counts


def test_a_sheet_as_it_is_shown(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "预算"
    for row in (
        ["部门预算", None, None], ["部门", "金额", None], [None, "上年", "今年"], ["研发", 0.5, 3],
        ["hidden", 9, 9], ["Sales", "=SUM(B4:B5)", 4], [None], ["总计", 7, 8],
    ):  # fmt: skip
        sheet.append(row)
    for merged in ("A1:C1", "A2:A3", "B2:C2"):
        sheet.merge_cells(merged)
    sheet["B4"].number_format = "0%"
    sheet["C6"].comment = Comment("估计值", "王工")
    sheet["C8"].font = Font(strike=True)
    sheet.row_dimensions[5].hidden = True
    sheet["E4"] = "side"
    sheet.column_dimensions["E"].hidden = True
    book.create_sheet("草稿").sheet_state = "hidden"
    path = tmp_path / "a.xlsx"
    book.save(path)
    text, counts = read(path)
    assert text == (
        "## 预算\n\n部门预算\n\n| 部门 | 金额 上年 | 金额 今年 |\n| --- | --- | --- |\n"
        "| 研发 | 50% | 3 |\n| Sales | =SUM(B4:B5) | 4 |\n\n| 总计 | 7 |\n| --- | --- |"
    )
    assert counts == {"comments": 1, "formulas": 1, "rows": 2, "sheets": 1, "struck": 1}
    text, counts = read(path, ["hidden", "comments", "struck"])
    assert "| hidden | 9 | 9 |" in text
    assert "> C6: 王工: 估计值" in text
    assert counts == {"formulas": 1}


def test_a_gap_in_a_table_keeps_its_names(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["城市", "人口"], ["A", 1], ["B", 2], [None], ["C", 3]):
        book.active.append(row)
    book.active["B2"].number_format = "0.0"
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert read(path)[0].endswith(
        "| 城市 | 人口 |\n| --- | --- |\n| A | 1.0 |\n| B | 2 |\n| C | 3 |"
    )


def test_dates_and_durations_of_a_program(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([datetime(2024, 3, 5), timedelta(hours=30, minutes=15)])  # noqa: DTZ001 - Excel's
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert "2024-03-05" in read(path)[0]
    assert "30:15:00" in read(path)[0]


def parts_of(book: openpyxl.Workbook) -> dict[str, bytes]:
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_one_long_text_in_many_cells_is_refused(tmp_path: Path) -> None:
    parts = parts_of(openpyxl.Workbook())
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts["xl/sharedStrings.xml"] = b"<sst %b><si><t>%b</t></si></sst>" % (main, b"x" * 500_000)
    row = b"<row>" + b'<c t="s"><v>0</v></c>' * 40 + b"</row>"
    sheet = b"<worksheet " + main + b"><sheetData>" + row * 10 + b"</sheetData></worksheet>"
    parts["xl/worksheets/sheet1.xml"] = sheet
    name, kind = "xl/_rels/workbook.xml.rels", b"officeDocument/2006/relationships/sharedStrings"
    parts[name] = parts[name].replace(
        b"</Relationships>",
        b'<Relationship Id="s" Target="sharedStrings.xml" '
        b'Type="http://schemas.openxmlformats.org/' + kind + b'"/></Relationships>',
    )
    with pytest.raises(LoadError, match="50,000,000 characters"):
        list(load(zipped(tmp_path / "a.xlsx", parts)))


def test_ten_thousand_merged_ranges(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    parts = parts_of(book)
    name = "xl/worksheets/sheet1.xml"
    ranges = b'<mergeCell ref="A1:XFD1048576"/>' * 10_000
    parts[name] = parts[name].replace(
        b"</sheetData>", b"</sheetData><mergeCells>" + ranges + b"</mergeCells>"
    )
    assert len(read(zipped(tmp_path / "a.xlsx", parts))[0]) < 10_000


def test_binary_workbooks_are_refused_by_name(tmp_path: Path) -> None:
    kind = b"application/vnd.ms-excel.sheet.binary.macroEnabled.main"
    listed = b'<Types><Override PartName="/xl/workbook.bin" ContentType="' + kind + b'"/></Types>'
    path = zipped(tmp_path / "a.xlsb", {"[Content_Types].xml": listed})
    with pytest.raises(LoadError, match="XLSB"):
        recognise(path, "a.xlsb")
