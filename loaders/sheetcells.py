"""Cells of a workbook as they are shown: shared texts, number formats, formulas without value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from .errors import LoadError
from .formatcodes import BUILT_IN, shown_words, words_section
from .numberformats import plain_number, shown
from .ooxml import Package, Relation, is_on
from .raised import lowered, raised

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MOST_CELLS = 5_000_000  # of all sheets together
_MOST_TEXT = 50_000_000  # characters of all cells together
_LETTERS = re.compile(r"[A-Z]{1,3}")


class Cells:
    """What the cells of a workbook refer to, and the texts of its rows.

    Args:
        package: The workbook.
        relations: Of its main part.
        include: What is read beside what is shown.
        counts: Takes what is left out.
        since_1904: Whether days are counted from 1904.

    Raises:
        LoadError: Its texts cannot be read.
    """

    def __init__(
        self,
        package: Package,
        relations: dict[str, Relation],
        include: frozenset[str],
        counts: Counter[str],
        *,
        since_1904: bool,
    ) -> None:
        self._file = package.file
        self._include = include
        self._counts = counts
        self._since_1904 = since_1904
        self._cells, self._text = _MOST_CELLS, _MOST_TEXT
        targets = {one.kind: one.target for one in relations.values() if not one.external}
        self._formats, self._struck = _styles(package.xml(targets.get("styles", "")))
        self._shared = list(self._strings(package, targets.get("sharedStrings", "")))
        self._formulas: dict[str, str] = {}  # shared formulas of the sheet that is read

    def row(self, node: Any) -> list[str]:
        """The texts of a row, from its first column on.

        Args:
            node: The ``row`` element.

        Raises:
            LoadError: The workbook has too many cells or too much text.
        """
        texts: list[str] = []
        space = node.tag[:-3]
        value_tag, formula_tag = f"{space}v", f"{space}f"
        for cell in node:
            letters = _LETTERS.match(cell.get("r") or "")
            at = column(letters[0]) if letters else len(texts)
            if at > len(texts):
                texts += [""] * (at - len(texts))
            text = self._cell(cell, value_tag, formula_tag)
            self._text -= len(text)
            if at < len(texts):
                texts[at] = text
            else:
                texts.append(text)
        self._cells -= len(texts) + 1
        if self._cells < 0:
            raise LoadError("load.too_many_cells", file=self._file, most=_MOST_CELLS)
        if self._text < 0:
            raise LoadError("load.too_much_text", file=self._file, most=f"{_MOST_TEXT:,}")
        return texts

    def _cell(self, cell: Any, value_tag: str, formula_tag: str) -> str:
        kind = cell.get("t", "n")
        value = cell.findtext(value_tag)
        style = cell.get("s") or "0"
        if not value:
            if kind == "inlineStr":
                text = self._rich(next(iter(cell), None))
            elif kind != "str" and (formula := cell.find(formula_tag)) is not None:
                return self._formula(formula)
            else:
                return ""
        elif kind == "s":
            at = int(value) if value.strip().isdigit() else -1
            text = self._shared[at] if 0 <= at < len(self._shared) else ""
        elif kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        elif kind == "n":
            text = self._number(value.strip(), style)
        else:
            text = value.strip()
        if style in self._struck and text and "struck" not in self._include:
            self._counts["struck"] += 1
            return ""
        if kind != "n" and text:
            text = self._words(text, style)
        return text

    def _formula(self, node: Any) -> str:
        """A formula that has no stored value, as it was typed."""
        key, text = node.get("si") or "", (node.text or "").strip()
        if text and key:
            self._formulas[key] = text
        text = text or self._formulas.get(key, "")
        self._counts["formulas"] += 1
        return f"={text}" if text else ""

    def _number(self, value: str, style: str) -> str:
        code = self._formats.get(style)
        if code is None and value.isdigit():
            return value
        try:
            number = float(value)
        except ValueError:
            return value
        if code is None:
            return plain_number(number)
        text = shown(number, code, since_1904=self._since_1904)
        return text if text.strip() or not number else self._unseen(plain_number(number))

    def _words(self, text: str, style: str) -> str:
        code = self._formats.get(style)
        section = words_section(code) if code and ";" in code else None
        if section is None or section.strip() == "@":
            return text
        seen = shown_words(text, section).strip()
        return seen or self._unseen(text)

    def _unseen(self, text: str) -> str:
        """What a format such as ``;;;`` hides."""
        if "hidden" in self._include:
            return text
        self._counts["hidden"] += 1
        return ""

    def _strings(self, package: Package, name: str) -> Iterator[str]:
        from lxml import etree

        if name not in package:
            return
        with package.open(name) as stream:
            try:
                for _, node in etree.iterparse(
                    stream, tag="{*}si", resolve_entities=False, no_network=True,
                    remove_comments=True, remove_pis=True,
                ):  # fmt: skip
                    yield self._rich(node)
                    node.clear()
                    parent = node.getparent()
                    while parent is not None and node.getprevious() is not None:
                        del parent[0]
            except Exception as error:
                raise LoadError("load.zip_broken", file=self._file) from error

    def _rich(self, node: Any) -> str:
        """A text with its runs; readings above the words are left out, raised digits kept apart."""
        if node is None:
            return ""
        space = node.tag.rpartition("}")[0] + "}"
        whole = node.findtext(f"{space}t")
        if whole is not None:
            return str(whole).strip()
        parts = []
        for run in node.findall(f"{space}r"):
            text = run.findtext(f"{space}t") or ""
            look = run.find(f"{space}rPr")
            if look is not None:
                if is_on(look.find(f"{space}strike"), "val") and "struck" not in self._include:
                    self._counts["struck"] += bool(text.strip())
                    continue
                shift = look.find(f"{space}vertAlign")
                way = shift.get("val") if shift is not None else ""
                text = (
                    raised(text)
                    if way == "superscript"
                    else lowered(text)
                    if way == "subscript"
                    else text
                )
            parts.append(text)
        return "".join(parts).strip()


def _styles(root: Any) -> tuple[dict[str, str], set[str]]:
    """The number formats by style, but for the general one, and the styles that strike through."""
    if root is None:
        return {}, set()
    own = {
        node.get("numFmtId") or "": node.get("formatCode") or ""
        for node in root.iter(f"{_S}numFmt")
    }
    fonts = root.find(f"{_S}fonts")
    struck_fonts = {
        str(at)
        for at, font in enumerate(fonts if fonts is not None else ())
        if is_on(font.find(f"{_S}strike"), "val")
    }
    formats, struck = {}, set()
    listed = root.find(f"{_S}cellXfs")
    for at, node in enumerate(listed if listed is not None else ()):
        key = node.get("numFmtId") or "0"
        code = own.get(key) or (BUILT_IN.get(int(key), "") if key.isdigit() else "")
        if code and code.lower() not in ("general", "@"):
            formats[str(at)] = code
        if node.get("fontId") in struck_fonts:
            struck.add(str(at))
    return formats, struck


@lru_cache(maxsize=20_000)
def column(letters: str) -> int:
    """A column's place from 0.

    Args:
        letters: Its name, such as ``AB``.
    """
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1
