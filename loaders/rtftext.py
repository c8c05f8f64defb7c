"""What an RTF file's words and bytes amount to: decoded text, paragraphs, tables and notes."""

from __future__ import annotations

import codecs
from collections import Counter
from typing import Any

from .blocks import join_blocks
from .characters import whole_characters
from .grids import grid_text
from .pages import left_out
from .raised import lowered, raised
from .symbols import symbol

_CHARSETS = {
    2: "symbol", 77: "mac_roman", 78: "shift_jis", 79: "big5", 80: "cp949", 128: "cp932",
    129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_WIDE = frozenset("gb18030 cp950 big5 cp932 shift_jis cp949 johab".split())
_OF_SYMBOLS = 0xF000  # where fonts of symbols stand in Unicode
_EDGE = 60  # twips; edges nearer than this are one column's
_MOST_CELLS = 2_000_000


def charset_codec(charset: int) -> str:
    """Python's name for a font's character set; empty where it is the file's own.

    Args:
        charset: As the word ``fcharset`` counts them.
    """
    return _CHARSETS.get(charset, "")


class Decoder:
    """Bytes of a run of text, decoded once the run ends, in its font's code page or the file's."""

    def __init__(self) -> None:
        self.fonts: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._default = "cp1252"
        self._bytes = bytearray()
        self._raw_high = False

    @property
    def waiting(self) -> bool:
        """Whether bytes wait to be decoded."""
        return bool(self._bytes)

    def set_default(self, name: str) -> None:
        """Sets the file's code page, if Python knows it."""
        name = {"cp936": "gb18030", "cp65001": "utf-8", "cp0": "cp1252"}.get(name, name)
        try:
            codecs.lookup(name)
        except LookupError:
            return
        self._default = name

    def name_font(self, font: int, name: str) -> None:
        """Notes what a font is called; its name may come in pieces."""
        self._names[font] = self._names.get(font, "") + name

    def sign(self, code: int, font: int) -> str:
        """The character of a code of Unicode, or what a font of symbols shows in its place."""
        if _OF_SYMBOLS <= code < _OF_SYMBOLS + 0x100:
            return symbol(self._names.get(font, "").strip(" ;") or "symbol", code) or "•"
        return chr(code)

    def add(self, data: bytes, *, coded: bool) -> None:
        """Adds bytes, written as hex digits (coded) or as they are."""
        self._bytes += data
        self._raw_high = self._raw_high or (not coded and not data.isascii())

    def text(self, font: int, wide_font: int | None) -> str:
        """The bytes' characters, and none wait any more."""
        data, self._bytes = bytes(self._bytes), bytearray()
        raw, self._raw_high = self._raw_high, False
        own = self.fonts.get(font, "")
        if own == "symbol":
            return "".join(
                self.sign(_OF_SYMBOLS + byte, font) if byte > 0x20 else chr(byte) for byte in data
            )
        if data.isascii():
            return data.decode("ascii")
        wide = self.fonts.get(wide_font, "") if wide_font is not None else ""
        # A font of the Western set beside a Chinese code page: programs write both so.
        default = self._default
        order = [own, default] if own else [default]
        if raw:
            order.insert(0, "utf-8")
        for name in [wide if wide in _WIDE else "", *order, "cp1252"]:
            if name:
                try:
                    return data.decode(name)
                except (UnicodeError, LookupError):
                    continue
        return data.decode(own if own in _WIDE else default, "replace")


class RtfText:
    """Blocks of Markdown as an RTF file's words ask for them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._leaving = ""
        self._shifted: tuple[int, list[str]] | None = None
        self._blocks: list[str] = []
        self._notes: list[str] = []
        self._marks = 0
        self._asides: list[tuple[list[str], str, int]] = []
        self._line: list[str] = []
        self._label: str | None = None
        self._label_from = 0
        self._level = 0
        self._in_table = False
        self._row_open = False
        self._cell: list[str] = []  # paragraphs of the cell that is being read
        self._cells: list[str] = []
        self._edges: list[tuple[int, str, str]] = []  # right edge, merged across, merged down
        self._across = self._down = ""
        self._rows: list[tuple[list[str], list[tuple[int, str, str]]]] = []
        self._cell_count = 0

    # -- what is counted

    def count(self, kind: str) -> None:
        """Counts one of what is not read."""
        self._counts[kind] += 1

    def leave_out(self, kind: str, text: str, *, apart: bool = False) -> None:
        """Counts a passage that is left out: its pieces are one while nothing else is written."""
        if apart or (text.strip() and self._leaving != kind):
            self._counts[kind] += 1
        if not apart and text.strip():
            self._leaving = kind

    def warnings(self) -> tuple[dict[str, Any], ...]:
        """What was left out, counted."""
        return tuple(left_out(kind, count) for kind, count in sorted(self._counts.items()))

    # -- text

    def write(self, text: str, shift: int) -> None:
        """Adds text to the paragraph."""
        if text in ("\b", "\v"):
            self._mark_label(begins=text == "\b")
            return
        if text.strip():
            self._leaving = ""
        if shift and self._shifted and self._shifted[0] == shift:
            self._shifted[1].append(text)
            return
        self._settle()
        if shift:
            self._shifted = (shift, [text])
        else:
            self._line.append(text)

    def _settle(self) -> None:
        """Writes what stands raised or lowered, once it is whole."""
        if self._shifted:
            sign, parts = self._shifted
            self._shifted = None
            self._line.append((raised if sign > 0 else lowered)("".join(parts)))

    def _mark_label(self, *, begins: bool) -> None:
        """What is written between the two marks is the paragraph's number or bullet."""
        if begins:
            self._label_from = len(self._line)
        else:
            self._label = "".join(self._line[self._label_from :]).strip()
            del self._line[self._label_from :]

    def set_level(self, level: int) -> None:
        """Sets the paragraph's heading level; 0 for none."""
        self._level = level

    def note_mark(self) -> str:
        """The mark of the next note, which is written where it is called."""
        self._settle()
        self._marks += 1
        mark = f"[{self._marks}]"
        self._line.append(mark)
        return mark

    def begin_aside(self, label: str) -> None:
        """What is written from here on stands apart, at the end of the text."""
        self._asides.append((self._line, label, self._level))
        self._line, self._level = [], 0

    def end_aside(self) -> None:
        """The text goes on where it was."""
        self._settle()
        if self._asides:
            text = whole_characters(" ".join("".join(self._line).split()))
            self._line, label, self._level = self._asides.pop()
            if text:
                self._notes.append(f"{label} {text}".strip())

    def layout(self, word: str, number: int | None) -> None:
        """Does what a word asks that ends or places paragraphs, cells or rows."""
        self._settle()
        if word in ("par", "sect", "page", "column"):
            self._paragraph()
        elif word == "pard":
            self._in_table, self._level = False, 0
        elif word == "intbl":
            self._in_table = True
        elif word in ("nestcell", "nestrow"):
            self._line.append(" " if word == "nestcell" else "\n")
        elif not self._asides:
            self._table(word, number)

    def _paragraph(self) -> None:
        self._settle()
        if self._asides:
            self._line.append("\n")
            return
        text = whole_characters("".join(self._line)).strip(" \t\r\n")
        self._line = []
        label, self._label = self._label, None
        if not text:
            return
        in_table = self._in_table or self._row_open
        if self._level and not in_table:
            text = "#" * self._level + " " + " ".join([*(label or "").split(), *text.split()])
        elif label is not None:
            text = f"{label} {text}" if any(sign.isalnum() for sign in label) else f"- {text}"
        if in_table:
            self._cell.append(text)
        else:
            self._end_table()
            self._blocks.append(text)

    # -- tables

    def _table(self, word: str, number: int | None) -> None:
        if word == "trowd":
            if not self._row_open and not self._in_table and self._line:
                self._paragraph()
            self._row_open, self._edges = True, []
            self._across = self._down = ""
        elif word in ("clmgf", "clmrg"):
            self._across = word
        elif word in ("clvmgf", "clvmrg"):
            self._down = word
        elif word == "cellx":
            if len(self._edges) < 1000:
                self._edges.append((number or 0, self._across, self._down))
            self._across = self._down = ""
        elif word == "cell":
            self._row_open = True
            self._paragraph()
            self._cells.append("\n".join(self._cell))
            self._cell = []
        elif word == "row":
            self._row()

    def _row(self) -> None:
        if self._line:
            self._paragraph()
        if self._cell:
            self._cells.append("\n".join(self._cell))
        if any(cell.strip() for cell in self._cells):
            self._rows.append((self._cells, list(self._edges)))
        self._cells, self._cell = [], []
        self._row_open = False

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._blocks.append(grid_text(_spread(rows)))

    def text(self) -> str:
        """All blocks, the notes behind them."""
        self._row_open = self._in_table = False
        while self._asides:
            self.end_aside()
        self._paragraph()
        left = [cell for cell in [*self._cells, *self._cell] if cell.strip()]
        self._end_table()
        return join_blocks([*self._blocks, *left, *self._notes])


def _spread(rows: list[tuple[list[str], list[tuple[int, str, str]]]]) -> list[list[str]]:
    """Rows whose cells stand in the columns that their edges say, in each that they span."""
    edges = sorted({edge for _, cells in rows for edge, _, _ in cells})
    columns: list[int] = []
    for edge in edges:
        if not columns or edge - columns[-1] > _EDGE:
            columns.append(edge)
    out: list[list[str]] = []
    for texts, cells in rows:
        if len(cells) < len(texts) or len(columns) * len(rows) > _MOST_CELLS:
            out.append(texts)
            continue
        out.append(_spread_row(texts, cells, columns, out[-1] if out else []))
    return out


def _spread_row(
    texts: list[str], cells: list[tuple[int, str, str]], columns: list[int], above: list[str]
) -> list[str]:
    row: list[str] = []
    last = ""
    for text, (edge, across, down) in zip(texts, cells, strict=False):
        span = sum(column <= edge + _EDGE for column in columns) - len(row)
        merged = ""
        if across == "clmrg":
            merged = last
        elif down == "clvmrg" and len(row) < len(above):
            merged = above[len(row)]
        last = text if text.strip() else merged
        row += [last] * max(span, 0)
    return row
