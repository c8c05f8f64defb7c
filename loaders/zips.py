"""Classifies zip archives, and checks them for bombs before anything is unpacked."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from .errors import FormatError, LoadError

MOST_UNPACKED = 1 << 30  # bytes, all parts together
_MOST_PART = 256 << 20  # bytes of one XML part; a reader holds it in memory several times over
_MOST_PARTS = 20_000
_SUSPECT_RATIO = 200  # honest XML packs twenty to fifty times

_MARKS = (
    ("word/document.xml", "docx"),
    ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "xlsx"),
    ("META-INF/container.xml", "epub"),
)
# Main parts may have any name; what they are stands in the list of contents, macros or not.
_CONTENTS = "[Content_Types].xml"
_MAIN = re.compile(
    rb"(wordprocessingml\.(?:document|template)|ms-word\.(?:document|template)\.macroEnabled(?:12)?"
    rb"|presentationml\.(?:presentation|template|slideshow)"
    rb"|ms-powerpoint\.(?:presentation|template|slideshow|addin)\.macroEnabled(?:\.12)?"
    rb"|spreadsheetml\.(?:sheet|template)|ms-excel\.(?:sheet|template|addin)\.macroEnabled(?:\.12)?"
    rb"|ms-excel\.sheet\.binary\.macroEnabled)\.main\+?"
)
# A part that tells what an archive is that is refused, and what to convert it to.
_REFUSED = (
    ("OFD.xml", "OFD", "PDF"),
    ("FixedDocumentSequence.fdseq", "XPS", "PDF"),
    ("FixedDocSeq.fdseq", "XPS", "PDF"),
    ("Index/Document.iwa", "iWork", "DOCX, XLSX, PPTX"),
    ("index.apxl", "iWork", "PPTX"),
    ("content.xml", "OpenOffice.org 1", "DOCX, XLSX, PPTX"),
)
_OPEN_DOCUMENT = ("odt", "ods", "odp")
ZIP_KINDS = (*(kind for _, kind in _MARKS), *_OPEN_DOCUMENT)
"""Results of ``zip_kind``."""
_TEXT_PART = re.compile(r"\.(?:xml|rels|x?html?|opf|ncx)$", re.IGNORECASE)
_SHEET = re.compile(r"xl/worksheets/", re.IGNORECASE)  # read row by row, never held whole
_PROLOG = 1 << 16  # bytes before the first element; no program writes as many
_MOST_TAGS = 4_000_000  # of one part; each takes some 200 bytes of memory once it is read
_FEW = 1 << 23  # bytes that cannot swell beyond bearing, whatever stands in them
_STEP = 1 << 20  # bytes


def zip_kind(path: Path, file: str) -> str:
    """What an archive is, one of ``ZIP_KINDS``, once it is known to be safe.

    Args:
        path: The archive.
        file: Its name as the user gave it, for errors.

    Raises:
        FormatError: It holds something else.
        LoadError: It is broken, locked, or a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check(archive, parts, file)
            names = {part.filename for part in parts}
            said = _said(archive, names)
            listed = any(part.filename == _CONTENTS for part in parts)
            contents = archive.read(_CONTENTS) if listed else b""
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise LoadError("load.zip_broken", file=file) from error
    kind = _declared(contents)
    if kind == "xlsb":
        raise FormatError("load.refused_format", file=file, kind="XLSB", target="XLSX")
    if kind:
        return kind
    for mark, kind in _MARKS:
        if mark in names:
            return kind
    if open_document := _open_document(said, names):
        return open_document
    if b"epub" in said or any(name.lower().endswith(".opf") for name in names):
        return "epub"
    for part, kind, target in _REFUSED:
        if part in names:
            raise FormatError("load.refused_format", file=file, kind=kind, target=target)
    raise FormatError("load.archive", file=file)


def _said(archive: zipfile.ZipFile, names: set[str]) -> bytes:
    """What an archive calls itself, as OpenDocument and EPUB do; empty where it is silent."""
    if "mimetype" not in names:
        return b""
    with archive.open("mimetype") as stream:
        return stream.read(200)


def _open_document(said: bytes, names: set[str]) -> str:
    """Which OpenDocument format an archive is in; empty where it is none."""
    if "content.xml" not in names or b"sun.xml" in said or b"epub" in said:
        return ""
    by_name = (("spreadsheet", "ods"), ("presentation", "odp"), ("graphics", "odp"))
    return next((kind for word, kind in by_name if word.encode() in said), "odt")


def _declared(contents: bytes) -> str:
    """What kind of Office file a list of contents describes; empty where it does not say."""
    main = _MAIN.search(contents)
    if main is None:
        return ""
    if b"binary" in main[1]:
        return "xlsb"
    if b"word" in main[1]:
        return "docx"
    return "pptx" if main[1].startswith((b"presentationml", b"ms-powerpoint")) else "xlsx"


def _check(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], file: str) -> None:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    text_parts = [part for part in parts if _TEXT_PART.search(part.filename)]
    largest = max((part.file_size for part in text_parts), default=0)
    swollen = unpacked > _SUSPECT_RATIO * max(packed, 1) and unpacked > (64 << 20)
    if unpacked > MOST_UNPACKED or largest > _MOST_PART or len(parts) > _MOST_PARTS or swollen:
        raise LoadError("load.zip_bomb", file=file, megabytes=unpacked >> 20)
    if any(part.flag_bits & 1 for part in text_parts):
        raise LoadError("load.office_password", file=file)
    for part in text_parts:
        with archive.open(part) as stream:
            if declares(stream.read(_PROLOG)):
                raise LoadError("load.zip_broken", file=file)
        if part.file_size > _FEW and not _SHEET.match(part.filename):
            _count_tags(archive, part, file)


def declares(start: bytes) -> bool:
    """Whether an XML text declares entities, or hides its first element so far back that it could.

    An entity that names others ten times over is a bomb, and one that names a file reads it.

    Args:
        start: Its first bytes, in any encoding of Unicode.
    """
    plain = start.replace(b"\0", b"")
    at = 0
    while (at := plain.find(b"<", at)) >= 0:
        if plain.startswith(b"<!--", at):
            end = plain.find(b"-->", at + 4)
        elif plain.startswith(b"<?", at):
            end = plain.find(b"?>", at + 2)
        elif plain[at : at + 8].upper() == b"<!ENTITY":
            return True
        elif plain.startswith(b"<!", at):
            end = plain.find(b">", at)
            inside = plain.find(b"[", at, end)
            if inside >= 0:
                end = plain.find(b"]", inside)
                if b"<!ENTITY" in plain[inside:end].upper():
                    return True
        else:
            return False
        if end < 0:
            return True
        at = end
    return len(start) == _PROLOG


def _count_tags(archive: zipfile.ZipFile, part: zipfile.ZipInfo, file: str) -> None:
    tags = 0
    with archive.open(part) as stream:
        while block := stream.read(_STEP):
            tags += block.count(b"<")
            if tags > _MOST_TAGS:
                raise LoadError("load.too_many_tags", file=file, most=f"{_MOST_TAGS:,}")
