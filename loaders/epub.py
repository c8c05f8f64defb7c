"""Reads EPUB: one page of Markdown per chapter, in spine order."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .errors import LoadError
from .headings import markdown_headings
from .pages import Page, warning
from .webpage import decode_html, html_text

_MOST_CHAPTERS = 20_000


def read_epub(path: Path, file: str) -> Iterator[Page]:
    """An EPUB's chapters, read as they are asked for.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is damaged, its chapters are locked, or there are too many.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            chapters, title = _spine(archive)
            if not chapters:
                raise LoadError("load.zip_broken", file=file)
            if len(chapters) > _MOST_CHAPTERS:
                raise LoadError(
                    "load.too_many_pages", file=file, pages=len(chapters), most=_MOST_CHAPTERS
                )
            for name in chapters:
                yield _chapter(archive, name, title, file)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise LoadError("load.zip_broken", file=file) from error


def _chapter(archive: zipfile.ZipFile, name: str, title: str, file: str) -> Page:
    notes = {"title": title} if title else {}
    try:
        data = archive.read(name)
    except KeyError:
        return Page("", headings=(), warnings=(warning("load.part_missing", part=name),))
    if not data.strip():
        return Page("", headings=(), notes=notes)
    decoded = decode_html(data, f"{file}: {name}")
    text, own_title = html_text(decoded.text, f"{file}: {name}")
    if own_title and own_title not in text:
        text = f"# {own_title}\n\n{text}"
    return Page(text, headings=markdown_headings(text), warnings=decoded.warnings, notes=notes)


def _spine(archive: zipfile.ZipFile) -> tuple[list[str], str]:
    """The chapters' names in the archive, in reading order, and the book's title."""
    container = _parse(archive.read("META-INF/container.xml"))
    roots = [node.get("full-path") for node in _named(container, "rootfile")]
    if not roots or not roots[0]:
        return [], ""
    package = _parse(archive.read(roots[0]))
    folder = posixpath.dirname(roots[0])
    hrefs = {node.get("id"): node.get("href") or "" for node in _named(package, "item")}
    order = [node.get("idref") for node in _named(package, "itemref")]
    names = [
        posixpath.normpath(posixpath.join(folder, unquote(hrefs[key])))
        for key in order
        if hrefs.get(key)
    ]
    titles = [node.text or "" for node in _named(package, "title")]
    return list(dict.fromkeys(names)), " ".join(titles[0].split()) if titles else ""


def _parse(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(data, parser)
    if root is None:
        raise ValueError("no XML")
    return root


def _named(root: Any, name: str) -> list[Any]:
    return [node for node in root.iter() if str(node.tag).rpartition("}")[2] == name]
