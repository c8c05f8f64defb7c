"""The grid of a table of Word: where each cell stands, and over which columns and rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .grids import Span
from .wordstyles import VAL, W

LAYERS = frozenset(
    f"{W}{name}" for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "tblPr", "tblGrid", "trPr", "tcPr")
) | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
"""Elements that hold properties or an older form of what stands beside them, and no text."""
DELETED = frozenset((f"{W}del", f"{W}moveFrom"))
"""Elements that hold what was deleted under revision."""
_PARTS = frozenset(f"{W}{name}" for name in ("p", "tbl", "tr", "tc"))
_WIDEST = 1000  # columns
_LOOKED_BACK = 200  # merged cells above one that goes on


def place_cells(row: Any, properties: Any, rows: list[list[Any]], spans: list[Span]) -> None:
    """Sets the cells of a row into the grid; a cell merged with one above lengthens its span.

    Args:
        row: A ``w:tr``.
        properties: Its ``w:trPr``, or None.
        rows: The rows so far, each a list of ``w:tc`` and None; takes this one.
        spans: The merged cells so far; takes those of this row.
    """
    line: list[Any] = [None] * (
        _count(properties, "gridBefore", 0) if properties is not None else 0
    )
    at = len(rows)
    for cell in own_parts(row, f"{W}tc"):
        how = cell.find(f"{W}tcPr")
        wide = max(_count(how, "gridSpan", 1), 1) if how is not None else 1
        merge = how.find(f"{W}vMerge") if how is not None else None
        aside = how.find(f"{W}hMerge") if how is not None else None
        column = len(line)
        if aside is not None and aside.get(VAL) != "restart" and spans and spans[-1].row == at:
            spans[-1] = spans[-1]._replace(columns=spans[-1].columns + wide)
            line += [None] * wide
            continue
        line += [cell, *[None] * (wide - 1)]
        if merge is not None and merge.get(VAL) != "restart":
            for number in range(len(spans) - 1, max(len(spans) - _LOOKED_BACK, 0) - 1, -1):
                span = spans[number]
                if span.column == column and span.row + span.rows == at:
                    spans[number] = span._replace(rows=span.rows + 1)
                    break
        elif wide > 1 or merge is not None or aside is not None:
            spans.append(Span(at, column, 1, wide))
    rows.append(line)


def within_a_cell(rows: list[list[str]]) -> str:
    """A table in a cell of another: Markdown has no tables in tables, so each row is a line.

    Args:
        rows: The texts of its cells, of any lengths.
    """
    lines = (" ".join(" ".join(cell.split()) for cell in row if cell.strip()) for row in rows)
    return ";\n".join(line for line in lines if line)


def own_parts(node: Any, tag: str) -> Iterator[Any]:
    """A table's own rows or a row's own cells, wrapped or not; never those of a table within.

    Args:
        node: The table or the row.
        tag: Of the parts wanted.
    """
    for child in node:
        if child.tag == tag:
            yield child
        elif child.tag not in LAYERS and child.tag not in _PARTS and child.tag not in DELETED:
            yield from own_parts(child, tag)


def _count(node: Any, name: str, default: int) -> int:
    found = node.find(f"{W}{name}")
    value = (found.get(VAL) or "") if found is not None else ""
    return min(int(value), _WIDEST) if value.isdigit() else default
