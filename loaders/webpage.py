"""Reads HTML as Markdown: headings, lists, tables and running text; scripts and menus left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .encoding import Decoded, decode, decode_declared
from .errors import LoadError
from .grids import grid_text
from .headings import markdown_headings
from .pages import Page

_SKIPPED = frozenset(
    "script style noscript template svg canvas iframe object embed head nav select button "
    "textarea input audio video map dialog".split()
)
_BLOCKS = frozenset(
    "p div section article main header footer aside address blockquote center dl dt dd fieldset "
    "figcaption figure form hr ol ul details summary body html table tr td th caption thead "
    "tbody tfoot".split()
)
_HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""<meta[^>]{0,300}charset\s{0,9}=\s{0,9}["']?\s{0,9}([A-Za-z0-9_:.\-]{2,30})""",
    re.IGNORECASE,
)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9_.\-]{2,30})""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_DEEPEST = 150
_MOST_TAGS = 3_000_000  # each takes some 200 bytes of memory once it is read
_MOST_CELL = 600  # characters; a table with longer cells lays out a page
_BLANKS = re.compile(r"[ \t\n\r\f]+")


def read_html(path: Path, file: str) -> Iterator[Page]:
    """A web page as one page of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: Its bytes are no text, or nothing but markup.
    """
    decoded = decode_html(path.read_bytes(), file)
    text, title = html_text(decoded.text, file)
    notes = {"encoding": decoded.encoding}
    if title:
        notes["title"] = title
    yield Page(text, headings=markdown_headings(text), warnings=decoded.warnings, notes=notes)


def decode_html(data: bytes, file: str) -> Decoded:
    """The text of HTML bytes in the encoding they declare, if it holds, else as any other text.

    Args:
        data: The page.
        file: Its name, for errors.

    Raises:
        LoadError: No encoding explains the bytes.
    """
    declared = _CHARSET.search(data[:8192]) or _XML_CHARSET.match(data[:200])
    if declared:
        decoded = decode_declared(data, declared[1].decode("ascii"))
        if decoded:
            return decoded
    return decode(data, file)


def html_text(markup: str, file: str) -> tuple[str, str]:
    """The Markdown of a page's visible text, and its title.

    Args:
        markup: The page.
        file: Its name, for errors.

    Raises:
        LoadError: The markup holds nothing that can be parsed, or more tags than a page has.
    """
    from lxml import etree, html

    if markup.count("<") > _MOST_TAGS:
        raise LoadError("load.too_many_tags", file=file, most=f"{_MOST_TAGS:,}")
    try:
        parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
        tree = html.document_fromstring(_DECLARATION.sub("", markup), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise LoadError("load.html_broken", file=file) from error
    if any("depth" in entry.message for entry in parser.error_log):
        # What lies deeper than the parser goes would be lost without a word.
        raise LoadError("load.html_broken", file=file)
    title = tree.findtext(".//title") or ""
    body = tree.find("body")
    writer = _Writer()
    writer.walk(_main_part(body if body is not None else tree), 0)
    return writer.text(), " ".join(title.split())


def _main_part(body: Any) -> Any:
    """The page's main element, if it says which that is and most of the text stands in it."""
    mains = body.findall(".//main") or body.findall(".//article")
    if len(mains) == 1:
        whole = sum(map(len, body.itertext("p", "li", "td")))
        inside = sum(map(len, mains[0].itertext("p", "li", "td")))
        if inside > 0.5 * whole:
            return mains[0]
    return body


class _Writer:
    """Blocks of Markdown as they come out of a tree."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._line: list[str] = []
        self._prefix = ""

    def text(self) -> str:
        """All blocks, list items a line apart, others a blank line."""
        self._flush()
        out: list[str] = []
        was_item = False
        for block in self._blocks:
            item = block.startswith("- ")
            out.append(("\n" if item and was_item else "\n\n") + block if out else block)
            was_item = item
        return "".join(out)

    def _flush(self) -> None:
        text = "".join(self._line)
        lines = [_BLANKS.sub(" ", line).strip(" ") for line in text.split("\v")]
        text = "\n".join(line for line in lines if line)
        if text.strip():
            self._blocks.append(self._prefix + text)
            self._prefix = ""
        self._line = []

    def walk(self, node: Any, depth: int) -> None:
        """Writes an element and what is in it; the text behind it is its parent's."""
        tag = node.tag
        if not isinstance(tag, str) or tag in _SKIPPED or _is_hidden(node):
            return
        if depth > _DEEPEST:
            self._line.append(" ".join(node.itertext()))
            return
        if tag == "pre":
            self._flush()
            code = "".join(node.itertext()).strip("\n")
            if code.strip():
                self._blocks.append(code)
        elif tag == "img":
            # What a picture of words says stands in its alternative text.
            self._line.append(f" {node.get('alt') or ''} ")
        elif tag == "br":
            self._line.append("\v")
        elif tag == "table" and (rows := _data_rows(node)):
            self._flush()
            self._blocks.append(grid_text(rows))
        else:
            self._element(node, tag, depth)

    def _element(self, node: Any, tag: str, depth: int) -> None:
        heading = len(tag) == 2 and tag[0] == "h" and tag[1] in "123456"
        block = heading or tag in _BLOCKS or tag == "li"
        if block:
            self._flush()
            if heading:
                self._prefix = "#" * int(tag[1]) + " "
            elif tag == "li":
                self._prefix = "- "
        self._line.append(node.text or "")
        for child in node:
            self.walk(child, depth + 1)
            self._line.append(child.tail or "")
        if block:
            if heading:
                self._line = [part.replace("\v", " ") for part in self._line]
            self._flush()
            self._prefix = ""


def _is_hidden(node: Any) -> bool:
    return node.get("hidden") is not None or bool(_HIDDEN.search(node.get("style") or ""))


def _data_rows(table: Any) -> list[list[str]]:
    """The cells of a table of data; none for one that lays out a page."""
    if table.find(".//table") is not None or table.find(".//pre") is not None:
        return []
    rows = []
    for row in table.iter("tr"):
        cells = [_BLANKS.sub(" ", _cell(cell)).strip() for cell in row if cell.tag in ("td", "th")]
        rows.append(cells)
    filled = [[cell for cell in row if cell] for row in rows]
    if sum(len(row) > 1 for row in filled) < 2:
        return []
    if max((len(cell) for row in rows for cell in row), default=0) > _MOST_CELL:
        return []
    caption = table.findtext("caption")
    return [[caption.strip()], *rows] if caption and caption.strip() else rows


def _cell(cell: Any) -> str:
    parts: list[str] = [cell.text or ""]
    for node in cell.iterdescendants():
        if node.tag in ("p", "div", "br", "li"):
            parts.append(" ")
        if node.tag not in _SKIPPED and isinstance(node.tag, str):
            parts.append(node.text or "")
        parts.append(node.tail or "")
    return "".join(parts)
