"""Reads Jupyter notebooks: text and code cells with what they printed, pictures counted."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import LoadError
from .grids import grid_text
from .headings import markdown_headings
from .pages import Page, left_out

_MOST_BYTES = 256 << 20
_MOST_OUTPUT = 20_000  # characters of one output; a longer one is a log
_MOST_OUTPUTS = 1_000_000  # characters of all outputs together
# No bracket stands in such an address: what follows many beginnings is looked through once.
_EMBEDDED = re.compile(r"!\[([^\]\n]{0,500})\]\(data:[^()\s]{0,100000000}\)")
_COLOURS = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_TEXT_KINDS = ("text/markdown", "text/latex", "text/html", "text/plain")


def read_notebook(path: Path, file: str) -> Iterator[Page]:
    """A notebook as one page of Markdown; code stands fenced, long outputs are cut and counted.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is no notebook, or larger than one that can be held in memory.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise LoadError("load.notebook_large", file=file, most=_MOST_BYTES >> 20)
    try:
        notebook = json.loads(path.read_bytes())
        cells = _cells(notebook)
        language = _language(notebook)
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise LoadError("load.notebook_broken", file=file) from error
    writer = _Writer(language)
    blocks = [block for cell in cells for block in writer.cell(cell) if block.strip()]
    text = "\n\n".join(blocks)
    warnings = tuple(left_out(kind, count) for kind, count in sorted(writer.counts.items()))
    yield Page(text, headings=markdown_headings(text), warnings=warnings)


def _cells(notebook: Any) -> list[dict[str, Any]]:
    """The cells of a notebook of any version of the format."""
    sheets = [notebook] if "cells" in notebook else notebook.get("worksheets", [])
    cells = [cell for sheet in sheets for cell in sheet["cells"]]
    if not cells and "nbformat" not in notebook:
        raise ValueError("no notebook")
    return [cell for cell in cells if isinstance(cell, dict)]


def _language(notebook: Any) -> str:
    about = notebook.get("metadata") or {}
    name = (about.get("kernelspec") or {}).get("language") or (
        about.get("language_info") or {}
    ).get("name")
    return name if isinstance(name, str) and name.isalnum() else "python"


class _Writer:
    def __init__(self, language: str) -> None:
        self.counts: Counter[str] = Counter()
        self._language = language
        self._left = _MOST_OUTPUTS

    def cell(self, cell: dict[str, Any]) -> Iterator[str]:
        """The blocks of one cell."""
        kind = cell.get("cell_type")
        source = _joined(cell.get("source", cell.get("input", ""))).strip("\n")
        if kind == "heading":
            level = cell.get("level")
            yield f"{'#' * level if isinstance(level, int) and 0 < level < 7 else '#'} {source}"
        elif kind == "code":
            if source.strip():
                yield _fenced(source, self._language)
            outputs = cell.get("outputs")
            for output in outputs if isinstance(outputs, list) else []:
                if isinstance(output, dict):
                    yield from self._output(output)
        else:
            source, found = _EMBEDDED.subn(r"\1", source)
            attached = cell.get("attachments")
            found += len(attached) if isinstance(attached, dict) else 0
            if found:
                self.counts["pictures"] += found
            yield source

    def _output(self, output: dict[str, Any]) -> Iterator[str]:
        kind = output.get("output_type")
        if kind == "stream":
            yield self._bounded(_fenced_or_none(_joined(output.get("text"))))
        elif kind in ("error", "pyerr"):
            yield self._bounded(f"{output.get('ename', '')}: {output.get('evalue', '')}")
        else:
            data = output.get("data")
            yield from self._rich(data if isinstance(data, dict) else _old_data(output))

    def _rich(self, data: dict[str, Any]) -> Iterator[str]:
        """What a cell gave back: its best form that is text; of pictures only that they are."""
        pictures = sum(str(name).startswith("image/") for name in data)
        plain = _joined(data.get("text/plain"))
        for name in _TEXT_KINDS:
            text = _joined(data.get(name))
            if name == "text/html":
                text = _tables(text)
            elif name == "text/plain":
                # Beside a picture stands only what the program calls it.
                text = "" if pictures and len(plain) < 200 else _fenced_or_none(text)
            if text.strip():
                yield self._bounded(text)
                break
        if pictures:
            self.counts["pictures"] += 1

    def _bounded(self, text: str) -> str:
        most = min(_MOST_OUTPUT, self._left)
        if len(text) > most:
            self.counts["outputs"] += 1
            text = text[:most].rpartition("\n")[0]
            if text.startswith("```"):
                text += "\n```"
        self._left -= len(text)
        return text


def _joined(source: object) -> str:
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _old_data(output: dict[str, Any]) -> dict[str, Any]:
    """The output of an older notebook, its keys named as in newer ones."""
    names = {"text": "text/plain", "html": "text/html", "latex": "text/latex"}
    names |= {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}
    return {names[key]: value for key, value in output.items() if key in names}


def _fenced(code: str, language: str) -> str:
    mark = "~~~" if "```" in code else "```"
    return f"{mark}{language}\n{code}\n{mark}"


def _fenced_or_none(text: str) -> str:
    text = _COLOURS.sub("", text).strip("\n")
    return _fenced(text, "") if text.strip() else ""


def _tables(markup: str) -> str:
    """The tables of an output in HTML, such as a data frame; empty where it holds none."""
    if "<table" not in markup or len(markup) > 50 * _MOST_OUTPUT:
        return ""
    from lxml import etree, html

    try:
        tree = html.document_fromstring(markup)
    except (etree.LxmlError, ValueError):
        return ""
    tables = []
    for table in tree.iter("table"):
        rows = [
            [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("td", "th")]
            for row in table.iter("tr")
        ]
        names = sum(row.find("td") is None for row in table.iter("tr"))
        tables.append(grid_text(rows, (), names or None))
    return "\n\n".join(tables)
