"""Reads DOCX: paragraphs, headings, lists, tables, text boxes and notes in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import LoadError
from .grids import grid_text
from .headings import markdown_headings
from .pages import Page

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_LEFT_OUT = frozenset(
    (_FALLBACK, f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", f"{_W}instrText")
)
_HEADING = re.compile(r"(?:heading|标题|標題)\s{0,2}([1-9])$", re.IGNORECASE)
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_PARTS = frozenset(f"{_W}{name}" for name in ("p", "tbl", "tr", "tc"))
_DEEPEST = 100


def read_docx(path: Path, file: str) -> Iterator[Page]:
    """A DOCX file as one page of Markdown; what was deleted under revision is left out.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is damaged.
    """
    import docx

    try:
        document = docx.Document(str(path))
        levels = _heading_levels(document)
        blocks = list(_blocks(document.element.body, levels, 0))
        notes = _notes(document, levels)
        title = (document.core_properties.title or "").strip()
    except LoadError:
        raise
    except Exception as error:
        raise LoadError("load.zip_broken", file=file) from error
    text = _join([*blocks, *notes])
    yield Page(text, headings=markdown_headings(text), notes={"title": title} if title else {})


def _join(blocks: list[str]) -> str:
    """Blocks a blank line apart, items of one list a line apart."""
    out: list[str] = []
    was_item = False
    for block in blocks:
        item = block.startswith("- ")
        out.append(("\n" if item and was_item else "\n\n") + block if out else block)
        was_item = item
    return "".join(out)


def _heading_levels(document: Any) -> dict[str, int]:
    """The heading level of every paragraph style that has one, by the style's id."""
    levels: dict[str, int] = {}
    for style in document.styles.element.iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        match = _HEADING.match(name.get(f"{_W}val", "")) if name is not None else None
        if match:
            levels[style.get(f"{_W}styleId")] = min(int(match[1]), 6)
        elif outline is not None and outline.get(f"{_W}val", "9") < "9":
            levels[style.get(f"{_W}styleId")] = min(int(outline.get(f"{_W}val")) + 1, 6)
        elif name is not None and name.get(f"{_W}val", "").lower() == "title":
            levels[style.get(f"{_W}styleId")] = 1
    return levels


def _blocks(parent: Any, levels: dict[str, int], depth: int) -> Iterator[str]:
    """The blocks of a body, a cell or a text box; as plain text what is nested beyond sense."""
    if depth > _DEEPEST:
        yield from filter(str.strip, (_flat(node) for node in parent))
        return
    for node in parent:
        if node.tag == f"{_W}p":
            yield from _paragraph(node, levels, depth)
        elif node.tag == f"{_W}tbl":
            text = _table(node, levels, depth)
            if text:
                yield text
        elif node.tag not in _LEFT_OUT and isinstance(node.tag, str):
            yield from _blocks(node, levels, depth + 1)


def _paragraph(node: Any, levels: dict[str, int], depth: int) -> Iterator[str]:
    parts: list[str] = []
    boxes: list[Any] = []
    _collect(node, parts, boxes, depth)
    text = "".join(parts).strip()
    if text:
        level = _level(node, levels)
        if level:
            text = "#" * level + " " + " ".join(text.split())
        elif node.find(f"{_W}pPr/{_W}numPr") is not None:
            text = f"- {text}"
        yield text
    for box in boxes:
        yield from _blocks(box, levels, depth + 1)


def _level(node: Any, levels: dict[str, int]) -> int:
    outline = node.find(f"{_W}pPr/{_W}outlineLvl")
    if outline is not None and outline.get(f"{_W}val", "9") < "9":
        return min(int(outline.get(f"{_W}val")) + 1, 6)
    style = node.find(f"{_W}pPr/{_W}pStyle")
    return levels.get(style.get(f"{_W}val"), 0) if style is not None else 0


def _collect(node: Any, parts: list[str], boxes: list[Any], depth: int) -> None:
    """A paragraph's text; text boxes anchored in it are set aside."""
    if depth > _DEEPEST:
        parts.append(_flat(node))
        return
    for child in node:
        tag = child.tag
        if tag == f"{_W}t":
            parts.append(child.text or "")
        elif tag in _SIGNS:
            parts.append(_SIGNS[tag])
        elif tag == f"{_W}txbxContent":
            boxes.append(child)
        elif tag in (f"{_W}footnoteReference", f"{_W}endnoteReference"):
            parts.append(f"[{child.get(f'{_W}id')}]")
        elif isinstance(tag, str) and tag.endswith("}t") and "math" in tag:
            parts.append(child.text or "")
        elif tag not in _LEFT_OUT and isinstance(tag, str):
            _collect(child, parts, boxes, depth + 1)


def _table(node: Any, levels: dict[str, int], depth: int) -> str:
    rows = [
        [" ".join(_blocks(cell, levels, depth + 1)) for cell in _own(row, f"{_W}tc")]
        for row in _own(node, f"{_W}tr")
    ]
    # A table within a cell is flattened: Markdown has no tables in tables.
    inner = next(node.iterancestors(f"{_W}tbl"), None) is not None
    return "\n".join(" ".join(filter(None, row)) for row in rows) if inner else grid_text(rows)


def _own(node: Any, tag: str) -> Iterator[Any]:
    """A table's own rows or a row's own cells, wrapped or not; never those of a table within."""
    for child in node:
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT | _PARTS:
            yield from _own(child, tag)


def _flat(node: Any) -> str:
    """All the text below a node."""
    return "".join(one.text or "" for one in node.iter(f"{_W}t"))


def _notes(document: Any, levels: dict[str, int]) -> list[str]:
    """Footnotes and endnotes, each behind the number that stands in the text."""
    from lxml import etree

    notes = []
    for relation in document.part.rels.values():
        if relation.is_external or not relation.reltype.endswith(("/footnotes", "/endnotes")):
            continue
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(relation.target_part.blob, parser)
        for note in root:
            if note.get(f"{_W}type") is None:
                text = " ".join(_blocks(note, levels, 0)).strip()
                if text:
                    notes.append(f"[{note.get(f'{_W}id')}] {text}")
    return notes
