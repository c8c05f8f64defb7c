"""Tells characters that a reader of the page sees from those that are only in the file."""

from __future__ import annotations

from ctypes import byref, c_float, c_uint, c_void_p, cast
from typing import TYPE_CHECKING, Any

from .glyphs import Glyphs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pypdfium2 import PdfPage

Box = tuple[float, float, float, float]

_MOST_OBJECTS = 20_000
_DEEPEST = 5  # forms within forms
_SLACK = 1.0  # points that a character may reach beyond the page's edge
_WHITE = 245  # of 255; what is as white as paper is looked at in a picture of the page
_CONTRAST = 12  # of 255; what differs less from what is around it is not seen
_PALE = 150  # of 255; text in such a colour may be a watermark
_OPAQUE = 160  # of 255; less may be a watermark
_OCR_SHARE = 0.5  # of a page's characters invisible over a picture: a scan that was read
_SMALLEST = 48.0  # points; smaller pictures are ornaments
_ORNAMENT, _GROUND = 0.02, 0.9  # shares of the page
_SCALE = 1.5  # pixels a point
_MOST_PIXELS = 8_000_000


class Looks:
    """How the characters of a page look: which are hidden, which are pale.

    Attributes:
        hidden: (n,) whether a character is in the file and not to be seen.
        pale: (n,) whether it is grey or lets others shine through.
        pictures: How many pictures are large enough to say something, and are no background.
    """

    def __init__(self, page: PdfPage, glyphs: Glyphs, picture: float) -> None:
        """Looks at the objects of the page.

        Args:
            page: The open page.
            glyphs: Its characters.
            picture: The share of the page that pictures cover.
        """
        import numpy as np

        count = len(glyphs.text)
        self.hidden: NDArray[np.bool_] = np.zeros(count, dtype=bool)
        self.pale: NDArray[np.bool_] = np.zeros(count, dtype=bool)
        unseen, white, pale, self.pictures = _suspects(page)
        if not (unseen or white or pale):
            return
        owners = np.array(glyphs.objects(), dtype=np.uint64)
        invisible = np.isin(owners, np.array(list(unseen), dtype=np.uint64))
        if picture < _OCR_SHARE or invisible.sum() < _OCR_SHARE * count:
            self.hidden |= invisible
        self.pale = np.isin(owners, np.array(list(pale), dtype=np.uint64))
        if white:
            like_paper = np.isin(owners, np.array(list(white), dtype=np.uint64))
            self.hidden |= like_paper & ~_stands_out(page, glyphs, like_paper)


def _suspects(page: PdfPage) -> tuple[set[int], set[int], set[int], int]:
    """The addresses of text objects that draw nothing, white, and pale; the number of pictures."""
    import pypdfium2.raw as pdfium

    looks: dict[str, set[int]] = {"unseen": set(), "white": set(), "pale": set(), "plain": set()}
    colour = _Colour()
    left = _MOST_OBJECTS
    pictures: set[tuple[int, ...]] = set()
    inner = (pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject)
    whole = page.get_width() * page.get_height()

    def look(holder: Any, count: Any, fetch: Any, depth: int) -> None:
        nonlocal left
        for number in range(min(count(holder), left)):
            thing = fetch(holder, number)
            left -= 1
            kind = pdfium.FPDFPageObj_GetType(thing)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                looks[colour.look(pdfium, thing)].add(cast(thing, c_void_p).value or 0)
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                look(thing, *inner, depth + 1)
            elif kind == pdfium.FPDF_PAGEOBJ_IMAGE and depth == 0:
                pictures.update(_picture(pdfium, thing, whole))

    look(page.raw, pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject, 0)
    return looks["unseen"], looks["white"], looks["pale"], len(pictures)


class _Colour:
    """Asks for the colour of one text object after another."""

    def __init__(self) -> None:
        self._parts = [c_uint() for _ in range(4)]
        self._places = [byref(part) for part in self._parts]

    def look(self, pdfium: Any, thing: Any) -> str:
        """How a text object is drawn: unseen, white, pale or plain."""
        mode = pdfium.FPDFTextObj_GetTextRenderMode(thing)
        if mode in (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP):
            return "unseen"
        if mode == pdfium.FPDF_TEXTRENDERMODE_STROKE:
            return "plain"
        pdfium.FPDFPageObj_GetFillColor(thing, *self._places)
        red, green, blue, alpha = (part.value for part in self._parts)
        if alpha >= _OPAQUE and red + green + blue < 3 * _PALE:
            return "plain"
        if alpha < 3:
            return "unseen"
        return "white" if min(red, green, blue) >= _WHITE else "pale"


def _picture(pdfium: Any, thing: Any, whole: float) -> list[tuple[int, ...]]:
    """The box of a picture that may say something: neither an ornament nor the page's ground."""
    sides = [c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(thing, *map(byref, sides))
    x0, y0, x1, y1 = (side.value for side in sides)
    share = (x1 - x0) * (y1 - y0) / max(whole, 1.0)
    says = min(x1 - x0, y1 - y0) >= _SMALLEST and _ORNAMENT <= share <= _GROUND
    return [(round(x0), round(y0), round(x1), round(y1))] if says else []


def _stands_out(page: PdfPage, glyphs: Glyphs, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the characters asked about can be told from what is around them."""
    import numpy as np

    width, height = page.get_size()
    scale = min(_SCALE, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, may_draw_forms=False)
    try:
        pixels = bitmap.to_numpy()[:, :, :3].astype(np.int16).min(axis=2)
    finally:
        bitmap.close()
    out = np.zeros(len(asked), dtype=bool)
    x0, y0, x1, y1 = page.get_bbox()
    rotation = page.get_rotation()
    rows, columns = pixels.shape
    for at in np.flatnonzero(asked).tolist():
        left, low, right, high = glyphs.box(at)
        corners = [(left - x0, low - y0), (right - x0, high - y0)]
        if rotation == 90:
            corners = [(y, x1 - x0 - x) for x, y in corners]
        elif rotation == 180:
            corners = [(x1 - x0 - x, y1 - y0 - y) for x, y in corners]
        elif rotation == 270:
            corners = [(y1 - y0 - y, x) for x, y in corners]
        xs = sorted(int(x * scale) for x, _ in corners)
        ys = sorted(int(rows - y * scale) for _, y in corners)
        part = pixels[max(ys[0], 0) : min(ys[1] + 1, rows), max(xs[0], 0) : min(xs[1] + 1, columns)]
        out[at] = part.size > 0 and int(part.max()) - int(part.min()) > _CONTRAST
    return out


def outside(page: PdfPage, glyphs: Glyphs) -> NDArray[np.bool_]:
    """Which characters lie beyond the page's edges.

    Args:
        page: The open page.
        glyphs: Its characters.
    """
    x0, y0, x1, y1 = page.get_bbox()
    x = (glyphs.boxes[:, 0] + glyphs.boxes[:, 2]) / 2
    y = (glyphs.boxes[:, 1] + glyphs.boxes[:, 3]) / 2
    off: NDArray[np.bool_] = (
        (x < x0 - _SLACK) | (x > x1 + _SLACK) | (y < y0 - _SLACK) | (y > y1 + _SLACK)
    )
    return off


def struck(glyphs: Glyphs, rules: list[Box], strikes: list[Box]) -> NDArray[np.bool_]:
    """Which characters are struck through.

    Args:
        glyphs: The page's.
        rules: The boxes of its thin lines, in points on the page.
        strikes: Stretches that annotations strike out.
    """
    import numpy as np

    x0, y0, x1, y1 = glyphs.boxes.T
    height, middle = y1 - y0, (x0 + x1) / 2
    lowest, highest = y0 + 0.3 * height, y0 + 0.65 * height
    inked = glyphs.ink
    out = np.zeros(len(inked), dtype=bool)
    rules = [box for box in rules if box[2] - box[0] >= 3 and box[3] - box[1] <= 2.5]
    for left, low, right, high in rules:
        at = (low + high) / 2
        under = (at > lowest) & (at < highest) & inked
        if not under.any():
            continue
        under &= (middle > left) & (middle < right) & (high - low < 0.2 * height)
        covered = (x1 - x0)[under].sum() > 0.6 * (right - left)
        if under.any() and covered and _whole_words(glyphs.text, np.flatnonzero(under)):
            out |= under
    for left, low, right, high in strikes:
        centre = (y0 + y1) / 2
        out |= inked & (middle > left) & (middle < right) & (centre > low) & (centre < high)
    return out


def _whole_words(text: str, chosen: NDArray[np.int64]) -> bool:
    """Whether a stretch begins and ends with a word, as lines there by chance do not."""
    first, last = int(chosen[0]), int(chosen[-1])
    pairs = (text[max(first - 1, 0) : first + 1], text[last : last + 2])
    return not any(len(pair) == 2 and pair.isascii() and pair.isalpha() for pair in pairs)


def stretches(chosen: NDArray[np.bool_], glyphs: Glyphs) -> int:
    """How many stretches of a text the chosen characters make; blanks do not part them.

    Args:
        chosen: (n,) whether a character is meant.
        glyphs: The n characters.
    """
    import numpy as np

    if not chosen.any():
        return 0
    own = chosen[glyphs.ink]
    return int((own & ~np.r_[False, own[:-1]]).sum()) if len(own) else 0
