"""Blocks of a text, and the line that a paragraph of Word is gathered in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from .raised import lowered, raised

STRUCK = 2
"""The style of what is struck through, beside 1 raised and -1 lowered."""


class Block(NamedTuple):
    """One block of a text; items of one list stand a line apart, other blocks a blank line."""

    text: str
    item: bool = False


def joined(blocks: list[Block]) -> str:
    """Blocks as a text.

    Args:
        blocks: In reading order.
    """
    out: list[str] = []
    was_item = False
    for block in blocks:
        out.append(
            ("\n" if block.item and was_item else "\n\n") + block.text if out else block.text
        )
        was_item = block.item
    return "".join(out)


@dataclass
class Line:
    """What is gathered of one paragraph."""

    parts: list[tuple[str, int]] = field(default_factory=list)
    behind: list[Any] = field(default_factory=list)  # elements or blocks that follow it
    readings: list[str] = field(default_factory=list)
    fields: list[list[str]] = field(default_factory=list)  # instruction, and "" or "result"
    aside: str = ""

    def add(self, text: str, style: int = 0) -> None:
        """Adds a text in a style: 0 as it is, 1 raised, -1 lowered, ``STRUCK``."""
        if text:
            self.parts.append((text, style))
            self.aside = ""

    def text(self) -> str:
        """What has been gathered, each stretch as its style is written."""
        if all(not style for _, style in self.parts):
            return "".join(text for text, _ in self.parts)
        out = []
        for style, group in groupby(self.parts, key=lambda part: part[1]):
            text = "".join(one for one, _ in group)
            out.append(_WRITTEN[style](text))
        return "".join(out)


def _struck(text: str) -> str:
    return f"~~{text.strip()}~~" if text.strip() else text


_WRITTEN: dict[int, Callable[[str], str]] = {
    0: str, 1: raised, -1: lowered, STRUCK: _struck,
}  # fmt: skip
