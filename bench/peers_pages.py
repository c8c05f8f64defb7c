"""Generates pages for the comparison: tables, three columns, merged cells; and how they are read.

What a model may ask about a table hangs on what it sees of it. The simulated one knows a row by its
name, a value's column by the bounds of its cell, or, where a text has none, by the order of values,
and a merged name holds until the next one. So a reader that drops empty cells gets values of wrong
columns, and one that tears rows apart gets none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from bench.peers_documents import Document, Fact, facts, paragraphs

Pairs = list[tuple[str, str]]
Asked = Callable[[str], Pairs]
"""What a model asks about a text."""

_SPACES = re.compile(r"\s+")
_ENGLISH, _CHINESE = "Helvetica", "STSong-Light"
_EMPTY = 5
"""Each so-manyth cell is empty."""


@dataclass(frozen=True)
class Table:
    """A table of numbers.

    Attributes:
        head: The names above: those of one or two columns of names, then those of values.
        groups: Names of the first column.
        parts: Names of the second, the same in each group; none where there is one such column.
        question: Of a name, or two, and a column.
    """

    head: tuple[str, ...]
    groups: tuple[str, ...]
    parts: tuple[str, ...]
    question: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of values."""
        return self.head[2 if self.parts else 1 :]

    def value(self, row: int, column: int) -> str:
        """A cell's number, unlike any other's; empty in some."""
        place = row * len(self.columns) + column
        return "" if place % _EMPTY == 3 else str(137 + 7 * place)

    def rows(self) -> list[tuple[str, ...]]:
        """All below the head, names first."""
        names = [(group, part) for group in self.groups for part in self.parts or ("",)]
        return [
            (*(name for name in both if name), *(self.value(row, at) for at in self._every()))
            for row, both in enumerate(names)
        ]

    def facts(self) -> tuple[Fact, ...]:
        """One for each number."""
        width = len(self.head) - len(self.columns)
        return tuple(
            Fact(("", ""), (self.asked(row[:width], column),) * 2, row[width + at])
            for row in self.rows()
            for at, column in enumerate(self.columns)
            if row[width + at]
        )

    def asked(self, names: Sequence[str], column: str) -> str:
        """The question about a cell."""
        name = " ".join(names) if column.isascii() else "".join(names)
        return self.question.format(name=name, column=column)

    def pairs(self, text: str) -> Pairs:
        """What a model asks that sees a text with this table, or part of it, in it."""
        bare = _SPACES.sub("", text)
        if not all(_SPACES.sub("", name) in bare for name in self.head):
            return []
        found: Pairs = []
        group, part = "", ""
        run: list[str] = []

        def close() -> None:
            if (part or not self.parts) and group and len(run) <= len(self.columns):
                names = (group, part) if part else (group,)
                found.extend(
                    (self.asked(names, column), value)
                    for column, value in zip(self.columns, run, strict=False)
                    if value
                )
            run.clear()

        for token in self._tokens(text):
            if token in self.groups:
                close()
                group, part = token, ""
            elif token in self.parts:
                close()
                part = token
            elif group:
                run.append(token)
        close()
        return found

    def _tokens(self, text: str) -> list[str]:
        """Names and numbers in order; an empty one for a cell without number."""
        named = "|".join(map(re.escape, (*self.groups, *self.parts)))
        one = re.compile(rf"{named}|(?<![\w.])\d{{3,4}}(?![\w.])" if named else r"\d+")
        tokens: list[str] = []
        for line in text.splitlines():
            if line.strip().startswith("|") and any(name in line for name in self._last_names()):
                cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
                tokens += [cell for cell in cells if not cell or one.fullmatch(cell)]
            else:
                tokens += one.findall(line)
        return tokens

    def _last_names(self) -> tuple[str, ...]:
        return self.parts or self.groups

    def _every(self) -> range:
        return range(len(self.columns))


WORKS = Table(
    ("Works", "output in tonnes", "wages in pounds", "coal in wagons", "waste in barrels"),
    tuple(f"{one} Mill" for one in "Alder Birch Cedar Elm Fern Hazel Juniper Larch".split()),
    (),
    "What was the {column} of {name}?",
)
GONGCHANG = Table(
    ("工厂", "产量（吨）", "工资（万元）", "用煤（车）", "废料（桶）"),
    tuple(f"{one}纺织厂" for one in "云川 临泽 江山 青溪 松桥 石河 安林 清沙".split()),
    (),
    "{name}的{column}是多少？",
)
SEASONS = Table(
    ("Works", "Season", "output in tonnes", "wages in pounds", "coal in wagons"),
    tuple(f"{one} Foundry" for one in "Maple Oak Poplar Rowan Spruce Willow Yew Aspen".split()),
    ("spring", "summer", "autumn"),
    "What was the {column} of {name}?",
)
JIJIE = Table(
    ("工厂", "季节", "产量（吨）", "工资（万元）", "用煤（车）"),
    tuple(f"{one}茶场" for one in "柳岭 金湖 长水 白原 永泽 龙沙 南坪 桃湾".split()),
    ("春季", "夏季", "秋季"),
    "{name}的{column}是多少？",
)


def tables_in_pdf() -> tuple[Document, ...]:
    """A page with a ruled table in each language."""
    return tuple(
        Document(name, "", table.facts(), content=_ruled(table, font))
        for name, table, font in (
            ("works.pdf", WORKS, _ENGLISH),
            ("gongchang.pdf", GONGCHANG, _CHINESE),
        )
    )


def merged_in_docx() -> tuple[Document, ...]:
    """A Word file in each language, whose table says a name once for the rows below each other."""
    return tuple(
        Document(name, "", table.facts(), content=_merged(table))
        for name, table in (("seasons.docx", SEASONS), ("jijie.docx", JIJIE))
    )


def three_columns() -> tuple[Document, ...]:
    """Pages of three columns, drawn column after column, and line after line over all three."""
    made = []
    for language, font in (("en", _ENGLISH), ("zh", _CHINESE)):
        for seed, across in ((0, False), (1, True)):
            groups = facts(language, 10, seed + 7)
            content = _columns(paragraphs(groups, language, seed + 7), font, across=across)
            name = f"columns-{language}-{'across' if across else 'down'}.pdf"
            made.append(Document(name, "", tuple(f for g in groups for f in g), content=content))
    return tuple(made)


def asking_tables(text: str) -> Pairs:
    """The pairs about the tables of these pages."""
    return [pair for table in (WORKS, GONGCHANG, SEASONS, JIJIE) for pair in table.pairs(text)]


def asking_wrapped(documents: Sequence[Document]) -> Asked:
    """The pairs about sentences that stand in a text whole, however its lines are broken."""
    known = [
        (_SPACES.sub("", fact.sentences[0]), (fact.questions[0], fact.answer))
        for document in documents
        for fact in document.facts
    ]

    def asked(text: str) -> Pairs:
        bare = _SPACES.sub("", text)
        return [pair for sentence, pair in known if sentence in bare]

    return asked


def _canvas(font: str) -> tuple[Any, BytesIO]:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    if font == _CHINESE:
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    written = BytesIO()
    return Canvas(written, pagesize=(595, 842), invariant=1), written


def _ruled(table: Table, font: str) -> bytes:
    canvas, written = _canvas(font)
    canvas.setFont(font, 9)
    width, height, left, top = 100, 20, 45, 760
    rows = [table.head, *table.rows()]
    for line, row in enumerate(rows):
        for at, cell in enumerate(row):
            canvas.drawString(left + at * width + 4, top - line * height + 6, cell)
    for line in range(len(rows) + 1):
        y = top + height - line * height
        canvas.line(left, y, left + len(table.head) * width, y)
    for at in range(len(table.head) + 1):
        x = left + at * width
        canvas.line(x, top + height, x, top + height - len(rows) * height)
    canvas.save()
    return written.getvalue()


def _columns(texts: Sequence[str], font: str, *, across: bool) -> bytes:
    canvas, written = _canvas(font)
    lines = [line for text in texts for line in (*_broken(text, font, 160), "")]
    deep, size = 60, 9
    for page in range(0, len(lines), 3 * deep):
        canvas.setFont(font, size)
        columns = [lines[page + at * deep : page + (at + 1) * deep] for at in range(3)]
        places = [(at, row) for at in range(3) for row in range(deep)]
        for at, row in sorted(places, key=lambda place: place[1]) if across else places:
            if row < len(columns[at]) and columns[at][row]:
                canvas.drawString(40 + at * 178, 790 - row * 12, columns[at][row])
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def _broken(text: str, font: str, width: float) -> list[str]:
    """A paragraph's lines of so many points."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    lines = [""]
    for word in re.findall(r"\S+ ?", text) if font == _ENGLISH else text:
        if stringWidth(lines[-1] + word.rstrip(), font, 9) > width:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]


def _merged(table: Table) -> bytes:
    import docx

    document = docx.Document()
    grid = document.add_table(rows=1, cols=len(table.head), style="Table Grid")
    for cell, name in zip(grid.rows[0].cells, table.head, strict=True):
        cell.text = name
    above: Any = None
    for at, row in enumerate(table.rows()):
        cells = grid.add_row().cells
        for cell, text in zip(cells[1:], row[1:], strict=True):
            cell.text = text
        if at % len(table.parts):
            above.merge(cells[0])
        else:
            above, cells[0].text = cells[0], row[0]
    written = BytesIO()
    document.save(written)
    return written.getvalue()
