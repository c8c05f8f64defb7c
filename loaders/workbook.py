"""Reads XLSX and its kin as a reader sees them: one page a sheet, blocks of cells as tables."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .drawings import drawing_blocks
from .errors import LoadError
from .grids import Span, continues, grid_text
from .ooxml import RELATION, Package, Relation, local
from .options import LoadOptions
from .pages import Heading, Page, left_out
from .sheet import Sheet, read_sheet
from .sheetcells import Cells

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_Blocks = list[str]


def read_xlsx(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """A workbook's sheets in order, each under its name.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: What to read beside the cells a reader sees.

    Raises:
        LoadError: It is damaged, or holds more cells or text than a document would.
    """
    package = Package(path, file)
    counts: Counter[str] = Counter()
    last: Page | None = None
    try:
        for page in _pages(package, options.include, counts):
            if last is not None:
                yield last
            last = page
    finally:
        package.close()
    if last is not None:
        told = (left_out(kind, count) for kind, count in sorted(counts.items()) if count)
        yield replace(last, warnings=tuple(told))


def _pages(package: Package, include: frozenset[str], counts: Counter[str]) -> Iterator[Page]:
    name = package.main("xl/workbook.xml")
    root = package.xml(name)
    if root is None:
        raise LoadError("load.zip_broken", file=package.file)
    relations = package.relations(name)
    settings = root.find(f"{_S}workbookPr")
    epoch = settings.get("date1904") if settings is not None else None
    since_1904 = epoch in ("1", "true")
    cells = Cells(package, relations, include, counts, since_1904=since_1904)
    for node in root.iter(f"{_S}sheet"):
        if node.get("state", "visible") != "visible" and "hidden" not in include:
            counts["sheets"] += 1
            continue
        relation = relations.get(node.get(f"{RELATION}id") or "")
        if relation is None or relation.external or relation.target not in package:
            continue
        blocks = _sheet(package, relation, cells, include, counts)
        if blocks:
            title = " ".join((node.get("name") or "").split())
            text = "\n\n".join([f"## {title}", *blocks])
            yield Page(text, headings=(Heading(0, 2, title),))


def _sheet(
    package: Package,
    relation: Relation,
    cells: Cells,
    include: frozenset[str],
    counts: Counter[str],
) -> _Blocks:
    blocks: _Blocks = []
    if relation.kind == "worksheet":
        sheet = read_sheet(package, relation.target, cells, include, counts)
        if "headers" not in include:
            counts["headers"] += len(sheet.headers)
            sheet.headers = []
        blocks = [*sheet.headers, *_tables(sheet)]
    for beside in package.relations(relation.target).values():
        if beside.external:
            continue
        if beside.kind == "drawing":
            blocks += _drawing(package, beside.target, counts)
        elif beside.kind == "comments":
            comments = _comments(package.xml(beside.target))
            counts["comments"] += 0 if "comments" in include else len(comments)
            blocks += comments if "comments" in include else []
        elif beside.kind in ("oleObject", "package"):
            counts["objects"] += 1
    return blocks


def _tables(sheet: Sheet) -> Iterator[str]:
    """The tables of a sheet, parted by blank rows; a gap within one does not end it."""
    begin = 0
    texts = sheet.rows
    bounds = [*sheet.gaps, len(texts)]
    for number, end in enumerate(bounds):
        following = bounds[number + 1] if number + 1 < len(bounds) else None
        if following is not None and continues(texts[begin:end], texts[end:following]):
            continue
        text = grid_text(texts[begin:end], _spans(sheet, begin, end))
        if text:
            yield text
        begin = end


def _spans(sheet: Sheet, begin: int, end: int) -> Iterator[Span]:
    for span in sheet.spans[bisect(sheet.spans, (begin,)) : bisect(sheet.spans, (end,))]:
        yield span._replace(row=span.row - begin)


def _comments(root: Any) -> list[str]:
    if root is None:
        return []
    authors = [" ".join((one.text or "").split()) for one in root.iter(f"{_S}author")]
    found = []
    for node in root.iter(f"{_S}comment"):
        text = " ".join("".join(one.text or "" for one in node.iter(f"{_S}t")).split())
        at = node.get("authorId") or ""
        author = authors[int(at)] if at.isdigit() and int(at) < len(authors) else ""
        known = not author or text.startswith(author)
        if text:
            found.append(f"> {node.get('ref') or ''}: {text if known else f'{author}: {text}'}")
    return found


def _drawing(package: Package, name: str, counts: Counter[str]) -> _Blocks:
    """The words of text boxes, the values of charts; pictures are counted."""
    root = package.xml(name)
    if root is None:
        return []
    blocks = drawing_blocks(root, package, package.relations(name), counts)
    for shape in root.iter():
        if local(shape) == "txBody":
            lines = ("".join(t.text or "" for t in p.iter(f"{_A}t")) for p in shape.iter(f"{_A}p"))
            text = "\n".join(line for line in lines if line.strip())
            blocks += [text] if text else []
    return blocks
