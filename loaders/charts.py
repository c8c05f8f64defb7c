"""The values of a chart as a table: a row a category, a column a series."""

from __future__ import annotations

from typing import Any

from .grids import grid_text
from .numberformats import plain_number, shown
from .ooxml import local

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MOST_POINTS = 20_000  # of one chart; more are a drawing, no table
_MOST_SERIES = 256


def chart_text(root: Any) -> str:
    """A chart's title, and its values as they are shown; empty where none are stored.

    Args:
        root: Of a chart part.
    """
    series = list(root.iter(f"{_C}ser"))[:_MOST_SERIES]
    if sum(1 for _ in root.iter(f"{_C}pt")) > _MOST_POINTS:
        return ""
    columns = [_column(node) for node in series]
    columns = [one for one in columns if one[2]]
    if not columns:
        return ""
    title, across, up = _titles(root)
    rows = _shared(columns, across) or _apart(columns)
    heading = f"{title} ({up})" if title and up else title or up
    return "\n\n".join(part for part in (heading, grid_text(rows)) if part)


_Column = tuple[str, dict[int, str], dict[int, str]]


def _column(node: Any) -> _Column:
    """A series: its name, the names and the values of its points."""
    name = "".join(_values(node.find(f"{_C}tx")).values()) or (node.findtext(f"{_C}tx/{_C}v") or "")
    names = _values(_first(node, "cat", "xVal"))
    values = _values(_first(node, "val", "yVal"))
    return name.strip(), names, values


def _first(node: Any, *names: str) -> Any:
    for name in names:
        found = node.find(f"{_C}{name}")
        if found is not None:
            return found
    return None


def _values(node: Any) -> dict[int, str]:
    """The stored points of a reference by index; those of several levels are put together."""
    if node is None:
        return {}
    found: dict[int, str] = {}
    levels = node.findall(f".//{_C}lvl")
    if levels:
        # The innermost level comes first; an outer name holds until the next one.
        inner = _points(levels[0], "")
        for level in levels[1:]:
            outer, last = _points(level, ""), ""
            for at in sorted(inner):
                last = outer.get(at, last)
                inner[at] = f"{last} {inner[at]}".strip()
        return inner
    for cache in node:
        for one in (cache, *cache):
            if local(one) in ("numCache", "strCache", "numLit", "strLit"):
                found = _points(one, one.findtext(f"{_C}formatCode") or "")
    return found


def _points(node: Any, code: str) -> dict[int, str]:
    numeric = local(node).startswith("num")
    found = {}
    for point in node.findall(f"{_C}pt"):
        index = point.get("idx") or ""
        text = (point.findtext(f"{_C}v") or "").strip()
        if index.isdigit():
            found[int(index)] = _shown(text, point.get("formatCode") or code) if numeric else text
    return found


def _shown(text: str, code: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    return shown(number, code) if code else plain_number(number)


def _titles(root: Any) -> tuple[str, str, str]:
    """The chart's title, and those of the axis of categories and the axis of values."""
    chart = root.find(f"{_C}chart")
    if chart is None:
        return "", "", ""
    category = next(chart.iter(f"{_C}catAx", f"{_C}dateAx"), None)
    value = list(chart.iter(f"{_C}valAx"))
    if category is None and len(value) > 1:
        category, value = value[0], value[1:]
    return _words(chart), _words(category), _words(value[0]) if value else ""


def _words(node: Any) -> str:
    title = node.find(f"{_C}title") if node is not None else None
    if title is None:
        return ""
    words = "".join(one.text or "" for one in title.iter(f"{_A}t"))
    return " ".join((words or "".join(_values(title.find(f"{_C}tx")).values())).split())


def _shared(columns: list[_Column], corner: str) -> list[list[str]]:
    """The rows of series that have the same categories; none where theirs differ."""
    names: dict[int, str] = {}
    for _, own, _ in columns:
        for at, name in own.items():
            if names.setdefault(at, name) != name:
                return []
    places = sorted({at for _, own, values in columns for at in (*own, *values)})
    rows = [[corner, *(name for name, *_ in columns)]]
    rows += [
        [names.get(at, ""), *(values.get(at, "") for _, _, values in columns)] for at in places
    ]
    return rows


def _apart(columns: list[_Column]) -> list[list[str]]:
    """A row a point, for series that have categories of their own."""
    rows = [["", "x", "y"]]
    for name, own, values in columns:
        rows += [[name, own.get(at, ""), values[at]] for at in sorted(values)]
    return rows
