"""Rows of cells as text: a Markdown table for short cells, records for long ones."""

from __future__ import annotations

_LONG_CELL = 200  # characters; a table of longer cells reads better as records
_MOST_FILLED_UP = 1_000_000  # cells of a table once its rows are made equally long
_HOLLOW = 10  # times as many cells as were given; such rows are no table


def markdown_table(rows: list[list[str]]) -> str:
    """Rows of cells as a Markdown table, the first row as its header.

    Args:
        rows: Equally long; line breaks in a cell become blanks.
    """
    lines = ["| " + " | ".join(_clean(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def _clean(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")


def tidy(rows: list[list[str]]) -> list[list[str]]:
    """Rows padded to equal length, without empty rows and columns.

    Args:
        rows: Of any lengths.
    """
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    width = max((len(row) for row in rows), default=0)
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    used = [i for i in range(width) if any(row[i].strip() for row in full)]
    return full if len(used) == width else [[row[i] for i in used] for row in full]


def grid_text(rows: list[list[str]]) -> str:
    """Rows of cells as text: lines, a Markdown table or records, whichever reads best.

    Args:
        rows: Of any lengths; the first names the columns if there are several.
    """
    if _is_hollow(rows):
        return "\n".join(" | ".join(_clean(cell) for cell in row if cell.strip()) for row in rows)
    rows = tidy(rows)
    if not rows:
        return ""
    if len(rows[0]) == 1:
        return "\n".join(row[0].strip() for row in rows)
    longest = max(len(cell) for row in rows for cell in row)
    if len(rows) > 1 and longest > _LONG_CELL:
        return _records(rows)
    return markdown_table(rows)


def _is_hollow(rows: list[list[str]]) -> bool:
    """Whether padded rows would be nearly empty: one long row among short ones."""
    given = sum(map(len, rows))
    full = len(rows) * max(map(len, rows), default=0)
    return full > _MOST_FILLED_UP and full > _HOLLOW * given


def _records(rows: list[list[str]]) -> str:
    """Each row as lines of ``column: value``, rows parted by blank lines."""
    names = [" ".join(name.split()) for name in rows[0]]
    records = []
    for row in rows[1:]:
        named = [
            f"{name}: {cell.strip()}" if name else cell.strip()
            for name, cell in zip(names, row, strict=True)
            if cell.strip()
        ]
        records.append("\n".join(named))
    return "\n\n".join(records)
