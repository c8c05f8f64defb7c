"""Blocks of text from the body of a Word document: paragraphs, lists, tables, text boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from .formulas import field_formula, latex
from .grids import Span, grid_text
from .numbering import BULLET, Numbering
from .numerals import roman
from .ooxml import is_on
from .symbols import in_symbols, symbol
from .wordlines import STRUCK, Block, Line
from .wordstyles import VAL, Look, Styles, W, list_place, look, outline_level
from .wordtables import DELETED, LAYERS, own_parts, place_cells, within_a_cell

_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_WORD14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_ALTERNATIVES = f"{_COMPATIBLE}AlternateContent"
_SIGNS = {
    f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-",
}  # fmt: skip
_DEEPEST = 100
_BOX = {True: "☑", False: "☐"}


class WordText:
    """The blocks of a document's parts, and what was left out of them.

    Args:
        styles: Of the document.
        numbering: Of the document; it counts on as blocks are read.
        include: What is read beside the text a reader sees.
        drawing: Gives the blocks of an element of a drawing that holds no text of Word's own.
        embedded: Gives the blocks of a part that ``w:altChunk`` brings in.
    """

    def __init__(
        self,
        styles: Styles,
        numbering: Numbering,
        include: frozenset[str],
        drawing: Callable[[Any, Counter[str]], list[str]],
        embedded: Callable[[Any, Counter[str]], list[str]],
    ) -> None:
        self._styles = styles
        self._numbering = numbering
        self._include = include
        self._drawing = drawing
        self._embedded = embedded
        self.left_out: Counter[str] = Counter()
        self.comments: dict[str, str] = {}
        self.notes: dict[tuple[str, str], str] = {}  # by kind and id: the mark in the text
        self._handlers: dict[str, Callable[[Any, Line, Look, int], None]] = {
            f"{W}r": self._run,
            f"{W}txbxContent": lambda node, line, _look, _depth: line.behind.append(node),
            f"{W}drawing": self._picture,
            f"{W}pict": self._picture,
            f"{W}object": self._picture,
            f"{W}ruby": self._ruby,
            f"{W}sdt": self._control,
            f"{W}fldChar": self._field,
            f"{W}instrText": self._instruction,
            f"{W}sym": lambda node, line, look_, _depth: line.add(_sign(node), _style(look_)),
            f"{W}commentReference": self._comment,
            f"{W}footnoteReference": self._note,
            f"{W}endnoteReference": self._note,
            f"{_MATH}oMath": self._formula,
            f"{_MATH}oMathPara": self._formula,
            _ALTERNATIVES: self._alternatives,
            **dict.fromkeys(DELETED, self._deletion),
        }

    def blocks(self, parent: Any, depth: int = 0, *, plain: bool = False) -> Iterator[Block]:
        """The blocks of a body, a cell or a text box; as plain text what is nested beyond sense.

        Args:
            parent: The element that holds them.
            depth: How deep it lies.
            plain: Whether headings are paragraphs like others, as in a cell.
        """
        if depth > _DEEPEST:
            yield from (Block(text) for node in parent if (text := _flat(node)).strip())
            return
        for node in parent:
            tag = node.tag
            if tag == f"{W}p":
                yield from self._paragraph(node, depth, plain)
            elif tag == f"{W}tbl":
                yield from self._table(node, depth, plain)
            elif tag == f"{W}altChunk":
                yield from map(Block, self._embedded(node, self.left_out))
            elif tag == _ALTERNATIVES:
                yield from self.blocks(_alternative(node), depth + 1, plain=plain)
            elif tag in DELETED:
                self._count_deletion(node)
            elif tag not in LAYERS:
                yield from self.blocks(node, depth + 1, plain=plain)

    def _paragraph(self, node: Any, depth: int, plain: bool) -> Iterator[Block]:
        properties = node.find(f"{W}pPr")
        key = self._styles.default
        level, number, place = 0, None, None
        if properties is not None:
            named = properties.find(f"{W}pStyle")
            key = named.get(VAL) or "" if named is not None else key
            outline = properties.find(f"{W}outlineLvl")
            listed = properties.find(f"{W}numPr")
            level = outline_level(outline) if outline is not None else 0
            number, place = list_place(listed) if listed is not None else (None, None)
        style = self._styles.style(key)
        line = Line()
        self._collect(node, line, style.look, depth)
        label = self._label(style, number, place)
        text = line.text().strip()
        if text:
            level = 0 if plain else level or style.level
            if line.readings:
                text += f"（{'，'.join(line.readings)}）"
            if level:
                label = "" if label.startswith(BULLET) else label
                yield Block("#" * level + " " + " ".join((label + text).split()))
            else:
                yield Block(label + text, bool(label))
        for thing in line.behind:
            if isinstance(thing, str):
                yield Block(thing)
            else:
                yield from self.blocks(thing, depth + 1, plain=plain)

    def _label(self, style: Any, number: str | None, place: int | None) -> str:
        lister = style.lister if number is None else ""
        number = style.number if number is None else number
        if not number or number == "0":
            return ""
        if place is None and lister:
            place = self._numbering.level_of_style(number, lister)
        if place is None:
            place = style.depth
        return self._numbering.label(number, place or 0)

    def _collect(self, node: Any, line: Line, look_: Look, depth: int) -> None:
        """A paragraph's text; text boxes anchored in it are set aside."""
        if depth > _DEEPEST:
            line.add(_flat(node))
            return
        handlers = self._handlers
        for child in node:
            tag = child.tag
            handler = handlers.get(tag)
            if handler is not None:
                handler(child, line, look_, depth)
            elif tag not in LAYERS:
                self._collect(child, line, look_, depth + 1)

    def _run(self, node: Any, line: Line, look_: Look, depth: int) -> None:
        properties = node.find(f"{W}rPr")
        if properties is not None:
            look_ = self._look(properties, look_)
        if (look_.hidden and "hidden" not in self._include) or (
            look_.struck and "struck" not in self._include
        ):
            self._set_aside(node, line, "hidden" if look_.hidden else "struck")
            return
        style = _style(look_)
        for child in node:
            tag = child.tag
            if tag == f"{W}t":
                if not line.fields or all(state for _, state in line.fields):
                    text = child.text or ""
                    line.add(in_symbols(look_.font, text) if look_.font else text, style)
            elif tag in _SIGNS:
                line.add(_SIGNS[tag], style)
            elif tag == f"{W}delText":
                line.add(child.text or "", STRUCK)
            elif tag not in LAYERS:
                # What else a run may hold stands in paragraphs as well.
                self._collect([child], line, look_, depth + 1)

    def _look(self, properties: Any, inherited: Look) -> Look:
        named = properties.find(f"{W}rStyle")
        if named is not None:
            own = self._styles.style(named.get(VAL) or "").look
            inherited = Look(
                own.hidden or inherited.hidden,
                own.struck or inherited.struck,
                own.shift or inherited.shift,
                own.font or inherited.font,
            )
        return look(properties, inherited)

    def _set_aside(self, node: Any, line: Line, kind: str) -> None:
        """Counts a stretch that is not read, once however many runs it takes."""
        for child in node.iter(f"{W}fldChar", f"{W}instrText"):
            if child.tag == f"{W}fldChar":
                self._field(child, line, Look(), 0)
        if _flat(node).strip() or node.find(f"{W}sym") is not None:
            if line.aside != kind:
                self.left_out[kind] += 1
            line.aside = kind

    def _deletion(self, node: Any, line: Line, look_: Look, depth: int) -> None:
        if "deletions" in self._include:
            self._collect(node, line, look_, depth + 1)
        else:
            self._count_deletion(node)

    def _count_deletion(self, node: Any) -> None:
        if _flat(node).strip():
            self.left_out["deletions"] += 1

    def _picture(self, node: Any, line: Line, _look: Look, _depth: int) -> None:
        line.behind += self._drawing(node, self.left_out)
        for box in _boxes(node, 0):
            line.behind.append(box)

    def _ruby(self, node: Any, line: Line, look_: Look, depth: int) -> None:
        base, reading = Line(), Line()
        for name, into in (("rubyBase", base), ("rt", reading)):
            part = node.find(f"{W}{name}")
            if part is not None:
                self._collect(part, into, look_, depth + 1)
        line.add(base.text())
        if reading.text().strip():
            line.readings.append(f"{base.text().strip()} {reading.text().strip()}")

    def _control(self, node: Any, line: Line, look_: Look, depth: int) -> None:
        content = node.find(f"{W}sdtContent")
        before = len(line.parts)
        if content is not None:
            self._collect(content, line, look_, depth + 1)
        box = node.find(f"{W}sdtPr/{_WORD14}checkbox")
        if box is not None and not any(text.strip() for text, _ in line.parts[before:]):
            line.add(_BOX[is_on(box.find(f"{_WORD14}checked"), f"{_WORD14}val")])

    def _field(self, node: Any, line: Line, _look: Look, _depth: int) -> None:
        kind = node.get(f"{W}fldCharType")
        if kind == "begin":
            line.fields.append(["", ""])
            line.add(_form_field(node))
        elif kind == "separate" and line.fields:
            line.fields[-1][1] = "result"
        elif kind == "end" and line.fields:
            code, state = line.fields.pop()
            if not state and code.strip()[:2].upper() == "EQ":
                line.add(field_formula(code))

    def _instruction(self, node: Any, line: Line, _look: Look, _depth: int) -> None:
        if line.fields:
            line.fields[-1][0] += node.text or ""

    def _comment(self, node: Any, line: Line, _look: Look, _depth: int) -> None:
        if "comments" not in self._include:
            self.left_out["comments"] += 1
        elif text := self.comments.get(node.get(f"{W}id") or ""):
            line.behind.append(f"> {text}")

    def _note(self, node: Any, line: Line, _look: Look, _depth: int) -> None:
        kind = "footnote" if node.tag == f"{W}footnoteReference" else "endnote"
        key = (kind, node.get(f"{W}id") or "")
        if key not in self.notes:
            count = 1 + sum(one == kind for one, _ in self.notes)
            self.notes[key] = f"[{count if kind == 'footnote' else roman(count)}]"
        line.add(self.notes[key])

    def _formula(self, node: Any, line: Line, _look: Look, _depth: int) -> None:
        formulas = node.findall(f"{_MATH}oMath") if node.tag == f"{_MATH}oMathPara" else [node]
        line.add("\n".join(filter(None, map(latex, formulas))))

    def _alternatives(self, node: Any, line: Line, look_: Look, depth: int) -> None:
        self._collect([_alternative(node)], line, look_, depth + 1)

    def _table(self, node: Any, depth: int, plain: bool) -> Iterator[Block]:
        rows: list[list[Any]] = []
        spans: list[Span] = []
        header, top = 0, True
        for row in own_parts(node, f"{W}tr"):
            properties = row.find(f"{W}trPr")
            if properties is not None and self._is_gone(row, properties):
                continue
            top = top and properties is not None and properties.find(f"{W}tblHeader") is not None
            header += top
            place_cells(row, properties, rows, spans)
        if max((len(row) for row in rows), default=0) == 1:
            for cell in (row[0] for row in rows if row and row[0] is not None):
                yield from self.blocks(cell, depth + 1, plain=plain)
            return
        texts = [
            [
                "" if cell is None
                else "\n".join(block.text for block in self.blocks(cell, depth + 1, plain=True))
                for cell in row
            ]
            for row in rows
        ]  # fmt: skip
        text = within_a_cell(texts) if plain else grid_text(texts, spans, header or None)
        if text:
            yield Block(text)

    def _is_gone(self, row: Any, properties: Any) -> bool:
        if properties.find(f"{W}del") is not None and "deletions" not in self._include:
            self._count_deletion(row)
            return True
        if is_on(properties.find(f"{W}hidden"), VAL) and "hidden" not in self._include:
            self.left_out["rows"] += 1
            return True
        return False


def _boxes(node: Any, depth: int) -> Iterator[Any]:
    """The text boxes of a drawing, each once, grouped or not."""
    for child in node:
        if child.tag == f"{W}txbxContent":
            yield child
        elif child.tag == _ALTERNATIVES:
            yield from _boxes(_alternative(child), depth + 1)
        elif child.tag != f"{_COMPATIBLE}Fallback" and depth < _DEEPEST:
            yield from _boxes(child, depth + 1)


def _alternative(node: Any) -> Any:
    """The content that a program of today shows; the older one where the newer holds no text."""
    choice, fallback = node.find(f"{_COMPATIBLE}Choice"), node.find(f"{_COMPATIBLE}Fallback")
    if fallback is None:
        return choice if choice is not None else ()
    if choice is None or not _shows(choice):
        return list(fallback)
    return choice


def _shows(node: Any) -> bool:
    return bool(_flat(node)) or next(node.iter(f"{_MATH}t", f"{W}drawing"), None) is not None


def _form_field(node: Any) -> str:
    """The state of a form's check box or the choice of its list."""
    data = node.find(f"{W}ffData")
    if data is None:
        return ""
    box, choices = data.find(f"{W}checkBox"), data.find(f"{W}ddList")
    if box is not None:
        state = box.find(f"{W}checked")
        return _BOX[is_on(box.find(f"{W}default") if state is None else state, VAL)]
    if choices is None:
        return ""
    entries = [entry.get(VAL) or "" for entry in choices.findall(f"{W}listEntry")]
    chosen = choices.find(f"{W}result")
    at = (chosen.get(VAL) or "0") if chosen is not None else "0"
    return entries[int(at)] if at.isdigit() and int(at) < len(entries) else ""


def _style(look_: Look) -> int:
    return STRUCK if look_.struck else look_.shift


def _sign(node: Any) -> str:
    """The character of a ``w:sym``."""
    code = node.get(f"{W}char") or ""
    try:
        return symbol(node.get(f"{W}font") or "", int(code[:4], 16))
    except ValueError:
        return ""


def _flat(node: Any) -> str:
    """All the text below a node."""
    return "".join(one.text or "" for one in node.iter(f"{W}t", f"{W}delText"))
