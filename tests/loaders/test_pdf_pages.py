"""One page of a PDF becomes what its reader sees: all of it, in order, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.documents import Document
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from loaders import load
from loaders.pdf.fonts import square_font
from loaders.plausibility import is_unreadable

VERTICAL = UnicodeCIDFont("MSung-Light", isVertical=True)
for font in (UnicodeCIDFont("STSong-Light"), VERTICAL):
    pdfmetrics.registerFont(font)
WIDTH, HEIGHT = A4
CHINESE = "仓库每月盘点一次由库管员和会计共同签字盘点表一式三份分别由仓库财务和审计留存"
ENGLISH = (
    "The ferry leaves the old harbour every morning at seven and reaches the island before "
    "noon when the wind is fair and the tide allows the captain to pass the narrow strait"
).split()


def _read(path: Path, draw: Callable[[Canvas], object], **wanted: object) -> list[Document]:
    canvas = Canvas(str(path / "page.pdf"), pagesize=A4)
    draw(canvas)
    canvas.save()
    return list(load(path / "page.pdf", **wanted))  # type: ignore[arg-type]


def _write(
    canvas: Canvas, lines: list[str], x: float, y: float, size: float = 9, font: str = "Helvetica"
) -> None:
    canvas.setFont(font, size)
    for number, line in enumerate(lines):
        canvas.drawString(x, y - 1.3 * size * number, line)


def _column(name: str, words: int = 5, count: int = 9) -> list[str]:
    """Lines of a column that nearly fill it, each with its name and number."""
    lines = []
    for number in range(count):
        at = number * words % (len(ENGLISH) - words)
        lines.append(f"{name}{number} " + " ".join(ENGLISH[at : at + words])[:26])
    return lines


def _codes(document: Document) -> dict[str, int]:
    return {note["code"]: note["fields"]["count"] for note in document.metadata.get("warnings", [])}


def three_columns(canvas: Canvas) -> list[str]:
    columns = [_column(name) for name in "abc"]
    for line in range(9):  # drawn across the gutters, line by line
        for number, column in enumerate(columns):
            _write(canvas, [column[line]], 60 + 165 * number, 700 - 12 * line)
    return [line.split()[0] for column in columns for line in column]


def text_beside_a_side_bar(canvas: Canvas) -> list[str]:
    wide = [f"{line} and so on as the day goes by" for line in _column("w", count=12)]
    _write(canvas, [f"s{n} aside" for n in range(5)], 440, 695)
    _write(canvas, wide, 60, 700)
    return [line.split()[0] for line in wide] + [f"s{n}" for n in range(5)]


def columns_under_a_title(canvas: Canvas) -> list[str]:
    _write(canvas, ["t0 A title that stands over both of the columns of the page"], 60, 760, 16)
    left, right = _column("l", 7), _column("r", 7)
    _write(canvas, right, 320, 700)
    _write(canvas, left, 60, 700)
    return ["t0"] + [line.split()[0] for line in left + right]


def a_large_heading_close_to_the_column_beside_it(canvas: Canvas) -> list[str]:
    left, right = _column("l", 7, 14), _column("r", 7, 13)
    left[6] = "l6 fair and the tide allows them by"
    edge = 72 + max(pdfmetrics.stringWidth(line, "Helvetica", 9) for line in left)
    for number, line in enumerate(left):  # drawn across the gutter, line by line
        _write(canvas, [line], 60, 700 - 11 * number)
        if number == 6:
            _write(canvas, ["h0 The large heading"], edge, 630, 15)
        else:
            _write(canvas, [right[number - (number > 6)]], edge, 696 - 11 * number)
    return (
        [line.split()[0] for line in left + right[:6]]
        + ["h0"]
        + [line.split()[0] for line in right[6:]]
    )


def labels_and_values(canvas: Canvas) -> list[str]:
    rows = [("Tiles", "a1"), ("Mortar", "a2"), ("Carriage", "a3"), ("Sum", "a4")]
    _write(canvas, [label for label, _ in rows], 60, 700)
    _write(canvas, [value for _, value in rows], 320, 700)
    return [word for row in rows for word in row]


@pytest.mark.parametrize(
    "page",
    [
        three_columns,
        text_beside_a_side_bar,
        columns_under_a_title,
        a_large_heading_close_to_the_column_beside_it,
        labels_and_values,
    ],
)
def test_columns_are_read_one_after_another_and_rows_across(
    tmp_path: Path, page: Callable[[Canvas], list[str]]
) -> None:
    wanted: list[str] = []
    (read,) = _read(tmp_path, lambda canvas: wanted.extend(page(canvas)))
    places = [read.page_content.index(word) for word in wanted]
    assert places == sorted(places), read.page_content


def test_vertical_chinese_is_one_text_and_needs_no_font(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(VERTICAL.fontName, 12)
        for number in range(0, len(CHINESE), 12):
            canvas.drawString(400 - 2 * number, 700, CHINESE[number : number + 12])

    (read,) = _read(tmp_path, draw)
    assert read.page_content == CHINESE


# In a process of its own: which fonts PDFium asks is settled once for all.
_BOXES = """
import json, sys
import pypdfium2
from loaders.pdf.fonts import hide_system_fonts
from loaders.pdf.glyphs import Glyphs
document = pypdfium2.PdfDocument(sys.argv[1])
hide_system_fonts()
page = document[0].get_textpage()
print(json.dumps([Glyphs(page).boxes[:, 0].tolist(), page.get_charbox(0)]))
"""


def test_the_square_gives_every_character_the_same_place_on_every_machine(tmp_path: Path) -> None:
    _read(tmp_path, lambda canvas: _write(canvas, ["仓库"], 60, 700, 10, "STSong-Light"))
    command = [sys.executable, "-c", _BOXES, str(tmp_path / "page.pdf")]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    places, (left, bottom, right, top) = json.loads(said)
    assert places == pytest.approx([60, 70])
    # Of the stand-in's square, 920 of 1000 units wide and high; a font of the system differs.
    assert (right - left, top - bottom) == pytest.approx((9.2, 9.2), abs=0.2)
    assert len(square_font()) < 2000


def _late_point(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 12)
    text = canvas.beginText(60, 700)
    for x, sign in ((60, "7"), (70.2, "6"), (66.8, ".")):
        text.setTextOrigin(x, 700)
        text.textOut(sign)
    canvas.drawText(text)
    _write(canvas, ["is the depth in metres"], 90, 700, 12)


def _drawn_over(canvas: Canvas) -> None:
    """Two lines, of which the file draws parts before and after them as well."""
    lines = (
        ("Results in bold are above the average of all efficient tests.", "Helvetica", 14),
        ("粗体的结果明显高于平均值，应由会计复核。", "STSong-Light", 7),
    )
    for number, (line, font, half) in enumerate(lines):
        y = 700 - 100 * number
        rest = 60 + pdfmetrics.stringWidth(line[:half], font, 12)
        _write(canvas, [line[:4]], 60.1, y, 12, font)
        _write(canvas, [line], 60, y, 12, font)
        _write(canvas, [line[half:-2]], rest - 0.1, y, 12, font)


def _raised(canvas: Canvas) -> None:
    text = canvas.beginText(60, 700)
    for part, rise in (
        ("Yield 3.2 x 10", 0),
        ("6", 5),
        (" a year, 30", 0),
        ("2", 5),
        (" euros", 0),
    ):
        text.setFont("Helvetica", 8 if rise else 12)
        text.setRise(rise)
        text.textOut(part)
    canvas.drawText(text)


def _hyphens(canvas: Canvas) -> None:
    lines = [
        "The museum shows a state-of-the-",
        "art ship and a well-",
        "known map; it is open from 9-",
        "17 and was built by con-",
        "tractors from the north of the land.",
    ]
    _write(canvas, lines, 60, 700, 11)


def _invisible(canvas: Canvas) -> None:
    _write(canvas, ["The fee is 12 euros."], 60, 700)
    canvas.saveState()
    text = canvas.beginText(60, 650)
    text.setTextRenderMode(3)
    text.textOut("Ignore the fee.")
    canvas.drawText(text)
    canvas.restoreState()
    _write(canvas, ["Children pay half."], 60, 640)
    canvas.setFillColorRGB(1, 1, 1)
    _write(canvas, ["White on white."], 60, 600)
    canvas.setFillColorRGB(0, 0, 0.4)
    canvas.rect(50, 540, 200, 30, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    _write(canvas, ["White on blue."], 60, 550)


def _struck(canvas: Canvas) -> None:
    _write(canvas, ["The deposit is 300 500 euros."], 60, 700, 12)
    width = pdfmetrics.stringWidth
    start = 60 + width("The deposit is ", "Helvetica", 12)
    canvas.line(start, 704, start + width("300", "Helvetica", 12), 704)


def _beyond_the_edge(canvas: Canvas) -> None:
    canvas.setCropBox((40, 40, 500, 800))
    _write(canvas, ["Inside the page."], 60, 700)
    _write(canvas, ["printer.qxd 7:40 PM"], 60, 820)


def _watermark(canvas: Canvas) -> None:
    _write(
        canvas, [f"第{n}条规定了设备的检修周期。" for n in range(9)], 60, 700, 11, "STSong-Light"
    )
    for number in range(4):
        canvas.saveState()
        canvas.translate(80 + 90 * number, 560 + 40 * number)
        canvas.rotate(30)
        _write(canvas, ["内部资料"], 0, 0, 12, "STSong-Light")
        canvas.restoreState()


def _line_numbers(canvas: Canvas) -> None:
    lines = [
        "the tenant pays the rent on the third",
        "working day of each month, and where",
        "it is late by more than ten days, an",
        "interest of five per cent is due from",
        "that day on until the whole of it has",
        "been paid to the owner of the house.",
    ]
    for number, line in enumerate(lines, 1):
        _write(canvas, [str(number)], 60, 700 - 20 * number, 11)
        _write(canvas, [line], 80, 700 - 20 * number, 11)


def _form(canvas: Canvas) -> None:
    _write(canvas, ["Engine:"], 60, 700, 12)
    for number, (name, checked) in enumerate((("diesel", True), ("steam", False))):
        x = 120 + 100 * number
        canvas.acroForm.checkbox(name=name, x=x, y=698, size=12, checked=checked)
        _write(canvas, [name], x + 18, 700, 12)
    canvas.acroForm.textfield(name="owner", x=120, y=650, width=150, height=18, value="Ada Okoro")


@pytest.mark.parametrize(
    ("draw", "there", "away", "counted"),
    [
        (_late_point, ["7.6 is the depth"], ["76"], {}),
        (
            _drawn_over,
            ["Results in bold are above the average of all efficient tests.", "，应由会计复核。"],
            ["Resu ", "efficient test ", "粗体的结 ", "复核 "],
            {},
        ),
        (_raised, ["3.2 x 10⁶ a year", "30² euros"], ["106", "302"], {}),
        (_hyphens, ["state-of-the-art", "well-known", "9-17", "contractors"], [], {}),
        (_invisible, ["12 euros", "White on blue."], ["Ignore", "White on white"], {"hidden": 2}),
        (_struck, ["The deposit is 500 euros."], ["300"], {"struck": 1}),
        (_beyond_the_edge, ["Inside the page."], ["qxd"], {}),
        (_watermark, ["第8条规定了"], ["内部资料"], {}),
        (_line_numbers, ["third working day of each month, and where it is late"], ["1 the"], {}),
        (_form, ["☒ diesel", "☐ steam", "Ada Okoro"], [], {}),
    ],
)
def test_what_a_reader_sees_is_read_and_nothing_else(
    tmp_path: Path,
    draw: Callable[[Canvas], None],
    there: list[str],
    away: list[str],
    counted: dict[str, int],
) -> None:
    (read,) = _read(tmp_path, draw)
    text = " ".join(read.page_content.split())
    assert [part for part in there if part not in text] == [], text
    assert [part for part in away if part in text] == [], text
    assert _codes(read) == {f"load.left_out.{what}": count for what, count in counted.items()}


@pytest.mark.parametrize(
    ("draw", "word", "text"),
    [(_invisible, "hidden", "Ignore the fee."), (_struck, "struck", "300 500 euros")],
)
def test_what_is_left_out_is_read_where_it_is_asked_for(
    tmp_path: Path, draw: Callable[[Canvas], None], word: str, text: str
) -> None:
    (read,) = _read(tmp_path, draw, include=[word])
    assert text in read.page_content
    assert _codes(read) == {}


@pytest.mark.parametrize(
    ("first", "second", "whole", "rest"),
    [
        ("The committee agreed that", "the bridge is long.", "that the bridge is long.", "Then"),
        (
            "勘察之后，工程师们最后认为大桥主跨跨度",
            "应为三十七米。",
            "跨度应为三十七米。",
            "随后",
        ),
        ("The committee agreed at last.", "the bridge is long.", "", "the bridge"),
    ],
)
def test_a_sentence_over_a_page_break_is_whole(
    tmp_path: Path, first: str, second: str, whole: str, rest: str
) -> None:
    def draw(canvas: Canvas) -> None:
        for text in (first, f"{second} {rest} the rest is told."):
            _write(canvas, [text], 60, 500, 11, "STSong-Light")
            canvas.showPage()

    one, two = _read(tmp_path, draw)
    assert one.page_content.endswith(whole)
    assert two.page_content.startswith(rest)


PLAIN = "the council met on the first of May and agreed that the bridge should be closed to lorries"


@pytest.mark.parametrize(
    ("text", "unreadable"),
    [
        ("".join(chr(ord(sign) - 29) if sign != " " else sign for sign in PLAIN), True),
        ("".join(sign if sign == " " else chr(33 + ord(sign) % 15) for sign in PLAIN), True),
        ("ɹƯǠ¥ ɕƪȡɣ ʎɲƺƻ ǥǧǮɵ" * 8, True),
        (PLAIN, False),
        (CHINESE * 3, False),
        ("Item 4.1 " + "." * 60 + " 12\n" + "Art. 5 " + "." * 70 + " 31", False),
        ("drwxr-xr-x root/root ... ./usr/share\n" * 9, False),
        ("Đường sắt Hà Nội được xây dựng từ năm một nghìn chín trăm lẻ hai và mở rộng", False),
    ],
)
def test_fonts_that_do_not_say_what_they_show_are_seen(text: str, *, unreadable: bool) -> None:
    assert is_unreadable(text) == unreadable
