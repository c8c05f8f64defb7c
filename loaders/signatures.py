"""What a file's first bytes say it is: a format that is read, or one refused by name."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import FormatError, LoadError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WITHOUT_CONTAINER = (b"\x09\0\x04\0", b"\x09\2\x06\0", b"\x09\4\x06\0")  # Excel 2 to 4
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_TEXTS = "PDF, DOCX, TXT"
# First bytes of what is refused: what it is, and what to convert it to.
_REFUSED = (
    (b"AT&TFORM", "DjVu", "PDF"),
    (b"CAJ", "CAJ", "PDF"),
    (b"HN\0\0", "CAJ", "PDF"),
    (b"KDH \0", "KDH", "PDF"),
    (b"ITSF", "CHM", "EPUB"),
    (b"ITOLITLS", "LIT", "EPUB"),
    (b"%!PS", "PostScript", "PDF"),
    (b"8BPS\0", "Photoshop", "PNG"),
    (b"SQLite format 3\0", "SQLite", "CSV"),
    (b"\0\1\0\0Standard", "Access", "CSV"),
    (b"PAR1\x15", "Parquet", "CSV"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "OneNote", "PDF"),
    (b"ID3\2", "MP3", "TXT"),
    (b"ID3\3", "MP3", "TXT"),
    (b"ID3\4", "MP3", "TXT"),
    (b"OggS\0", "Ogg", "TXT"),
    (b"fLaC\0", "FLAC", "TXT"),
    (b"\x1a\x45\xdf\xa3", "Matroska", "TXT"),
    (b"\x1f\x8b", "GZIP", _TEXTS),
    (b"Rar!", "RAR", _TEXTS),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", _TEXTS),
    (b"BZh", "BZIP2", _TEXTS),
    (b"\xfd7zXZ", "XZ", _TEXTS),
    (b"\x28\xb5\x2f\xfd", "Zstandard", _TEXTS),
)
_RIFF = {b"WEBP": "", b"WAVE": "TXT", b"AVI ": "TXT"}
_STILLS = frozenset((b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif"))
# Streams of the old office container: what they make of a file, and the name its reader goes by.
_STREAMS = (
    ("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"), ("PowerPoint Document", "ppt"),
    ("MatOST", "doc"), ("CONTENTS", "doc"),
)  # fmt: skip
_OTHER_STREAMS = (
    ("__properties_version1.0", "Outlook", "EML"), ("VisioDocument", "Visio", "PDF"),
    ("HwpSummaryInformation", "HWP", "PDF"), ("Quill", "Publisher", "PDF"),
)  # fmt: skip
_MAIL_FIELD = re.compile(
    rb"^(?:Return-Path|Received|Delivered-To|MIME-Version|Message-ID|Content-Type|Date|From|To|Cc"
    rb"|Subject|Reply-To|X-[A-Za-z0-9-]{1,60}):",
    re.IGNORECASE | re.MULTILINE,
)
_MAIL_SURE = re.compile(
    rb"^(?:Received|MIME-Version|Message-ID|Return-Path):", re.IGNORECASE | re.MULTILINE
)
_NOTEBOOK = re.compile(rb"\s*\{\s*\"(?:cells|metadata|nbformat)\"\s*:")
_FLAT_ODF = re.compile(rb"<office:document\b")


def known(head: bytes) -> str:
    """The name in ``FORMATS`` of what first bytes show beyond doubt; empty if they show nothing.

    Args:
        head: Some 4096 bytes, a byte order mark taken off.
    """
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(_PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return "picture"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "picture"
    if head.startswith(_WITHOUT_CONTAINER):
        return "xls"
    if _NOTEBOOK.match(head) and b'"cell_type"' in head:
        return "notebook"
    if head.lstrip().startswith(b"<?xml"):
        if b'progid="Word.Document"' in head:
            return "doc"
        if b'progid="Excel.Sheet"' in head:
            return "xls"
        if _FLAT_ODF.search(head):
            return "odt"
    return "mail" if is_mail(head) else ""


def is_mail(head: bytes) -> bool:
    """Whether a file begins with the header fields that mail programs write."""
    if head.startswith(b"From "):  # a box of mails
        head = head.partition(b"\n")[2]
        return bool(_MAIL_FIELD.match(head))
    first = _MAIL_FIELD.match(head)
    fields = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return bool(first and _MAIL_SURE.search(fields) and len(_MAIL_FIELD.findall(fields)) > 1)


def refuse(head: bytes, file: str) -> None:
    """Refuses what first bytes show to be in a format without a reader.

    Args:
        head: Some 4096 bytes.
        file: Its name as the user gave it, for errors.

    Raises:
        FormatError: They do.
    """
    for magic, kind, target in _REFUSED:
        if head.startswith(magic):
            raise FormatError("load.refused_format", file=file, kind=kind, target=target)
    if head[60:68] == b"BOOKMOBI":
        raise FormatError("load.refused_format", file=file, kind="MOBI", target="EPUB")
    if head.startswith(b"RIFF") and (target := _RIFF.get(head[8:12], "PDF")):
        kind = head[8:12].decode("ascii", "replace").strip()
        raise FormatError("load.refused_format", file=file, kind=kind, target=target)
    if head[4:8] == b"ftyp":
        still = head[8:12] in _STILLS
        kind, target = ("HEIC", "JPG") if still else ("MP4", "TXT")
        raise FormatError("load.refused_format", file=file, kind=kind, target=target)


def is_ole(head: bytes) -> bool:
    """Whether first bytes are those of the container of the old office formats."""
    return head.startswith(_OLE)


def ole_kind(path: Path, file: str) -> str:
    """``doc``, ``xls`` or ``ppt``: what a file in the old office container is; empty if unknown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        FormatError: It is something else that is known.
        LoadError: It is locked with a password.
    """
    with path.open("rb") as stream:
        content = stream.read(64 << 20)
    if _ENCRYPTED in content:
        raise LoadError("load.office_password", file=file)
    for stream_name, kind, target in _OTHER_STREAMS:
        if stream_name.encode("utf-16-le") in content:
            raise FormatError("load.refused_format", file=file, kind=kind, target=target)
    folded = content.lower()  # names are the same in capitals
    found = (kind for name, kind in _STREAMS if f"{name}\0".lower().encode("utf-16-le") in folded)
    return next(found, "")
