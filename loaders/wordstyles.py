"""What Word's styles say of a paragraph or a run: heading level, list, hidden, struck, raised."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from .ooxml import is_on
from .symbols import is_symbol_font

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""Prefix of Word's elements and attributes."""
VAL = f"{W}val"
_HEADING = re.compile(r"(?:heading|标题|標題)\s{0,2}([1-9])$", re.IGNORECASE)
_MOST_ABOVE = 20  # styles that one may be based on
_SHIFTS = {"superscript": 1, "subscript": -1, "baseline": 0}


@dataclass(frozen=True, slots=True)
class Look:
    """How a run looks, as far as it matters to what it says.

    Attributes:
        hidden: It is not shown.
        struck: It is struck through.
        shift: 1 raised, -1 lowered.
        font: The symbol font it is set in; empty for any other.
    """

    hidden: bool = False
    struck: bool = False
    shift: int = 0
    font: str = ""


PLAIN = Look()


def look(node: Any, inherited: Look) -> Look:
    """The look that run properties give.

    Args:
        node: A ``w:rPr``.
        inherited: What the styles say.
    """
    changes: dict[str, Any] = {}
    for child in node:
        tag = child.tag
        if tag == f"{W}vanish":
            changes["hidden"] = is_on(child, VAL)
        elif tag in (f"{W}strike", f"{W}dstrike"):
            changes["struck"] = changes.get("struck", False) or is_on(child, VAL)
        elif tag == f"{W}vertAlign":
            changes["shift"] = _SHIFTS.get(child.get(VAL) or "", 0)
        elif tag == f"{W}rFonts":
            font = child.get(f"{W}ascii") or child.get(f"{W}hAnsi") or ""
            if font:
                changes["font"] = font if is_symbol_font(font) else ""
    return replace(inherited, **changes) if changes else inherited


@dataclass(frozen=True, slots=True)
class Style:
    """One style with what it takes from those it is based on.

    Attributes:
        level: Of a heading, from 1; 0 for none.
        number: The ``numId`` of its list; empty for none.
        depth: The level in that list; None where the list says it.
        look: How its runs look.
        lister: The style that the list came from.
    """

    level: int = 0
    number: str = ""
    depth: int | None = None
    look: Look = PLAIN
    lister: str = ""


class Styles:
    """The styles of a document by id.

    Args:
        root: Of the styles part; None where there is none.
    """

    def __init__(self, root: Any) -> None:
        self._nodes = {
            node.get(f"{W}styleId") or "": node
            for node in (root.iter(f"{W}style") if root is not None else ())
        }
        self._known: dict[str, Style] = {"": Style()}
        default = (
            key
            for key, node in self._nodes.items()
            if node.get(f"{W}type") == "paragraph" and node.get(f"{W}default") in ("1", "true")
        )
        self.default = next(default, "")

    def style(self, key: str, depth: int = 0) -> Style:
        """A style; an empty one where there is no such style."""
        if key not in self._known:
            node = self._nodes.get(key)
            self._known[key] = Style()  # styles based on each other end here
            if node is not None and depth < _MOST_ABOVE:
                based = node.find(f"{W}basedOn")
                name = (based.get(VAL) or "") if based is not None else ""
                above = self.style(name, depth + 1)
                self._known[key] = _style(node, key, above)
        return self._known[key]


def _style(node: Any, key: str, above: Style) -> Style:
    name = node.find(f"{W}name")
    word = (name.get(VAL) or "") if name is not None else ""
    outline = node.find(f"{W}pPr/{W}outlineLvl")
    match = _HEADING.match(word)
    level = above.level
    if match:
        level = min(int(match[1]), 6)
    elif outline is not None:
        level = outline_level(outline)
    elif word.lower() == "title":
        level = 1
    runs = node.find(f"{W}rPr")
    mine = Style(
        level, above.number, above.depth,
        look(runs, above.look) if runs is not None else above.look, above.lister,
    )  # fmt: skip
    listed = node.find(f"{W}pPr/{W}numPr")
    if listed is None:
        return mine
    number, depth = list_place(listed)
    return replace(
        mine,
        number=mine.number if number is None else number,
        depth=mine.depth if depth is None else depth,
        lister=mine.lister if number is None else key,
    )


def list_place(node: Any) -> tuple[str | None, int | None]:
    """The list and the level that a ``w:numPr`` names, each None where it is silent."""
    number, level = node.find(f"{W}numId"), node.find(f"{W}ilvl")
    depth = (level.get(VAL) or "") if level is not None else ""
    return (
        None if number is None else (number.get(VAL) or "0"),
        int(depth) if depth.isdigit() else None,
    )


def outline_level(node: Any) -> int:
    """The heading level that a ``w:outlineLvl`` gives; 0 for body text."""
    value = node.get(VAL) or "9"
    return min(int(value) + 1, 6) if value.isdigit() and value < "9" else 0
