"""Draws a page of a PDF as a picture, and finds where passages of its text stand on it."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LoadError
from .fonts import CJK_CHARSETS, font_table, square_font
from .glyphs import Glyphs
from .reading import open_pdf

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

_MOST_PIXELS = 12_000_000
_LEAST_ALIKE = 85  # of 100: how much of a passage must stand where it is marked
_LEAST_LETTERS = 8  # of a passage that is looked for although the page writes it differently
_LEAST_PIECE = 4  # letters
_ENDS = re.compile(r"[。！？；!?;|\n]|\.(?=\s)")  # of sentences and cells
_SQUARE = 1  # no address that the system's fonts could have


def draw_page(
    path: Path, file: str, number: int, width: int, passages: Sequence[str]
) -> tuple[bytes, int, int, list[Box]]:
    """A page as PNG, its width and height in pixels, and the boxes of the lines of passages.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        number: The page's, from 1.
        width: Pixels; a page that would have too many is drawn smaller.
        passages: Texts of the page, in any spacing and punctuation.

    Raises:
        LoadError: It is broken or encrypted, or has no such page.
    """
    import pypdfium2 as pdfium

    with closing(open_pdf(path, file, None, show_square_font)) as document:
        if not 1 <= number <= len(document):
            raise LoadError("load.no_such_page", file=file, page=number, pages=len(document))
        if document.get_formtype():
            document.init_forms()
        try:
            with closing(document[number - 1]) as page:
                wide, high = page.get_size()
                scale = _scale(wide, high, width)
                with closing(page.render(scale=scale, may_draw_forms=True)) as bitmap:
                    size = bitmap.width, bitmap.height
                    content = BytesIO()
                    bitmap.to_pil().convert("RGB").save(content, "PNG")
                return content.getvalue(), *size, list(_boxes(page, size, passages))
        except pdfium.PdfiumError as error:
            raise LoadError("load.page_broken", page=number) from error


def _scale(wide: float, high: float, width: int) -> float:
    """Pixels a point."""
    wide, high = max(wide, 1.0), max(high, 1.0)
    return min(width / wide, math.sqrt(_MOST_PIXELS / (wide * high)))


def _boxes(page: PdfPage, size: tuple[int, int], passages: Sequence[str]) -> Iterator[Box]:
    """A box for every line of each passage that stands on the page."""
    with closing(page.get_textpage()) as textpage:
        glyphs = Glyphs(textpage)
        letters, places = _letters(glyphs.text)
        for begin, end in _stretches(passages, letters):
            first, last = places[begin], places[end - 1]
            ink = glyphs.ink[first : last + 1].nonzero()[0] + first
            corners = [_on_picture(page, size, *glyphs.box(int(at))) for at in ink]
            yield from _lines([one for one in corners if one[2] and one[3]])


def _stretches(passages: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Where passages stand in a text of letters; piece by piece where none stands there whole."""
    for passage in passages:
        pieces = [passage]
        if _find(_letters(passage)[0], text) is None:
            # Cells, and sentences of several columns, may stand there in another order.
            pieces = [one for one in _ENDS.split(passage) if len(_letters(one)[0]) >= _LEAST_PIECE]
        yield from filter(None, (_find(_letters(piece)[0], text) for piece in pieces))


def _letters(text: str) -> tuple[str, list[int]]:
    """A text's letters and digits alone, in one form, with the place of each in the text.

    What a text extraction changes are blanks, hyphens, the marks of tables, and forms of letters.
    """
    found, places = [], []
    for at, char in enumerate(text):
        for one in unicodedata.normalize("NFKC", char).casefold():
            if one.isalnum():
                found.append(one)
                places.append(at)
    return "".join(found), places


def _find(passage: str, text: str) -> tuple[int, int] | None:
    """Where a passage of letters stands in a text, or what is most like it; None for nowhere."""
    if not passage:
        return None
    if (at := text.find(passage)) >= 0:
        return at, at + len(passage)
    if not _LEAST_LETTERS <= len(passage) <= len(text):
        return None
    from rapidfuzz.distance import Indel
    from rapidfuzz.fuzz import partial_ratio_alignment

    found = partial_ratio_alignment(passage, text, score_cutoff=_LEAST_ALIKE)
    if found is None:
        return None
    begin, end = found.dest_start, found.dest_end
    alike = [one for one in Indel.opcodes(passage, text[begin:end]) if one.tag == "equal"]
    return begin + alike[0].dest_start, begin + alike[-1].dest_end


def _on_picture(
    page: PdfPage, size: tuple[int, int], x0: float, y0: float, x1: float, y1: float
) -> Box:
    """A box of the page, in points, as one of its picture: pages may be turned and cropped."""
    import pypdfium2.raw as pdfium

    xs, ys = [], []
    for x, y in ((x0, y0), (x1, y1)):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(
            page.raw, 0, 0, *size, 0, x, y, ctypes.byref(across), ctypes.byref(down)
        )
        xs.append(min(max(across.value, 0), size[0]))
        ys.append(min(max(down.value, 0), size[1]))
    return min(xs), min(ys), abs(xs[1] - xs[0]), abs(ys[1] - ys[0])


def _lines(boxes: Sequence[Box]) -> Iterator[Box]:
    """The boxes of characters that follow each other, united line by line."""
    if not boxes:
        return
    steps = list(pairwise(boxes))
    along = sum(abs(b[0] - a[0]) for a, b in steps) >= sum(abs(b[1] - a[1]) for a, b in steps)
    line = boxes[0]
    for box in boxes[1:]:
        if _beside(line, box, 1 if along else 0):
            line = _united(line, box)
        else:
            yield line
            line = box
    yield line


def _beside(line: Box, box: Box, axis: int) -> bool:
    """Whether a character's middle lies within a line, seen across the direction of reading."""
    middle = box[axis] + box[axis + 2] / 2
    return line[axis] <= middle <= line[axis] + line[axis + 2]


def _united(one: Box, other: Box) -> Box:
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top


@cache
def show_square_font() -> Any:
    """PDFium's way to the fonts of the system, with the square in place of what they lack.

    Pages look as they do elsewhere, and every character has a place; the result must not be freed.
    A process that reads text must not call it: there, places must not depend on the machine.
    """
    import pypdfium2.raw as pdfium

    font = square_font()
    kind = pdfium.FPDF_SYSFONTINFO
    system = pdfium.FPDF_GetDefaultSystemFontInfo()
    calls = {name: getattr(system.contents, name) for name, _ in kind._fields_ if name != "version"}
    info = kind()
    info.version = system.contents.version

    def asked(name: str, ours: Any) -> Any:
        def call(_this: Any, *given: Any) -> Any:
            # Of all but these two the first word after itself is the font that is asked about.
            if name not in ("EnumFonts", "MapFont", "GetFont") and given and given[0] == _SQUARE:
                return ours(*given[1:])
            return calls[name](system, *given) if calls[name] else 0

        return call

    def map_font(_this: Any, *given: Any) -> int:
        found = calls["MapFont"](system, *given)
        return found or (_SQUARE if given[2] in CJK_CHARSETS else 0)

    def get_data(table: int, buffer: Any, size: int) -> int:
        data = font_table(font, table) if table else font
        if buffer and size >= len(data):
            ctypes.memmove(buffer, data, len(data))
        return len(data)

    ours: dict[str, Any] = {"GetFontData": get_data}
    prototypes = dict(kind._fields_)
    for name in calls:
        call = map_font if name == "MapFont" else asked(name, ours.get(name, lambda *_: 0))
        setattr(info, name, prototypes[name](call))
    info.Release = prototypes["Release"](lambda *_: None)
    pdfium.FPDF_SetSystemFontInfo(info)
    return info
