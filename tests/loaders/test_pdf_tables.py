"""Tables of PDF pages become Markdown tables; other text in columns stays text."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from loaders import load

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
WIDTH, HEIGHT = A4
TOP = HEIGHT - 200
LEAD = 16
ENGLISH = [
    ["River", "Length", "Area", "Flow"],
    ["Elbe", "1,094", "148,268", "870"],
    ["Oder", "840", "118,861", "574"],
    ["Weser", "452", "41,094", "327"],
    ["Ems", "371", "-", "80"],
]
CHINESE = [
    ["河流", "长度", "流域面积", "流量"],
    ["长江", "6,300", "1,800,000", "31,900"],
    ["黄河", "5,464", "795,000", "1,774"],
    ["珠江", "2,214", "453,690", "9,500"],
]
Draw = Callable[["Sheet"], None]


class Sheet:
    """Draws rows of cells."""

    def __init__(self, path: Path, size: tuple[float, float] = A4) -> None:
        self.path = path
        self.canvas = Canvas(str(path), pagesize=size)
        self.font("Helvetica")

    def font(self, name: str, size: float = 10) -> None:
        self.canvas.setFont(name, size)

    def put(self, x: float, y: float, text: str) -> None:
        self.canvas.drawString(x, y, text)

    def middle(self, x: float, y: float, text: str) -> None:
        self.canvas.drawCentredString(x, y, text)

    def rows(
        self, rows: list[list[str]], *, x: float = 80, y: float = TOP, step: float = 90,
        lead: float = LEAD, right: bool = True,
    ) -> float:  # fmt: skip
        """The height below rows whose columns but the first are set to the right."""
        for row in rows:
            for column, text in enumerate(row):
                if column and right:
                    self.canvas.drawRightString(x + column * step + 50, y, text)
                else:
                    self.put(x + column * step, y, text)
            y -= lead
        return y

    def level(self, y: float, x0: float = 75, x1: float = 410) -> None:
        self.canvas.line(x0, y, x1, y)

    def upright(self, x: float, y0: float, y1: float) -> None:
        self.canvas.line(x, y0, x, y1)

    def read(self) -> list[str]:
        self.canvas.save()
        return [page.page_content for page in load(self.path)]


def table(text: str) -> list[list[str]]:
    """The cells of all Markdown tables of a page."""
    lines = [line for line in text.split("\n") if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return Sheet(tmp_path / "a.pdf")


def no_rules(sheet: Sheet) -> None:
    sheet.rows(ENGLISH)


def chinese_no_rules(sheet: Sheet) -> None:
    sheet.font("STSong-Light")
    sheet.rows(CHINESE)


def level_rules(sheet: Sheet) -> None:
    sheet.put(80, TOP + 40, "Table 3. Rivers of the north, with the data of the last survey of all")
    sheet.level(TOP + 12)
    sheet.level(TOP - 4)
    y = sheet.rows(ENGLISH)
    sheet.level(y + 10)
    sheet.put(80, y - 10, "Source: the survey, which was made in the years of the second plan.")


def shaded(sheet: Sheet) -> None:
    for row in range(len(ENGLISH)):
        sheet.canvas.setFillGray(0.8 if row % 2 else 0.95)
        sheet.canvas.rect(75, TOP - row * LEAD - 4, 340, LEAD, stroke=0, fill=1)
    sheet.canvas.setFillGray(0)
    sheet.rows(ENGLISH)


def ruled(sheet: Sheet) -> None:
    for row in range(len(ENGLISH) + 1):
        sheet.level(TOP + 12 - row * LEAD)
    for at in (75, 160, 240, 330, 410):
        sheet.upright(at, TOP + 12 - len(ENGLISH) * LEAD, TOP + 12)
    sheet.rows(ENGLISH)


def open_sides(sheet: Sheet) -> None:
    """Rules between the columns, none at the sides, none between the rows."""
    sheet.level(TOP + 12)
    sheet.level(TOP - 4)
    sheet.level(TOP + 12 - len(ENGLISH) * LEAD)
    for at in (160, 240, 330):
        sheet.upright(at, TOP + 12 - len(ENGLISH) * LEAD, TOP + 12)
    sheet.rows(ENGLISH)


def beside_prose(sheet: Sheet) -> None:
    """The table in the left column, text in the right one, on other base lines."""
    sheet.font("Helvetica", 8)
    sheet.rows(ENGLISH, x=40, step=60)
    for number in range(12):
        sheet.put(
            320, TOP + 30 - number * 11, "The rivers of the plain run slowly to the sea, wide and"
        )


@pytest.mark.parametrize(
    ("draw", "rows"),
    [
        (no_rules, ENGLISH),
        (chinese_no_rules, CHINESE),
        (level_rules, ENGLISH),
        (shaded, ENGLISH),
        (ruled, ENGLISH),
        (open_sides, ENGLISH),
        (beside_prose, ENGLISH),
    ],
)
def test_aligned_cells_are_a_table_with_and_without_rules(
    sheet: Sheet, draw: Draw, rows: list[list[str]]
) -> None:
    draw(sheet)
    assert table(sheet.read()[0]) == rows


def spanned_by_rules(sheet: Sheet) -> None:
    sheet.put(180, TOP + 20, "Men")
    sheet.level(TOP + 16, 175, 315)
    sheet.put(360, TOP + 20, "Women")
    sheet.level(TOP + 16, 355, 495)


def spanned_by_place(sheet: Sheet) -> None:
    sheet.middle((170 + 310) / 2 + 5, TOP + 18, "Men")
    sheet.middle((350 + 490) / 2 + 5, TOP + 18, "Women")


@pytest.mark.parametrize("draw", [spanned_by_rules, spanned_by_place])
def test_a_spanning_header_stands_over_every_column_it_spans(sheet: Sheet, draw: Draw) -> None:
    draw(sheet)
    rows = [
        ["Year", "town", "village", "town", "village"],
        *([str(year), "10.2", "11.4", "12.6", "13.8"] for year in range(1990, 1995)),
    ]
    sheet.rows(rows)
    assert table(sheet.read()[0])[:3] == [
        ["", "Men", "Men", "Women", "Women"],
        ["Year", "town", "village", "town", "village"],
        ["1990", "10.2", "11.4", "12.6", "13.8"],
    ]


def test_wrapped_cells_are_joined_and_empty_ones_stay_empty(sheet: Sheet) -> None:
    rows = [
        ["Item", "2021", "2022"],
        ["Bridges", "14", "15"],
        ["Roads that were", "", ""],
        ["widened", "3", ""],
        ["Tunnels", "", "2"],
        ["Harbours", "7", "8"],
    ]
    sheet.rows(rows)
    assert table(sheet.read()[0]) == [
        ["Item", "2021", "2022"],
        ["Bridges", "14", "15"],
        ["Roads that were widened", "3", ""],
        ["Tunnels", "", "2"],
        ["Harbours", "7", "8"],
    ]


@pytest.mark.parametrize("repeated", [False, True])
def test_a_table_that_goes_on_over_a_page_bears_its_header_once_on_each(
    sheet: Sheet, *, repeated: bool
) -> None:
    rows = [
        ["年份", "产量", "销量"],
        *([f"第{n}年", f"{n * 31}.5", f"{n * 29}.1"] for n in range(1, 81)),
    ]
    for part in (rows[:45], [*rows[:1] * repeated, *rows[45:]]):
        sheet.font("STSong-Light")
        sheet.rows(part, y=HEIGHT - 60)
        sheet.canvas.showPage()
    first, second = map(table, sheet.read())
    assert first == rows[:45]
    assert second == [rows[0], *rows[45:]]


def two_columns(sheet: Sheet) -> None:
    for number in range(20):
        sheet.put(50, TOP - number * 13, f"The hall of the {number} old guild was built of red")
        sheet.put(320, TOP - number * 13, f"stone that boats had brought {number} times from the")


def listed(sheet: Sheet) -> None:
    for number in range(1, 9):
        sheet.put(60, TOP - number * LEAD, f"{number}.")
        sheet.put(90, TOP - number * LEAD, f"Check valve {number} before use")


def contents(sheet: Sheet) -> None:
    for number in range(1, 9):
        sheet.put(60, TOP - number * LEAD, f"{number}.1")
        sheet.put(90, TOP - number * LEAD, "Bridges of the north")
        sheet.put(450, TOP - number * LEAD, str(number * 7))


def form(sheet: Sheet) -> None:
    sheet.put(60, TOP, "Name:")
    sheet.put(300, TOP, "Date of birth:")
    sheet.put(60, TOP - 30, "Address:")
    sheet.put(300, TOP - 30, "Town:")


def program(sheet: Sheet) -> None:
    sheet.font("Courier")
    lines = ["int  main(void)   {", "int  a  = 1;      // one", "long bb = 22;     // two"]
    for number, line in enumerate([*lines, *lines]):
        sheet.put(60, TOP - number * LEAD, line)


def chart(sheet: Sheet) -> None:
    for number in range(6):
        sheet.put(60, TOP - number * 30, str(number * 20))
        sheet.put(400, TOP - number * 30, str(number * 3))


def chinese_references(sheet: Sheet) -> None:
    sheet.font("STSong-Light")
    for number in range(1, 7):
        sheet.put(60, TOP - number * LEAD, f"[{number}]")
        sheet.put(95, TOP - number * LEAD, f"王某某。河流泥沙研究之{number}。水利出版社，2001年。")


@pytest.mark.parametrize(
    "draw", [two_columns, listed, contents, form, program, chart, chinese_references]
)
def test_text_in_columns_that_is_no_table_stays_text(sheet: Sheet, draw: Draw) -> None:
    draw(sheet)
    assert table(sheet.read()[0]) == []


def test_a_table_of_two_thousand_rows_is_read_whole_in_bounded_time(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path / "long.pdf", (500, 14_300))
    rows = [["Name", "a", "b"], *([f"Row {n}", str(n), str(2 * n)] for n in range(2000))]
    sheet.font("Helvetica", 5)
    sheet.rows(rows, y=14_200, lead=7)
    begun = time.monotonic()
    assert table(sheet.read()[0]) == rows
    assert time.monotonic() - begun < 20
