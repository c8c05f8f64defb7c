"""Reads PPTX and its kin as a viewer sees them: one page a slide, top to bottom, then its notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .drawings import drawing_blocks
from .errors import LoadError
from .formulas import latex
from .grids import Cell, table_text
from .headings import markdown_headings
from .ooxml import RELATION, Package, Relation, local
from .options import LoadOptions
from .pages import Page, left_out, warning
from .raised import lowered, raised
from .symbols import in_symbols, is_symbol_font

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_DEEPEST = 60
_LONGEST_TITLE = 100  # characters
_TITLES = ("title", "ctrTitle")
_SHAPES = frozenset(("sp", "grpSp", "graphicFrame", "pic", "cxnSp", "AlternateContent"))
_FURNITURE = frozenset(("sldNum", "dt", "ftr", "hdr"))
_Place = tuple[int, int]


def read_pptx(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """A presentation's slides in order, each as a page of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: What to read beside the slides that are shown.

    Raises:
        LoadError: It is damaged.
    """
    package = Package(path, file)
    counts: Counter[str] = Counter()
    try:
        targets = _slides(package)
        title = package.title()
        for number, target in enumerate(targets, 1):
            page = _page(package, target, number, options.include, counts)
            told = page.warnings
            if number == len(targets):
                told += tuple(
                    left_out(kind, count) for kind, count in sorted(counts.items()) if count
                )
            notes = {"title": title} if title else {}
            yield Page(page.text, number, markdown_headings(page.text), told, notes)
    finally:
        package.close()


def _slides(package: Package) -> list[str]:
    name = package.main("ppt/presentation.xml")
    root = package.xml(name)
    if root is None:
        raise LoadError("load.zip_broken", file=package.file)
    relations = package.relations(name)
    found = (relations.get(one.get(f"{RELATION}id") or "") for one in root.iter(f"{_P}sldId"))
    return [one.target for one in found if one is not None and not one.external]


def _page(
    package: Package, name: str, number: int, include: frozenset[str], counts: Counter[str]
) -> Page:
    root = package.xml(name)
    if root is None:
        return Page("", warnings=(warning("load.page_broken", page=number),))
    if root.get("show") in ("0", "false") and "hidden" not in include:
        counts["slides"] += 1
        return Page("")
    relations = package.relations(name)
    slide = _Slide(package, relations, include, counts)
    text = slide.text(root)
    return Page("\n\n".join(block for block in (text, *slide.beside()) if block.strip()))


class _Slide:
    """One slide with the parts it refers to."""

    def __init__(
        self,
        package: Package,
        relations: dict[str, Relation],
        include: frozenset[str],
        counts: Counter[str],
    ) -> None:
        self._package = package
        self._relations = relations
        self._include = include
        self._counts = counts
        self._layout: dict[tuple[str, str], _Place] | None = None

    def text(self, root: Any) -> str:
        tree = root.find(f"{_P}cSld/{_P}spTree")
        if tree is None:
            return ""
        title = next((one for one in tree.iter(f"{_P}sp") if _kind(one) in _TITLES), None)
        blocks = []
        if title is not None:
            words = " ".join(self._paragraphs(title).split())
            blocks.append(f"# {words}" if words and len(words) <= _LONGEST_TITLE else words)
        blocks += self._shapes(tree, title, 0)
        return "\n\n".join(block for block in blocks if block.strip())

    def beside(self) -> Iterator[str]:
        """The speaker's notes; comments where they are asked for."""
        for relation in self._relations.values():
            root = self._package.xml(relation.target) if not relation.external else None
            if root is None:
                continue
            if relation.kind == "notesSlide":
                bodies = (one for one in root.iter(f"{_P}sp") if _kind(one) == "body")
                yield from map(self._paragraphs, bodies)
            elif relation.kind == "comments":
                yield from self._comments(root)

    def _comments(self, root: Any) -> Iterator[str]:
        for node in root:
            if local(node) != "cm":
                continue
            text = " ".join(
                one.text or "" for one in node.iter() if local(one) in ("text", "t") and one.text
            )
            if "comments" not in self._include:
                self._counts["comments"] += 1
            elif text.strip():
                yield f"> {' '.join(text.split())}"

    def _shapes(self, parent: Any, title: Any, depth: int) -> Iterator[str]:
        """The texts of shapes, from the top down and from left to right."""
        if depth > _DEEPEST:
            yield "\n".join(one.text or "" for one in parent.iter(f"{_A}t"))
            return
        for shape in sorted(_own_shapes(parent), key=self._place):
            kind = local(shape)
            if shape is title or self._is_left_out(shape):
                continue
            if kind == "grpSp":
                yield from self._shapes(shape, title, depth + 1)
            elif kind == "sp":
                yield self._paragraphs(shape)
            elif (
                kind == "graphicFrame" and (table := next(shape.iter(f"{_A}tbl"), None)) is not None
            ):
                yield self._table(table)
            elif kind != "cxnSp":
                yield from drawing_blocks(shape, self._package, self._relations, self._counts)

    def _is_left_out(self, shape: Any) -> bool:
        """Whether a shape is hidden or the slide's date or footer, which are counted."""
        if _is_hidden(shape) and "hidden" not in self._include:
            self._counts["hidden"] += 1
            return True
        if _kind(shape) not in _FURNITURE or "headers" in self._include:
            return False
        self._counts["headers"] += any(map(str.isalpha, self._paragraphs(shape)))
        return True

    def _place(self, shape: Any) -> _Place:
        for offset in shape.iter(f"{_A}off"):
            return _number(offset.get("y")), _number(offset.get("x"))
        if self._layout is None:
            self._layout = self._places()
        mark = next(shape.iter(f"{_P}ph"), None)
        if mark is None:
            return 0, 0
        kind, index = mark.get("type", "obj"), mark.get("idx", "0")
        layout = self._layout
        return layout.get(("", index)) or layout.get((kind, "")) or (0, 0)

    def _places(self) -> dict[tuple[str, str], _Place]:
        """Where the layout has its placeholders, by kind and by index."""
        places: dict[tuple[str, str], _Place] = {}
        found = (one for one in self._relations.values() if one.kind == "slideLayout")
        relation = next(found, None)
        root = self._package.xml(relation.target) if relation else None
        for shape in root.iter(f"{_P}sp") if root is not None else ():
            mark = next(shape.iter(f"{_P}ph"), None)
            offset = next(shape.iter(f"{_A}off"), None)
            if mark is not None and offset is not None:
                place = _number(offset.get("y")), _number(offset.get("x"))
                places[("", mark.get("idx", "0"))] = place
                places.setdefault((mark.get("type", "obj"), ""), place)
        return places

    def _table(self, table: Any) -> str:
        rows = []
        for row in table.findall(f"{_A}tr"):
            cells = [
                Cell(
                    self._paragraphs(cell),
                    _number(cell.get("gridSpan")) or 1,
                    _number(cell.get("rowSpan")) or 1,
                )
                for cell in row.findall(f"{_A}tc")
                # What a merged cell covers is listed, and empty.
                if cell.get("hMerge") not in ("1", "true")
                and cell.get("vMerge") not in ("1", "true")
            ]
            rows.append(cells)
        return table_text(rows)

    def _paragraphs(self, shape: Any) -> str:
        lines = [self._line(one) for one in shape.iter(f"{_A}p")]
        return "\n".join(line for line in lines if line.strip()).strip()

    def _line(self, paragraph: Any) -> str:
        parts: list[str] = []
        struck = False
        for child in paragraph:
            name = local(child)
            chosen = (one for one in child if local(one) == "Choice")
            node = next(chosen, child) if name == "AlternateContent" else child
            look = node.find(f"{_A}rPr")
            if name == "br":
                parts.append("\n")
            elif (
                look is not None
                and look.get("strike", "noStrike") != "noStrike"
                and ("struck" not in self._include)
            ):
                self._counts["struck"] += not struck
                struck = True
                continue
            elif name in ("r", "fld"):
                parts.append(_run(node.findtext(f"{_A}t") or "", look))
            elif name in ("m", "AlternateContent"):
                parts.append(latex(node))
            struck = False
        return "".join(parts).replace("\v", "\n").replace("_x000B_", "\n")


def _run(text: str, look: Any) -> str:
    if look is None:
        return text
    font = look.find(f"{_A}sym")
    name = font.get("typeface") or "" if font is not None else ""
    if is_symbol_font(name):
        text = "".join(in_symbols(name, one) if one >= "\uf000" else one for one in text)
    shift = _number(look.get("baseline"))
    return raised(text) if shift > 0 else lowered(text) if shift < 0 else text


def _own_shapes(parent: Any) -> Iterator[Any]:
    for node in parent:
        kind = local(node)
        if kind == "AlternateContent":
            chosen = next((one for one in node if local(one) == "Choice"), None)
            yield from _own_shapes(chosen if chosen is not None else ())
        elif kind in _SHAPES:
            yield node


def _kind(shape: Any) -> str:
    """What a placeholder is for; empty for other shapes."""
    mark = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return "" if mark is None else (mark.get("type") or "obj")


def _is_hidden(shape: Any) -> bool:
    named = next(shape.iter(f"{_P}cNvPr"), None)
    return named is not None and named.get("hidden") in ("1", "true")


def _number(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError:
        return 0
