"""Paragraphs, lists, notes and drawings of OpenDocument as blocks of Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from .blocks import join_blocks
from .odflists import Numbering
from .odfstyles import Look, Source, attribute, named, whole_number
from .pages import left_out
from .raised import lowered, raised

_DEEPEST = 100
_MOST_BLANKS = 100  # of one text:s
_LENGTH = re.compile(r"(-?[0-9.]{1,12})\s?(cm|mm|in|pt|pc|px)?")
_POINTS = {"cm": 28.35, "mm": 2.835, "in": 72.0, "pt": 1.0, "pc": 12.0, "px": 0.75, None: 1.0}
# Written apart from the text around them, or not at all.
_SILENT = frozenset(
    "tracked-changes sequence-decls variable-decls user-field-decls forms soft-page-break "
    "bookmark bookmark-start bookmark-end reference-mark-start reference-mark-end "
    "alphabetical-index-mark toc-mark annotation-end change-start change-end user-index-mark "
    "list-level-style-number ruby-text desc title event-listeners shapes settings thumbnail "
    "dde-connection-decls alphabetical-index-auto-mark-file glue-point scripts".split()
) | {""}  # comments and instructions
_SIGNS = {"tab": "\t", "line-break": "\n"}
_FRAMES = frozenset("frame object image plugin applet floating-frame".split())
_DRAWINGS = frozenset("frame custom-shape rect g line ellipse path control polygon caption".split())


class OdfText:
    """Writes the blocks of a document, and counts what it leaves out.

    Args:
        source: The file's parts.
        include: What is read though it is left out otherwise.
    """

    def __init__(self, source: Source, include: frozenset[str]) -> None:
        self.source = source
        self.include = include
        self.grid: Callable[[Any, int], str] = lambda _table, _depth: ""
        self.chart: Callable[[Any], str] = lambda _root: ""
        self._counts: Counter[str] = Counter()
        self._notes: list[str] = []
        self._apart: list[Any] = []  # boxes anchored in the paragraph that is being read
        self.numbering = Numbering(source.outline)
        self._deleted: dict[str, Any] = {}
        from .odftables import chart_text, table_text

        self.grid = lambda table, depth: table_text(table, self, depth)
        self.chart = lambda root: chart_text(root, self)

    def count(self, kind: str, number: int = 1) -> None:
        """Counts what is not read."""
        self._counts[kind] += number

    def warnings(self) -> tuple[dict[str, Any], ...]:
        """What was left out, counted."""
        return tuple(left_out(kind, count) for kind, count in sorted(self._counts.items()) if count)

    def document(self, body: Any) -> str:
        """The whole of a text document, its notes at the end."""
        for region in body.iterfind("{*}tracked-changes/{*}changed-region"):
            deletion = region.find("{*}deletion")
            if deletion is not None:
                self._deleted[attribute(region, "id")] = deletion
        blocks = list(self.blocks(body, 0))
        if "headers" in self.include:
            blocks += [block for part in self.source.headers for block in self.blocks(part, 0)]
        else:
            self.count("headers", len(self.source.headers))
        return join_blocks([*blocks, *self.take_notes()])

    def slide(self, page: Any) -> str:
        """A slide: its title, its shapes from the top down, then its speaker notes."""
        blocks: list[str] = []
        notes: list[str] = []
        shapes = []
        for child in page:
            if named(child) == "notes":
                for frame in child:
                    if attribute(frame, "class") == "notes":
                        notes += self.blocks(frame, 0)
            elif attribute(child, "class") == "title":
                words = " ".join(" ".join(self.blocks(child, 0)).split())
                if words:
                    blocks.append(f"# {words}")
            else:
                shapes.append(child)
        for shape in sorted(shapes, key=_place):
            blocks += self.node(shape, 0)
        return join_blocks([*blocks, *self.take_notes(), *notes])

    def take_notes(self) -> list[str]:
        """The notes of what was written, each behind its mark; they are taken once."""
        notes, self._notes = self._notes, []
        return notes

    def blocks(self, parent: Any, depth: int) -> Iterator[str]:
        """The blocks of a body, a cell, a section or a box."""
        if depth > _DEEPEST:
            text = " ".join("".join(parent.itertext()).split())
            if text:
                yield text
            return
        for node in parent:
            yield from self.node(node, depth)

    def node(self, node: Any, depth: int) -> Iterator[str]:
        """The blocks of one element."""
        name = named(node)
        if name in ("p", "h"):
            yield from self._paragraph(node, name, depth, "")
        elif name == "list":
            yield from self._list(node, depth, 1, attribute(node, "style-name"))
        elif name == "table":
            text = self.grid(node, depth)
            if text:
                yield text
        elif name == "section" and not self._shown(node):
            if any(part.strip() for part in node.itertext()):
                self.count("hidden")
        elif name in ("annotation", "change"):
            yield from self._remark(node, name, depth)
        elif name in _FRAMES:
            yield from self._frame(node, depth)
        elif name not in _SILENT:
            yield from self.blocks(node, depth + 1)

    def _shown(self, section: Any) -> bool:
        return "hidden" in self.include or attribute(section, "display") not in (
            "none", "condition",
        )  # fmt: skip

    def _remark(self, node: Any, name: str, depth: int) -> Iterator[str]:
        """A comment, or the place of a tracked deletion."""
        if name == "change":
            yield from self._deletion(node, depth)
        elif "comments" in self.include:
            yield from self._blocks_but(node, ("creator", "date", "date-string"), depth)
        else:
            self.count("comments")

    def _blocks_but(self, node: Any, names: tuple[str, ...], depth: int) -> Iterator[str]:
        """The blocks of an element without some of its parts."""
        for child in node:
            if named(child) not in names:
                yield from self.node(child, depth + 1)

    def _deletion(self, node: Any, depth: int) -> Iterator[str]:
        region = self._deleted.pop(attribute(node, "change-id"), None)
        if region is None:
            return
        if "deletions" in self.include:
            yield from self._blocks_but(region, ("change-info",), depth)
        else:
            self.count("deletions")

    # -- paragraphs

    def _paragraph(self, node: Any, name: str, depth: int, label: str) -> Iterator[str]:
        look = self.source.look("paragraph", attribute(node, "style-name"))
        level = look.level
        if name == "h":
            level = whole_number(attribute(node, "outline-level"), 1, 6) or 1
            label = label or self.numbering.outline_number(node, level)
        outer, self._apart = self._apart, []
        text = self.line(node, depth, look).strip(" \n\t")
        apart, self._apart = self._apart, outer
        if text and level and len(text) <= 300:
            yield "#" * level + " " + " ".join([*label.split(), *text.split()])
        elif text:
            yield f"{label} {text}" if label else text
        for box in apart:
            yield from (
                self._frame(box, depth + 1)
                if named(box) == "frame"
                else self.blocks(box, depth + 1)
            )

    def line(self, node: Any, depth: int, look: Look) -> str:
        """A paragraph's own text."""
        parts: list[str] = []
        if look.hidden and "hidden" not in self.include:
            if any(part.strip() for part in node.itertext()):
                self.count("hidden")
            return ""
        self._inline(node, parts, depth, look)
        return "".join(parts)

    def _inline(self, node: Any, parts: list[str], depth: int, look: Look) -> None:
        if depth > _DEEPEST:
            parts.append("".join(node.itertext()))
            return
        _add(parts, node.text, look)
        for child in node:
            name = named(child)
            if name == "span":
                self._span(child, parts, depth, look)
            elif name == "s":
                parts.append(" " * whole_number(attribute(child, "c"), 1, _MOST_BLANKS))
            elif name in _SIGNS:
                parts.append(_SIGNS[name])
            elif name in ("annotation", "change"):
                blocks = list(self.node(child, depth))
                parts += [" ", " ".join(blocks), " "] if blocks else []
            elif name in ("note", "ruby"):
                self._note(child, parts, depth) if name == "note" else self._ruby(
                    child, parts, depth, look
                )
            elif name in _DRAWINGS:
                self._drawing(child, parts, depth)
            elif name not in _SILENT and not self._unseen(child):
                self._inline(child, parts, depth + 1, look)
            _add(parts, child.tail, look)

    def _unseen(self, node: Any) -> bool:
        """Whether a field hides the text that is in it."""
        unseen = attribute(node, "is-hidden") == "true" and "hidden" not in self.include
        self.count("hidden", int(unseen))
        return unseen

    def _span(self, node: Any, parts: list[str], depth: int, look: Look) -> None:
        own = self.source.look("text", attribute(node, "style-name"))
        for kind, is_so in (("hidden", own.hidden), ("struck", own.struck)):
            if is_so and kind not in self.include:
                if any(part.strip() for part in node.itertext()):
                    self.count(kind)
                return
        shifted = Look(shift=own.shift or look.shift)
        self._inline(node, parts, depth + 1, shifted)

    def _ruby(self, node: Any, parts: list[str], depth: int, look: Look) -> None:
        base = node.find("{*}ruby-base")
        if base is not None:
            self._inline(base, parts, depth + 1, look)
        reading = "".join("".join(one.itertext()) for one in node.iterfind("{*}ruby-text"))
        if reading.strip():
            parts.append(f"({reading.strip()})")

    def _note(self, node: Any, parts: list[str], depth: int) -> None:
        citation = node.find("{*}note-citation")
        mark = "".join(citation.itertext()).strip() if citation is not None else ""
        mark = f"[{mark or len(self._notes) + 1}]"
        parts.append(mark)
        body = node.find("{*}note-body")
        if body is not None:
            text = " ".join(self.blocks(body, depth + 1)).strip()
            if text:
                self._notes.append(f"{mark} {text}")

    def _drawing(self, node: Any, parts: list[str], depth: int) -> None:
        """A drawing in a line: formulas stay there, all else stands behind the paragraph."""
        formula = self._formula(node)
        if formula:
            parts.append(formula)
        elif depth <= _DEEPEST:
            self._apart.append(node)

    # -- lists

    def _list(self, node: Any, depth: int, level: int, style: str) -> Iterator[str]:
        if depth > _DEEPEST:
            yield " ".join("".join(node.itertext()).split())
            return
        levels = self.source.lists.get(style, {})
        counts = self.numbering.counts_of(node, level, style)
        for item in node:
            name = named(item)
            if name not in ("list-item", "list-header"):
                continue
            label = ""
            if name == "list-item":
                label = self.numbering.label(levels, counts, level, item)
            for child in item:
                kind = named(child)
                if kind in ("p", "h"):
                    block = list(self._paragraph(child, kind, depth + 1, label))
                    yield from block
                    label = "" if block else label
                elif kind == "list":
                    inner = attribute(child, "style-name") or style
                    yield from self._list(child, depth + 1, level + 1, inner)
                else:
                    yield from self.node(child, depth + 1)

    # -- drawings

    def _frame(self, node: Any, depth: int) -> Iterator[str]:
        """A frame: its text, table or chart; pictures and other objects are counted."""
        children = list(node) if named(node) == "frame" else [node]
        kinds = {named(child): child for child in reversed(children)}
        if "text-box" in kinds:
            yield from self.blocks(kinds["text-box"], depth + 1)
        elif "table" in kinds:
            yield from self.node(kinds["table"], depth + 1)
        elif "object" in kinds:
            formula = self._formula(node)
            chart = "" if formula else self._chart(kinds["object"])
            if formula or chart:
                yield formula or chart
            else:
                self.count("objects")
        elif {"object-ole", "plugin", "applet", "floating-frame"} & {*kinds}:
            self.count("objects")
        elif "image" in kinds:
            self.count("pictures")

    def _object(self, node: Any) -> Any:
        """The root of an embedded object, in a part of its own or in place."""
        inside = [child for child in node if isinstance(child.tag, str)]
        inside = [child for child in inside if named(child) in ("math", "document")]
        if inside:
            return inside[0]
        place = attribute(node, "href").removeprefix("./").strip("/")
        return self.source.part(f"{place}/content.xml") if place else None

    def _formula(self, node: Any) -> str:
        inner = node.find("{*}object") if named(node) == "frame" else None
        root = self._object(inner) if inner is not None else None
        if root is None or named(root) != "math":
            return ""
        return formula_text(root)

    def _chart(self, node: Any) -> str:
        root = self._object(node)
        if root is None or next(root.iter("{*}chart"), None) is None:
            return ""
        return self.chart(root)


def formula_text(math: Any) -> str:
    """An embedded formula as LaTeX between dollars; empty where it says nothing."""
    from .mathml import latex

    written = latex(math)
    return f"${written}$" if written else ""


def _add(parts: list[str], text: str | None, look: Look) -> None:
    if text:
        text = re.sub(r"[ \t\r\n]+", " ", text)
        write = {1: raised, -1: lowered}.get(look.shift)
        parts.append(write(text) if write else text)


def _place(shape: Any) -> tuple[float, float]:
    return (_points(attribute(shape, "y")), _points(attribute(shape, "x")))


def _points(length: str) -> float:
    match = _LENGTH.fullmatch(length.strip())
    try:
        return float(match[1]) * _POINTS[match[2]] if match else 0.0
    except ValueError:
        return 0.0
