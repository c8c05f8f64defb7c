"""Reads EPUB: one page of Markdown per chapter, in spine order."""

from __future__ import annotations

import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .errors import LoadError
from .options import LoadOptions
from .pages import Heading, Page, left_out, warning
from .webpage import decode_html, parse_html

_MOST_CHAPTERS = 20_000


@dataclass(frozen=True)
class _Book:
    """What an EPUB's package says: its chapters in order, its title, and names for chapters."""

    chapters: tuple[str, ...]
    title: str
    labels: dict[str, str]


def read_epub(path: Path, file: str, options: LoadOptions) -> Iterator[Page]:
    """An EPUB's chapters, read as they are asked for; its table of contents is left out.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        options: What of hidden and struck passages is read.

    Raises:
        LoadError: It is damaged, its chapters are locked, or there are too many.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            book = _book(archive)
            if not book.chapters:
                raise LoadError("load.zip_broken", file=file)
            if len(book.chapters) > _MOST_CHAPTERS:
                raise LoadError(
                    "load.too_many_pages", file=file, pages=len(book.chapters), most=_MOST_CHAPTERS
                )
            if _locked(archive) & set(book.chapters):
                raise LoadError("load.epub_locked", file=file)
            counts: Counter[str] = Counter()
            for number, name in enumerate(book.chapters, 1):
                page = _chapter(archive, name, book, file, options)
                for kind, count in page.notes.pop("left_out", ()):
                    counts[kind] += count
                if number == len(book.chapters):
                    warned = tuple(left_out(kind, count) for kind, count in counts.items())
                    page = replace(page, warnings=(*page.warnings, *warned))
                yield page
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise LoadError("load.zip_broken", file=file) from error


def _chapter(
    archive: zipfile.ZipFile, name: str, book: _Book, file: str, options: LoadOptions
) -> Page:
    notes: dict[str, Any] = {"title": book.title} if book.title else {}
    try:
        data = archive.read(name)
    except (KeyError, zipfile.BadZipFile):
        return Page("", headings=(), warnings=(warning("load.part_missing", part=name),))
    if not data.strip():
        return Page("", headings=(), notes=notes)
    decoded = decode_html(data, f"{file}: {name}")
    chapter = parse_html(decoded.text, f"{file}: {name}", options.include)
    text, headings = chapter.text, chapter.headings
    label = chapter.title if chapter.title != book.title else ""
    label = label or ("" if headings else book.labels.get(name, ""))
    first, _, rest = text.partition("\n")
    if label and text and not headings and _same(first, label):
        text = f"# {first.strip()}\n{rest}"
    elif label and text and label not in text:
        text = f"# {label}\n\n{text}"
    if text != chapter.text:
        moved = len(text) - len(chapter.text)
        title = text[2:].partition("\n")[0].strip()
        headings = (
            Heading(0, 1, title),
            *(replace(one, start=one.start + moved) for one in headings),
        )
    counts = [
        (entry["code"].rpartition(".")[2], entry["fields"]["count"]) for entry in chapter.left_out
    ]
    notes["left_out"] = counts
    return Page(text, headings=headings, warnings=decoded.warnings, notes=notes)


def _same(line: str, label: str) -> bool:
    return "".join(line.split()).casefold() == "".join(label.split()).casefold()


def _book(archive: zipfile.ZipFile) -> _Book:
    names = archive.namelist()
    roots = []
    if "META-INF/container.xml" in names:
        container = _parse(archive.read("META-INF/container.xml"))
        roots = [node.get("full-path") for node in _named(container, "rootfile")]
    root = next((one for one in roots if one in names), None)
    root = root or next((name for name in names if name.lower().endswith(".opf")), None)
    if root is None:
        # Nothing says the order; the names of the parts mostly follow it.
        return _Book(tuple(sorted(filter(_is_chapter, names))), "", {})
    package = _parse(archive.read(root))
    folder = posixpath.dirname(root)
    hrefs: dict[str, str] = {}
    contents = set()
    for node in _named(package, "item"):
        place = _place(folder, node.get("href") or "")
        hrefs[node.get("id") or place] = place
        if "nav" in (node.get("properties") or "").split():
            contents.add(place)
    for node in _named(package, "reference"):
        if (node.get("type") or "").lower() == "toc":
            contents.add(_place(folder, node.get("href") or ""))
    order = [hrefs.get(node.get("idref") or "", "") for node in _named(package, "itemref")]
    chapters = [name for name in dict.fromkeys(order) if name]
    if not any(name in names for name in chapters):
        chapters = [name for name in hrefs.values() if name in names and _is_chapter(name)]
    titles = [node.text or "" for node in _named(package, "title")]
    title = " ".join(titles[0].split()) if titles else ""
    text = [name for name in chapters if name not in contents]
    return _Book(tuple(text or chapters), title, _labels(archive, hrefs, contents))


def _is_chapter(name: str) -> bool:
    return name.lower().endswith((".xhtml", ".html", ".htm"))


def _place(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _labels(archive: zipfile.ZipFile, hrefs: dict[str, str], contents: set[str]) -> dict[str, str]:
    """What the table of contents calls a part: the first name for each."""
    labels: dict[str, str] = {}
    indexes = [*contents, *(name for name in hrefs.values() if name.lower().endswith(".ncx"))]
    for index in indexes:
        try:
            tree = _parse(archive.read(index))
        except (KeyError, ValueError):
            continue
        folder = posixpath.dirname(index)
        for node in tree.iter():
            tag = str(node.tag).rpartition("}")[2]
            if tag == "a" and node.get("href"):
                words, href = "".join(node.itertext()), node.get("href")
            elif tag == "navPoint":
                texts, targets = _named(node, "text"), _named(node, "content")
                words = (texts[0].text or "") if texts else ""
                href = (targets[0].get("src") or "") if targets else ""
            else:
                continue
            if words.strip() and href:
                labels.setdefault(_place(folder, href), " ".join(words.split()))
    return labels


def _locked(archive: zipfile.ZipFile) -> set[str]:
    """The parts that a shop has encrypted; fonts are not among the chapters."""
    try:
        tree = _parse(archive.read("META-INF/encryption.xml"))
    except (KeyError, ValueError):
        return set()
    return {unquote(node.get("URI") or "") for node in _named(tree, "CipherReference")}


def _parse(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(data, parser)
    if root is None:
        raise ValueError("no XML")
    return root


def _named(root: Any, name: str) -> list[Any]:
    return [node for node in root.iter() if str(node.tag).rpartition("}")[2] == name]
