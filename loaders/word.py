"""Reads DOCX and its kin as a reader sees them; what is left out is counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .drawings import drawing_blocks
from .encoding import decode
from .errors import LoadError
from .headings import markdown_headings
from .numbering import Numbering
from .ooxml import RELATION, Package, Relation
from .options import LoadOptions
from .pages import Page, left_out
from .wordlines import Block, joined
from .wordstyles import Styles, W
from .wordtext import WordText

_WEB = re.compile(r"\.x?html?$", re.IGNORECASE)
_TEXT = re.compile(r"\.(?:txt|text)$", re.IGNORECASE)
_LONGEST_MARK = 6  # characters of a note's mark, brackets included


def read_docx(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """A Word file as one page of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: What to read beside the text a reader sees.

    Raises:
        LoadError: It is damaged.
    """
    package = Package(path, file)
    try:
        document = _Document(package, options.include)
        blocks = document.blocks()
        title = package.title()
    finally:
        package.close()
    text = joined(blocks)
    counted = document.left_out
    yield Page(
        text,
        headings=markdown_headings(text),
        warnings=tuple(left_out(kind, count) for kind, count in sorted(counted.items()) if count),
        notes={"title": title} if title else {},
    )


class _Document:
    """The parts of one document."""

    def __init__(self, package: Package, include: frozenset[str]) -> None:
        self._package = package
        self._include = include
        self._name = package.main("word/document.xml")
        root = package.xml(self._name)
        self._body: Any = root.find(f"{W}body") if root is not None else None
        if self._body is None:
            raise LoadError("load.zip_broken", file=package.file)
        self._relations = package.relations(self._name)
        self._text = WordText(
            Styles(self._related("styles")),
            Numbering(self._related("numbering")),
            include,
            self._drawing,
            self._embedded,
        )
        self.left_out: Counter[str] = self._text.left_out

    def blocks(self) -> list[Block]:
        if "comments" in self._include:
            self._text.comments = self._comments()
        body = list(self._text.blocks(self._body))
        notes = [*self._notes("footnote"), *self._notes("endnote")]
        heads, feet = self._headers()
        return [*heads, *body, *notes, *feet]

    def _related(self, kind: str) -> Any:
        found = (one for one in self._relations.values() if one.kind == kind and not one.external)
        relation = next(found, None)
        return self._package.xml(relation.target) if relation else None

    def _relation(self, node: Any, name: str = "id") -> Relation | None:
        return self._relations.get(node.get(f"{RELATION}{name}") or "")

    def _drawing(self, node: Any, counts: Counter[str]) -> list[str]:
        return drawing_blocks(node, self._package, self._relations, counts)

    def _embedded(self, node: Any, counts: Counter[str]) -> list[str]:
        """A part of another format: the text of a web page or a plain text; others are counted."""
        relation = self._relation(node)
        data = self._package.bytes(relation.target) if relation else None
        name = relation.target if relation else ""
        try:
            if data and _WEB.search(name):
                from .webpage import decode_html, html_text

                return [html_text(decode_html(data, name).text, name)[0]]
            if data and _TEXT.search(name):
                return [decode(data, name).text.strip()]
        except LoadError:
            pass
        counts["objects"] += 1
        return []

    def _notes(self, kind: str) -> Iterator[Block]:
        """Footnotes or endnotes, each behind the mark that stands in the text."""
        root = self._related(f"{kind}s")
        found: list[tuple[int, str]] = []
        order = {key: at for at, key in enumerate(self._text.notes)}
        for at, note in enumerate(root if root is not None else ()):
            key = (kind, note.get(f"{W}id") or "")
            if note.get(f"{W}type") not in (None, "normal"):
                continue
            text = " ".join(block.text for block in self._text.blocks(note, plain=True)).strip()
            if text:
                mark = self._text.notes.get(key, f"[{key[1][:_LONGEST_MARK]}]")
                found.append((order.get(key, len(order) + at), f"{mark} {text}"))
        yield from (Block(text) for _, text in sorted(found))

    def _comments(self) -> dict[str, str]:
        root = self._related("comments")
        texts = {}
        for note in root if root is not None else ():
            words = " ".join(block.text for block in self._text.blocks(note, plain=True)).strip()
            author = (note.get(f"{W}author") or "").strip()
            texts[note.get(f"{W}id") or ""] = f"{author}: {words}" if author else words
        return texts

    def _headers(self) -> tuple[list[Block], list[Block]]:
        """The page headers and footers of all sections, each text once; or their count."""
        found: dict[str, list[Block]] = {"header": [], "footer": []}
        seen: set[str] = set()
        for node in self._body.iter(f"{W}headerReference", f"{W}footerReference"):
            relation = self._relation(node)
            root = self._package.xml(relation.target) if relation else None
            if relation is None or root is None:
                continue
            counts, self._text.left_out = self._text.left_out, Counter()
            own, self._relations = self._relations, self._package.relations(relation.target)
            blocks = list(self._text.blocks(root, plain=True))
            self._relations, self._text.left_out = own, counts
            text = joined(blocks)
            if text and text not in seen:
                seen.add(text)
                found["header" if node.tag == f"{W}headerReference" else "footer"] += blocks
        if "headers" not in self._include:
            self.left_out["headers"] += len(seen)
            return [], []
        return found["header"], found["footer"]
