"""Reads OpenDocument: texts, sheets and slides, as their content.xml tells them."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from .errors import LoadError
from .headings import markdown_headings
from .odfstyles import Source, named
from .odftables import read_sheets
from .odftext import OdfText
from .pages import Page

_MOST_BYTES = 256 << 20  # of one XML text
_MOST_TAGS = 1_500_000  # of one part; some ten seconds


def read_odf(path: Path, file: str, include: Collection[str] = ()) -> Iterator[Page]:
    """A text as one page, a workbook's sheets or a presentation's slides as a page each.

    Args:
        path: The file, zipped or flat.
        file: Its name as the user gave it, for errors.
        include: What is read though it is left out otherwise, such as ``hidden``.

    Raises:
        LoadError: It is damaged, locked, or larger than a document is.
    """
    from lxml import etree

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from _pages(_Zipped(archive, file), file, frozenset(include))
        else:
            yield from _pages(_flat(path, file), file, frozenset(include))
    except (
        zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, etree.LxmlError,
    ) as error:  # fmt: skip
        raise LoadError("load.zip_broken", file=file) from error


class _Zipped(Source):
    """The parts of an archive."""

    def __init__(self, archive: zipfile.ZipFile, file: str) -> None:
        self._archive = archive
        self._file = file
        self._names = frozenset(archive.namelist())
        manifest = "META-INF/manifest.xml"
        if manifest in self._names and b"encryption-data" in archive.read(manifest):
            raise LoadError("load.office_password", file=file)
        roots = [self.part(name) for name in ("content.xml", "styles.xml", "meta.xml")]
        super().__init__(*roots)

    def part(self, name: str) -> Any:
        if name not in self._names:
            return None
        data = self._archive.read(name)
        _check_tags(data, self._file)
        return _parse(data)


def _check_tags(data: bytes, file: str) -> None:
    if len(data) > _MOST_BYTES or data.count(b"<") > _MOST_TAGS:
        raise LoadError("load.too_many_tags", file=file, most=f"{_MOST_TAGS:,}")


def _flat(path: Path, file: str) -> Source:
    from .zips import declares

    data = path.read_bytes()
    _check_tags(data, file)
    if declares(data[: 1 << 16]) and b"<!ENTITY" in data[: 1 << 16]:
        raise LoadError("load.zip_broken", file=file)
    root = _parse(data)
    return Source(root, root, root)


def _parse(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=True)
    root = etree.fromstring(data, parser)
    if root is None or any("depth" in entry.message.lower() for entry in parser.error_log):
        # What lies deeper than the parser goes would be lost without a word.
        raise ValueError("no XML that can be read")
    return root


def _pages(source: Source, file: str, include: frozenset[str]) -> Iterator[Page]:
    if source.content is None:
        raise LoadError("load.zip_broken", file=file)
    body = next(source.content.iter("{*}body"), None)
    kinds = {named(child): child for child in body if isinstance(child.tag, str)} if (
        body is not None
    ) else {}  # fmt: skip
    title = " ".join((source.title or "").split())
    notes = {"title": title} if title else {}
    writer = OdfText(source, include)
    if "spreadsheet" in kinds:
        yield from _with_warnings(read_sheets(kinds["spreadsheet"], writer, file), writer, notes)
    elif "presentation" in kinds or "drawing" in kinds:
        slides = kinds.get("presentation", kinds.get("drawing"))
        yield from _with_warnings(_slides(slides, writer), writer, notes)
    elif "text" in kinds:
        text = writer.document(kinds["text"])
        yield Page(text, None, markdown_headings(text), writer.warnings(), notes)
    else:
        raise LoadError("load.zip_broken", file=file)


def _with_warnings(
    pages: Iterator[tuple[str, int | None]], writer: OdfText, notes: dict[str, Any]
) -> Iterator[Page]:
    """Pages as they come; what was left out is said with the last."""
    last: tuple[str, int | None] | None = None
    for page in pages:
        if last is not None:
            yield Page(last[0], last[1], markdown_headings(last[0]), (), notes)
        last = page
    text, number = last or ("", None)
    yield Page(text, number, markdown_headings(text), writer.warnings(), notes)


def _slides(root: Any, writer: OdfText) -> Iterator[tuple[str, int | None]]:
    number = 0
    for page in root:
        if named(page) != "page":
            continue
        number += 1
        hidden = writer.source.drawing_property(page, "visibility") == "hidden"
        if hidden and "hidden" not in writer.include:
            writer.count("slides")
            continue
        yield writer.slide(page), number
