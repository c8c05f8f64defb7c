"""Writes a tree of HTML as Markdown a reader would type: headings, lists, tables, formulas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .article import BLOCKS, HEADINGS, UNREAD
from .grids import Cell, table_text
from .listmarkers import marker
from .pages import Heading
from .raised import lowered, raised
from .webformulas import formula
from .webmarks import header_rows, is_note, is_reference, span_of, table_rows

_DEEPEST = 150
_MOST_CELL = 600  # characters; a table with longer cells and no column names lays out a page
_MOST_CELLS = 500_000
_LONGEST_TERM = 60  # characters of a term that stands in one line with its definition
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_STRUCK = re.compile(r"text-decoration[^;]{0,40}line-through", re.IGNORECASE)
_LINE = re.compile(r"\n(?:[ \t]*\n)+")
_ALT = "\ufdd0"  # around the text that stands for a picture
_PICTURES = re.compile(f"{_ALT}[^{_ALT}]*{_ALT}")
_NUMBERED = re.compile(r"[^\w*†‡]{0,3}(\d{1,4}|[*†‡]{1,3}|[a-z]{1,2})[^\w*†‡]{0,3}$")


@dataclass(frozen=True)
class _Block:
    text: str
    item: bool = False
    level: int = 0


class WebText:
    """Blocks of Markdown as they come out of a tree.

    Attributes:
        left_out: How many things of each kind were not written, by the end of their message code.
    """

    def __init__(self, hidden: Any, include: frozenset[str] = frozenset()) -> None:
        self.left_out: Counter[str] = Counter()
        self._hidden = hidden
        self._include = include
        self._blocks: list[_Block] = []
        self._notes: list[_Block] = []
        self._line: list[str] = []
        self._prefix = ""
        self._level = 0
        self._flat = 0  # inside a cell or a raised text, where no block begins
        self._lists: list[Iterator[str]] = []
        self._term = ""
        self._pictures: list[str] = []

    def finish(self) -> tuple[str, tuple[Heading, ...]]:
        """Blocks and their headings: list items a line apart, others a blank line, notes last."""
        self._flush()
        if not self._blocks and not self._notes:
            texts = (_lines(line.replace(_ALT, ""), "\n") for line in self._pictures)
            self._blocks = [_Block(text) for text in texts if text]
        out: list[str] = []
        headings = []
        size, was_item = 0, False
        for block in (*self._blocks, *self._notes):
            gap = "" if not out else "\n" if block.item and was_item else "\n\n"
            if block.level:
                title = block.text[block.level + 1 :]
                headings.append(Heading(size + len(gap), block.level, title))
            out += (gap, block.text)
            size += len(gap) + len(block.text)
            was_item = block.item
        return "".join(out), tuple(headings)

    def _flush(self) -> None:
        if self._flat:
            self._line.append(" ")
            return
        line, self._line = "".join(self._line), []
        if _ALT in line:
            if not _PICTURES.sub("", line).strip():
                self._pictures.append(line)
                return
            line = line.replace(_ALT, "")
        text = _lines(line, "\n")
        if not text:
            return
        if self._level:
            text = " ".join(text.split("\n"))
            self._blocks.append(_Block("#" * self._level + " " + text, level=self._level))
        else:
            self._blocks.append(_Block(self._prefix + text, item=bool(self._prefix)))
        self._prefix = ""

    @contextmanager
    def _aside(self) -> Iterator[list[str]]:
        """What is walked inside goes to the list instead, without blocks."""
        line, self._line = self._line, []
        self._flat += 1
        try:
            yield self._line
        finally:
            self._flat -= 1
            self._line = line

    def _inline(self, node: Any, depth: int) -> str:
        """What is in an element as one line."""
        with self._aside() as parts:
            self._inside(node, depth)
        return _lines("".join(parts).replace(_ALT, ""), " ")

    def walk(self, node: Any, depth: int = 0) -> None:  # noqa: C901 - one choice after another
        """Writes an element and what is in it; the text behind it is its parent's.

        Args:
            node: The element.
            depth: How deep it stands in the tree.
        """
        tag = node.tag
        if not isinstance(tag, str):
            return
        if self._is_formula(node, tag):
            return
        if tag in UNREAD:
            self._count_object(node, tag)
            return
        if tag == "button":
            # It says what can be done, not what is.
            return
        if "hidden" not in self._include and self._hidden(node):
            self.left_out["hidden"] += any(text.strip() for text in node.itertext())
            return
        if depth > _DEEPEST:
            self._line.append(" ".join(node.itertext()))
        elif tag == "br":
            self._line.append("\v")
        elif special := _SPECIAL.get(tag):
            getattr(self, special)(node, depth)
        elif tag in ("del", "s", "strike") or _STRUCK.search(node.get("style") or ""):
            self._struck(node, depth)
        elif is_note(node):
            self._note(node, depth)
        elif tag in BLOCKS:
            self._block(node, tag, depth)
        else:
            self._inside(node, depth)

    def _inside(self, node: Any, depth: int) -> None:
        self._line.append(node.text or "")
        for child in node:
            self.walk(child, depth + 1)
            self._line.append(child.tail or "")

    def _block(self, node: Any, tag: str, depth: int) -> None:
        self._flush()
        if self._flat:
            self._inside(node, depth)
        else:
            self._level = int(tag[1]) if tag in HEADINGS else 0
            self._inside(node, depth)
            self._flush()
            self._level = 0
        if self._flat:
            self._line.append(" ")

    def _list(self, node: Any, depth: int) -> None:
        self._flush()
        self._lists.append(marker(node))
        self._inside(node, depth)
        self._lists.pop()
        self._flush()

    def _item(self, node: Any, depth: int) -> None:
        self._flush()
        mark = next(self._lists[-1]) if self._lists else "- "
        if self._flat:
            self._line.append(" " if mark == "- " else f" {mark}")
        else:
            self._prefix = "  " * (len(self._lists) - 1) + mark
        self._inside(node, depth)
        self._flush()
        self._prefix = ""

    def _definition(self, node: Any, depth: int) -> None:
        """A term, and in its line what it means."""
        self._flush()
        text = self._inline(node, depth) if node.tag == "dt" else ""
        if node.tag == "dt" and len(text) <= _LONGEST_TERM and not self._flat:
            if self._term:
                self._blocks.append(_Block(self._term, item=True))
            self._term = text
            return
        if node.tag == "dt":
            self._line.append(text)
        else:
            colon = "" if self._term.endswith((":", "：", "?", "？")) else ":"
            self._prefix, self._term = f"{self._term}{colon} " if self._term else "", ""
            self._inside(node, depth)
        self._flush()
        self._prefix = ""

    def _definitions(self, node: Any, depth: int) -> None:
        self._flush()
        self._inside(node, depth)
        if self._term:
            self._blocks.append(_Block(self._term, item=True))
            self._term = ""
        self._flush()

    def _code(self, node: Any, depth: int) -> None:
        code = "".join(node.itertext()).strip("\n")
        if self._flat or any(child.tag == "table" for child in node.iter()):
            self._block(node, "div", depth)
            return
        self._flush()
        if code.strip():
            # A prefix that waits belongs before its first line.
            self._blocks.append(_Block(self._prefix + code))
            self._prefix = ""

    def _picture(self, node: Any, _depth: int) -> None:
        alternative = node.get("alt")
        if alternative == "" or node.get("role") == "presentation" or _is_dot(node):
            return
        self.left_out["pictures"] += 1
        # Beside text it stands for a sign or a formula; alone, nobody reads it but where a page
        # has no other words.
        self._line.append(f" {_ALT}{alternative}{_ALT} " if alternative else _ALT * 2)

    def _raised(self, node: Any, depth: int) -> None:
        text = self._inline(node, depth)
        if not text:
            return
        if node.tag == "sub":
            self._line.append(lowered(text))
        elif is_reference(node) and (number := _NUMBERED.match(text)):
            self._line.append(f"[{number[1]}]")
        else:
            self._line.append(raised(text, "".join(self._line[-2:])))

    def _link(self, node: Any, depth: int) -> None:
        if is_reference(node, alone=True) and (
            number := _NUMBERED.match("".join(node.itertext()).strip())
        ):
            self._line.append(f"[{number[1]}]")
        else:
            self._inside(node, depth)

    def _quotation(self, node: Any, depth: int) -> None:
        self._line.append("“")
        self._inside(node, depth)
        self._line.append("”")

    def _struck(self, node: Any, depth: int) -> None:
        if "struck" in self._include:
            self._line.append(f"~~{self._inline(node, depth)}~~")
            return
        self.left_out["struck"] += any(text.strip() for text in node.itertext())
        self._line.append(" " if node.tag in BLOCKS else "")

    def _ruby(self, node: Any, depth: int) -> None:
        """A word unbroken, its reading behind it."""
        base: list[str] = [node.text or ""]
        readings: list[str] = []
        for child in node:
            tag = child.tag if isinstance(child.tag, str) else ""
            if tag in ("rt", "rtc"):
                readings.append(self._inline(child, depth))
            elif tag and tag != "rp":
                base.append(self._inline(child, depth))
            base.append("" if tag == "rp" and not (child.tail or "").strip() else child.tail or "")
        word = "".join("".join(base).split()) if readings else "".join(base)
        reading = " ".join(filter(None, readings))
        self._line.append(f"{word}({reading})" if reading else word)

    def _field(self, node: Any, _depth: int) -> None:
        """What a form says as it stands: ticked boxes, what is filled in, what is chosen."""
        kind = (node.get("type") or "text").lower()
        if node.tag == "textarea":
            self._line.append(f" {node.text or ''} ")
        elif node.tag == "select":
            chosen = [one for one in node.iter("option") if one.get("selected") is not None]
            self._line.append(f" {', '.join(''.join(one.itertext()).strip() for one in chosen)} ")
        elif kind in ("checkbox", "radio"):
            self._line.append(" ☑ " if node.get("checked") is not None else " ☐ ")
        elif kind in ("text", "number", "date", "time", "email", "tel", "url", "month", "week"):
            self._line.append(f" {node.get('value') or ''} ")

    def _note(self, node: Any, depth: int) -> None:
        """A footnote, which goes behind the text it interrupts."""
        self._flush()
        if self._flat:
            self._inside(node, depth)
            return
        here, self._blocks = self._blocks, []
        self._inside(node, depth)
        self._flush()
        self._notes += self._blocks
        self._blocks = here

    def _table(self, node: Any, depth: int) -> None:
        rows = [] if self._flat and depth > _DEEPEST // 2 else self._data_rows(node, depth)
        if not rows:
            self._block(node, "table", depth)
            return
        self._flush()
        head = node.find("thead")
        names = len(head.findall("tr")) if head is not None else header_rows(node)
        text = table_text(rows, names or None)
        if self._flat:
            cells = ("; ".join(cell.text for cell in row if cell.text) for row in rows)
            self._line.append(f" {' / '.join(filter(None, cells))} ")
            return
        caption = node.find("caption")
        if caption is not None:
            self._block(caption, "caption", depth)
        if text:
            self._blocks.append(_Block(text))

    def _data_rows(self, table: Any, depth: int) -> list[list[Cell]]:
        """The cells of a table of data; none for one that lays out a page."""
        if table.get("role") in ("presentation", "none"):
            return []
        # First what is soon seen: read at each of many levels, a nest would take for ever.
        if table.find(".//table") is not None and (
            self._flat
            or table.find(".//table//table") is not None
            or not (_has_names(table) or table.get("border"))
        ):
            return []
        if any(table.find(f".//{tag}") is not None for tag in ("pre", "h1", "h2", "form")):
            return []
        named = _has_names(table)
        counts = self.left_out.copy()
        rows, size, longest = [], 0, 0
        for row in table_rows(table):
            if self._hidden(row):
                self.left_out["hidden"] += 1
                continue
            cells = []
            for cell in row:
                if cell.tag in ("td", "th"):
                    hidden = "hidden" not in self._include and self._hidden(cell)
                    text = "" if hidden else self._inline(cell, depth + 3)
                    longest = max(longest, len(text))
                    cells.append(Cell(text, span_of(cell, "colspan"), span_of(cell, "rowspan")))
            size += len(cells)
            rows.append(cells)
        several = sum(sum(bool(cell.text) for cell in row) > 1 for row in rows)
        if several < 2 or (longest > _MOST_CELL and not named) or size > _MOST_CELLS:
            self.left_out = counts
            return []
        return rows

    def _count_object(self, node: Any, tag: str) -> None:
        if tag in ("iframe", "object", "embed", "audio", "video"):
            self.left_out["objects"] += 1
        elif tag == "canvas" or (tag == "svg" and node.find(".//{*}text") is not None):
            self.left_out["drawings"] += 1

    def _is_formula(self, node: Any, tag: str) -> bool:
        """Writes a formula once, however often it is drawn; False where the element is none."""
        found = formula(node, tag)
        if found is None:
            return False
        source, display = found
        if source:
            block = display and not self._flat
            self._line.append(f"\v$${source}$$\v" if block else f"${source}$")
        return True


_SPECIAL = {
    "pre": "_code", "img": "_picture", "table": "_table", "ul": "_list", "ol": "_list",
    "menu": "_list", "li": "_item", "dl": "_definitions", "dt": "_definition", "dd": "_definition",
    "sup": "_raised", "sub": "_raised", "a": "_link", "q": "_quotation", "ruby": "_ruby",
    "input": "_field", "select": "_field", "textarea": "_field",
}  # fmt: skip
"""The methods that write elements of their own kind."""


def _has_names(table: Any) -> bool:
    """Whether a table says itself which cells name its columns or rows."""
    if table.find("thead") is not None:
        return True
    return any(cell.tag == "th" for row in table_rows(table) for cell in row)


def _lines(text: str, separator: str) -> str:
    parts = (_BLANKS.sub(" ", line).strip(" ") for line in text.split("\v"))
    return separator.join(part for part in parts if part.strip())


def _is_dot(node: Any) -> bool:
    """Whether a picture is one pixel, which counts visitors."""
    return any((node.get(side) or "").strip("px ") in ("0", "1") for side in ("width", "height"))
