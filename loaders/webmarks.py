"""What the marks of HTML say: which elements are notes, their marks, and the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NOTE_KINDS = ("footnote", "endnote", "rearnote")


def span_of(cell: Any, name: str) -> int:
    """Over how many columns or rows a cell stands.

    Args:
        cell: A ``td`` or ``th``.
        name: ``colspan`` or ``rowspan``.
    """
    value = (cell.get(name) or "").strip()
    if not value.isdecimal() or len(value) > 5:
        return 1
    # A rowspan of 0 goes down to the table's end.
    return int(value) or (65_534 if name == "rowspan" else 1)


def table_rows(table: Any) -> Iterator[Any]:
    """The rows of a table without those of tables in its cells."""
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child if row.tag == "tr")


def header_rows(table: Any) -> int:
    """How many rows at the top consist of ``th`` cells alone."""
    count = 0
    for row in table_rows(table):
        tags = [cell.tag for cell in row if cell.tag in ("td", "th")]
        if not tags or "td" in tags:
            break
        count += 1
    return count


def _kinds(node: Any) -> str:
    return f"{node.get('epub:type') or ''} {node.get('role') or ''}".lower()


def is_note(node: Any) -> bool:
    """Whether an element is a footnote or endnote."""
    kinds = _kinds(node)
    return any(kind in kinds.replace("noteref", "").split() for kind in _NOTE_KINDS) or any(
        f"doc-{kind}" in kinds.split() for kind in _NOTE_KINDS
    )


def is_reference(node: Any, *, alone: bool = False) -> bool:
    """Whether an element is the mark of a note.

    Args:
        node: The element.
        alone: Whether its being a link within the page is not enough.
    """
    around = [node, *node.iterancestors("a", "sup")]
    for one in (*around[:3], *node.iter("a", "sup")):
        kinds = f"{_kinds(one)} {one.get('class') or ''} {one.get('rel') or ''}".lower()
        if "noteref" in kinds or "footnote" in kinds or "reference" in kinds.split():
            return True
        if not alone and one.tag == "a" and "#" in (one.get("href") or ""):
            return True
    return False
