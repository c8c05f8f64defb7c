"""A font that stands in for those a PDF names and does not embed, the same on every machine.

PDFium takes them from the system, and where it finds none it drops characters: their boxes are
empty. Reading needs a place for each character and no shape, so every one gets the same square.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from typing import Any

CJK_CHARSETS = (128, 129, 130, 134, 136)  # Shift-JIS, Hangul, Johab, GB 2312, Big5
_EM = 1000
_ASCENT, _DESCENT = 880, -120  # of most Chinese and Japanese fonts
_SQUARE = (40, -80, 960, 840)


def square_font() -> bytes:
    """A TrueType font whose one glyph, a square, stands for every character of Unicode."""
    x0, y0, x1, y1 = _SQUARE
    square = struct.pack(">hhhhh", 1, x0, y0, x1, y1) + struct.pack(">HH", 3, 0)
    square += bytes([1, 1, 1, 1]) + struct.pack(">hhhh", x0, x1 - x0, 0, x0 - x1)
    square += struct.pack(">hhhh", y0, 0, y1 - y0, 0)
    square += b"\0" * (-len(square) % 4)
    # Format 13 gives one glyph to a whole range of characters.
    ranges = struct.pack(">HHIII", 13, 0, 28, 0, 1) + struct.pack(">III", 0x20, 0x3FFFF, 1)
    name = "qa3 square".encode("utf-16-be")
    names = [(1, 0), (2, 0), (4, 0), (6, 0)]
    tables = {
        b"OS/2": struct.pack(
            ">HhHHHhhhhhhhhhhh10s4I4sHHHhhhHH",
            3, _EM, 400, 5, 0, 650, 600, 0, 75, 650, 600, 0, 350, 50, 250, 0, bytes(10),
            0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, b"qa3 ", 64, 0x20, 0xFFFF,
            _ASCENT, _DESCENT, 0, _ASCENT, -_DESCENT,
        ) + struct.pack(">IIhhHHH", 0x603F01FF, 0xFFFF0000, 500, 700, 0, 32, 1),
        b"cmap": struct.pack(">HHHHIHHI", 0, 2, 0, 6, 20, 3, 10, 20) + ranges,
        b"glyf": square * 2,
        b"head": struct.pack(
            ">IIIIHHQQhhhhHHhhh",
            0x10000, 0x10000, 0, 0x5F0F3CF5, 3, _EM, 0, 0, x0, y0, x1, y1, 0, 8, 2, 1, 0,
        ),
        b"hhea": struct.pack(
            ">IhhhHhhhhhh8xhH", 0x10000, _ASCENT, _DESCENT, 0, _EM, x0, x0, x1, 1, 0, 0, 0, 2
        ),
        b"hmtx": struct.pack(">HhHh", _EM, x0, _EM, x0),
        b"loca": struct.pack(">III", 0, len(square), 2 * len(square)),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x10000, 2, 4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0),
        b"name": struct.pack(">HHH", 0, len(names), 6 + 12 * len(names))
        + b"".join(struct.pack(">6H", 3, 1, 0x409, i, len(name), at) for i, at in names)
        + name,
        b"post": struct.pack(">IIhhIIIII", 0x30000, 0, -100, 50, 0, 0, 0, 0, 0),
    }  # fmt: skip
    head = struct.pack(">IHHHH", 0x10000, len(tables), 128, 3, 16 * len(tables) - 128)
    at = len(head) + 16 * len(tables)
    listing, body = b"", b""
    for tag, table in tables.items():
        padded = table + b"\0" * (-len(table) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        listing += struct.pack(">4sIII", tag, total, at + len(body), len(table))
        body += padded
    return head + listing + body


@cache
def hide_system_fonts() -> Any:
    """PDFium's way to the fonts of the system, replaced by the square; it must not be freed.

    To be called under the lock that guards PDFium, once it is loaded.
    """
    import pypdfium2.raw as pdfium

    font = square_font()
    kind = pdfium.FPDF_SYSFONTINFO
    prototypes = dict(kind._fields_)
    info = kind()
    info.version = 1

    def map_font(*asked: Any) -> int:
        return 1 if asked[3] in CJK_CHARSETS else 0

    def get_data(*asked: Any) -> int:
        _, _, table, buffer, size = asked
        data = font_table(font, table) if table else font
        if buffer and size >= len(data):
            ctypes.memmove(buffer, data, len(data))
        return len(data)

    calls = {
        "Release": _nothing,
        "EnumFonts": _nothing,
        "MapFont": map_font,
        "GetFont": _nothing,
        "GetFontData": get_data,
        "GetFaceName": _nothing,
        "GetFontCharset": _nothing,
        "DeleteFont": _nothing,
    }
    for name, call in calls.items():
        setattr(info, name, prototypes[name](call))
    pdfium.FPDF_SetSystemFontInfo(info)
    return info


def _nothing(*_: Any) -> int:
    return 0


def font_table(font: bytes, wanted: int) -> bytes:
    """One table of a font by its tag as a number."""
    for number in range(struct.unpack_from(">H", font, 4)[0]):
        tag, _, at, length = struct.unpack_from(">IIII", font, 12 + 16 * number)
        if tag == wanted:
            return font[at : at + length]
    return b""
