"""The characters of a PDF page and where each stands."""

from __future__ import annotations

import ctypes
import math
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pypdfium2 import PdfTextPage

HYPHEN = "\ufffe"
"""PDFium's sign for a hyphen at a line's end whose word goes on."""
UNKNOWN = "\ufffd"
"""Stands for a character whose font does not say which it is."""
OBLIQUE = 1000
"""Added to the turn of what is written askew."""

_ASKEW = 7  # degrees; scans lie no more askew
_HYPHEN_CODE = 2  # how PDFium gives its hyphen character by character


def turned(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """A page box (x0, y0, x1, y1) in the coordinates of rotated text."""
    x0, y0, x1, y1 = box
    if turn == 270:
        return y0, -x1, y1, -x0
    if turn in (90, 1):
        return -y1, x0, -y0, x1
    if turn == 180:
        return -x1, -y1, -x0, -y0
    return box


def turned_all(boxes: NDArray[np.float32], turn: int) -> NDArray[np.float32]:
    """Page boxes, one a row, in the coordinates of rotated text."""
    import numpy as np

    x0, y0, x1, y1 = boxes.T
    sides = {
        270: (y0, -x1, y1, -x0),
        90: (-y1, x0, -y0, x1),
        1: (-y1, x0, -y0, x1),
        180: (-x1, -y1, -x0, -y0),
    }.get(turn)
    return boxes if sides is None else np.stack(sides, axis=1)


class Glyphs:
    """The characters of a page in the order in which they are read, and the box of each.

    Attributes:
        text: One character for each glyph; what is not to be read is a blank.
        boxes: (n, 4) x0, y0, x1, y1 in points on the page, with the height of a line.
        numbers: (n,) PDFium's number of each.
        bridges: (n,) blanks that part nothing: what stood there was struck out.
        gaps: How many characters no one can read; each is ``UNKNOWN`` in the text.
    """

    def __init__(self, textpage: PdfTextPage) -> None:
        import numpy as np

        raw = textpage.raw
        self._calls = _calls()
        self._page = ctypes.cast(raw, ctypes.c_void_p).value
        count = textpage.count_chars()
        self.text, self.gaps = self._read_text(count)
        self.boxes = self._read_boxes(count)
        self.numbers: NDArray[np.int64] = np.arange(count)
        self.bridges: NDArray[np.bool_] = np.zeros(count, dtype=bool)

    def _read_text(self, count: int) -> tuple[str, int]:
        import numpy as np

        buffer = (ctypes.c_ushort * (count + 1))()
        written = self._calls.text(self._page, 0, count, buffer)
        units = np.frombuffer(bytes(buffer), dtype=np.uint16)[:count]
        if written == count + 1 and not ((units >= 0xD800) & (units < 0xE000)).any():
            codes = units.astype(np.uint32)
        else:
            # The text as a whole leaves out control and unmapped codes: by number they are there.
            found = list(map(self._calls.code, repeat(self._page), range(count)))
            codes = np.array(found, dtype=np.uint32)
        codes[codes > 0x10FFFF] = ord(UNKNOWN)
        odd = np.flatnonzero((codes < 32) & (codes != 9) & (codes != 10) & (codes != 13))
        gaps = 0
        for at in odd:
            if codes[at] == _HYPHEN_CODE and self._calls.hyphen(self._page, int(at)) == 1:
                codes[at] = ord(HYPHEN)
            elif self._is_drawn(int(at)):
                codes[at] = ord(UNKNOWN)
                gaps += 1
            else:
                codes[at] = 32
        return codes.tobytes().decode("utf-32-le", "surrogatepass"), gaps

    def _is_drawn(self, number: int) -> bool:
        sides = [ctypes.c_double() for _ in range(4)]
        self._calls.tight(self._page, number, *map(ctypes.byref, sides))
        left, right, bottom, top = (side.value for side in sides)
        return right - left > 0.01 and top - bottom > 0.01

    def _read_boxes(self, count: int) -> NDArray[np.float32]:
        import numpy as np

        raw = np.zeros((count, 4), dtype=np.float32)  # left, top, right, bottom
        base = raw.ctypes.data
        # Blanks need no place.
        ink = np.flatnonzero(self.ink)
        places = (base + 16 * ink).tolist()
        for _ in map(self._calls.loose, repeat(self._page), ink.tolist(), places):
            pass
        raw[~np.isfinite(raw)] = 0.0
        boxes = raw[:, [0, 3, 2, 1]]
        for at in np.flatnonzero((boxes[:, 3] - boxes[:, 1] <= 0) & (boxes[:, 2] > boxes[:, 0])):
            boxes[at] = self._place(int(at), boxes[at])
        return boxes

    def _place(self, number: int, box: NDArray[np.float32]) -> tuple[float, ...]:
        """A box for a character whose font has no height: as high as its size."""
        x0, y0, x1, _ = map(float, box)
        size = abs(self.size(number)) or 1.0
        return x0, y0 - 0.2 * size, x1, y0 + 0.8 * size

    @property
    def codes(self) -> NDArray[np.uint32]:
        """(n,) the code points of the text."""
        import numpy as np

        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)

    @property
    def ink(self) -> NDArray[np.bool_]:
        """(n,) which characters are no blanks and no ends of lines."""
        codes = self.codes
        ink: NDArray[np.bool_] = (
            (codes > 32)
            & (codes != 0xA0)
            & (codes != 0x3000)
            & ((codes < 0x2000) | (codes > 0x200B))
            & (codes != 0x202F)
            & (codes != ord(HYPHEN))
        )
        return ink

    def box(self, index: int) -> tuple[float, float, float, float]:
        """The box of a character with the height of its line, in points on the page."""
        x0, y0, x1, y1 = map(float, self.boxes[index])
        return x0, y0, x1, y1

    def size(self, index: int) -> float:
        """The size in points in which a character is set; negative where it is drawn mirrored."""
        number = int(self.numbers[index]) if hasattr(self, "numbers") else index
        a, b, _, _ = self._matrix(number)
        return float(self._calls.size(self._page, number)) * math.hypot(a, b)

    def _matrix(self, number: int) -> tuple[float, float, float, float]:
        parts = (ctypes.c_float * 6)()
        self._calls.matrix(self._page, number, ctypes.byref(parts))
        return parts[0], parts[1], parts[2], parts[3]

    def turn(self, index: int) -> int:
        """How a character lies on the page: 0, 90, 180, 270 degrees, or more than ``OBLIQUE``."""
        number = int(self.numbers[index])
        a, b, _, _ = self._matrix(number)
        if b == 0 and a > 0 and self._calls.size(self._page, number) >= 0:
            return 0
        if self._calls.size(self._page, number) < 0:
            a, b = -a, -b
        angle = math.degrees(-math.atan2(b, a)) % 360
        turn = round(angle / 90) * 90 % 360
        askew = abs((angle - turn + 180) % 360 - 180)
        return turn if askew <= _ASKEW else turn + OBLIQUE

    def origin(self, index: int) -> tuple[float, float]:
        """Where a character begins on its base line, in points on the page."""
        x, y = ctypes.c_double(), ctypes.c_double()
        number = int(self.numbers[index])
        self._calls.origin(self._page, number, ctypes.byref(x), ctypes.byref(y))
        return x.value, y.value

    def bold(self, index: int) -> bool:
        """Whether a character is set in a heavy weight."""
        return bool(self._calls.weight(self._page, int(self.numbers[index])) >= 600)

    def objects(self) -> list[int]:
        """For each character the address of the page object that draws it; 0 for none."""
        found = map(self._calls.object, repeat(self._page), self.numbers.tolist())
        return [address or 0 for address in found]

    def blank(self, indexes: list[int]) -> None:
        """Makes blanks of characters that are not to be read.

        Args:
            indexes: Of those characters.
        """
        if not indexes:
            return
        signs = list(self.text)
        for index in indexes:
            if signs[index] not in "\r\n\ufffe":
                signs[index] = " "
        self.text = "".join(signs)

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Puts the characters into another order.

        Args:
            order: Their present indexes as they are to follow each other.
        """
        self.text = "".join([self.text[at] for at in order.tolist()])
        self.boxes = self.boxes[order]
        self.numbers = self.numbers[order]
        self.bridges = self.bridges[order]


class _Calls:
    """PDFium's functions for one character with plain arguments: a page has thousands."""

    def __init__(self) -> None:
        import pypdfium2.raw as pdfium

        void, whole = ctypes.c_void_p, ctypes.c_int

        def plain(name: str, result: Any, *arguments: Any) -> Any:
            address = ctypes.cast(getattr(pdfium, name), void).value or 0
            return ctypes.PYFUNCTYPE(result, *arguments)(address)

        self.text = plain("FPDFText_GetText", whole, void, whole, whole, void)
        self.code = plain("FPDFText_GetUnicode", ctypes.c_uint, void, whole)
        self.loose = plain("FPDFText_GetLooseCharBox", whole, void, whole, void)
        self.tight = plain("FPDFText_GetCharBox", whole, void, whole, *[void] * 4)
        self.hyphen = plain("FPDFText_IsHyphen", whole, void, whole)
        self.size = plain("FPDFText_GetFontSize", ctypes.c_double, void, whole)
        self.origin = plain("FPDFText_GetCharOrigin", whole, void, whole, void, void)
        self.matrix = plain("FPDFText_GetMatrix", whole, void, whole, void)
        self.weight = plain("FPDFText_GetFontWeight", whole, void, whole)
        self.object = plain("FPDFText_GetTextObject", void, void, whole)


@cache
def _calls() -> _Calls:
    return _Calls()
