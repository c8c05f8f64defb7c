"""Blocks of Markdown joined to a text."""

from __future__ import annotations


def join_blocks(blocks: list[str]) -> str:
    """Blocks a blank line apart, items of one list a line apart."""
    out: list[str] = []
    was_item = False
    for block in blocks:
        item = block.startswith("- ")
        out.append(("\n" if item and was_item else "\n\n") + block if out else block)
        was_item = item
    return "".join(out)
