"""Styles of OpenDocument, as far as they change what is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


def named(node: Any) -> str:
    """An element's name without its namespace; empty for comments and instructions."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def attribute(node: Any, name: str) -> str:
    """An attribute by its name without namespace; empty where there is none."""
    for key, value in node.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def whole_number(text: str, otherwise: int, most: int) -> int:
    """A count as an attribute gives it, within bounds."""
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 10 else (
        otherwise
    )  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What a style says that changes what is read."""

    hidden: bool = False
    struck: bool = False
    shift: int = 0  # 1 raised, -1 lowered
    level: int = 0
    list_style: str = ""


class Source:
    """The parts of a file and its styles."""

    def __init__(self, content: Any, styles: Any, meta: Any) -> None:
        self.content = content
        self.title = meta.findtext(".//{*}title") if meta is not None else ""
        self._styles: dict[tuple[str, str], Any] = {}
        self.lists: dict[str, dict[int, Any]] = {}
        self.outline: dict[int, Any] = {}
        for root in (styles, content):
            if root is not None:
                self._note(root)
        masters = styles.iter("{*}master-page") if styles is not None else ()
        self.headers = [
            part
            for master in masters
            for part in master
            if named(part).startswith(("header", "footer")) and "".join(part.itertext()).strip()
        ]
        self._looks: dict[tuple[str, str], Look] = {}

    def _note(self, root: Any) -> None:
        for node in root.iter("{*}style"):
            self._styles[attribute(node, "family"), attribute(node, "name")] = node
        for node in root.iter("{*}list-style", "{*}outline-style"):
            levels = {
                whole_number(attribute(level, "level"), 1, 10): level
                for level in node
                if isinstance(level.tag, str)
            }
            if named(node) == "outline-style":
                self.outline = levels
            else:
                self.lists[attribute(node, "name")] = levels

    def part(self, name: str) -> Any:
        """The root of another part; None where there is none."""
        del name

    def look(self, family: str, name: str) -> Look:
        """What a style says, with what it takes from its parents."""
        key = (family, name)
        if not name or key not in self._styles:
            return Look()
        if key not in self._looks:
            self._looks[key] = Look()  # a style that is its own parent ends here
            self._looks[key] = self._look(family, self._styles[key])
        return self._looks[key]

    def _look(self, family: str, node: Any) -> Look:
        above = self.look(family, attribute(node, "parent-style-name"))
        hidden, struck, shift = above.hidden, above.struck, above.shift
        for properties in node.iterfind("{*}text-properties"):
            if display := attribute(properties, "display"):
                hidden = display == "none"
            for name in ("text-line-through-style", "text-line-through-type"):
                if line := attribute(properties, name):
                    struck = line != "none"
            if position := attribute(properties, "text-position").split():
                shift = _shift(position[0])
        level = attribute(node, "default-outline-level")
        return Look(
            hidden,
            struck,
            shift,
            whole_number(level, 0, 6) if level else above.level,
            attribute(node, "list-style-name") or above.list_style,
        )

    def drawing_property(self, page: Any, name: str) -> str:
        """A property of a slide's style."""
        style = self._styles.get(("drawing-page", attribute(page, "style-name")))
        return self._property(style, "drawing-page-properties", name)

    def table_property(self, table: Any, name: str) -> str:
        """A property of a table's style."""
        style = self._styles.get(("table", attribute(table, "style-name")))
        return self._property(style, "table-properties", name)

    @staticmethod
    def _property(style: Any, kind: str, name: str) -> str:
        properties = style.find(f"{{*}}{kind}") if style is not None else None
        return attribute(properties, name) if properties is not None else ""


def _shift(position: str) -> int:
    if position in ("super", "sub"):
        return 1 if position == "super" else -1
    number = position.rstrip("%")
    return 0 if number.strip("-0") == "" else -1 if number.startswith("-") else 1
