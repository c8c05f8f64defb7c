"""OCR of scanned pages, offline, with the extra ``ocr``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..progress import READING, RECOGNISING, report
from .runs import Run

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_Found = tuple[Any, str, float]  # a line's four corners in pixels, its text, the confidence

_LONG_SIDE = 1600  # pixels of the rendered page: small print stays legible
_DETECT_SIDE = 960  # pixels in which lines are looked for
_UPRIGHT = 0.85  # of 1.0; a page read with less confidence may lie upside down
_SURE = 0.5  # of 1.0; lines read with less confidence are noise


def can_recognise() -> bool:
    """Whether the extra ``ocr`` is installed."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


class Scanner:
    """Recognises the text of rendered pages; its models load with the first page."""

    def __init__(self) -> None:
        self._engine: Any = None

    def read(self, page: PdfPage) -> tuple[list[Run], float]:
        """The lines of a page in its upright frame, and the frame's height, both in points.

        Args:
            page: The open page.
        """
        width, height = page.get_size()
        scale = _LONG_SIDE / max(width, height, 1.0)
        bitmap = page.render(scale=scale)
        try:
            pixels = bitmap.to_numpy()
        finally:
            bitmap.close()
        report(RECOGNISING)  # what is drawn by now has a bounded size
        found, rows = self._upright(pixels)
        report(READING)
        height = rows / scale
        runs = []
        for box, text, _ in found:
            xs = [float(x) / scale for x, _ in box]
            ys = [height - float(y) / scale for _, y in box]
            if text.strip():
                runs.append(Run(text, min(xs), min(ys), max(xs), max(ys)))
        return runs, height

    def _upright(self, pixels: Any) -> tuple[list[_Found], int]:
        """What a picture says, turned until it reads best, and its height then in pixels."""
        import numpy as np

        best = self._recognise(pixels)
        rows = pixels.shape[0]
        turns = (1, 3) if _lies(best) else () if not best or _reads(best) else (2, 1, 3)
        for quarter in turns:
            turned = np.ascontiguousarray(np.rot90(pixels, quarter))
            found = self._recognise(turned)
            if _worth(found) > _worth(best):
                best, rows = found, turned.shape[0]
        return best, rows

    def _recognise(self, pixels: Any) -> list[_Found]:
        if self._engine is None:
            from rapidocr import RapidOCR

            self._engine = RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "Global.text_score": _SURE,
                    # It turns upright lines upside down more often than it helps.
                    "Global.use_cls": False,
                    "Det.limit_type": "max",
                    "Det.limit_side_len": _DETECT_SIDE,
                }
            )
        result = self._engine(pixels)
        if result.boxes is None or result.txts is None:
            return []
        return list(zip(result.boxes, result.txts, result.scores, strict=True))


def _worth(found: list[_Found]) -> float:
    """How much was read, and how surely: the square of each line's confidence counts."""
    return sum(len(text) * float(score) ** 2 for _, text, score in found)


def _lies(found: list[_Found]) -> bool:
    """Whether most text stands in boxes higher than wide: its lines run up or down."""
    tall = 0
    for box, text, _ in found:
        xs, ys = [float(x) for x, _ in box], [float(y) for _, y in box]
        tall += max(ys) - min(ys) > 1.5 * (max(xs) - min(xs)) and len(text) > 1
    return bool(found) and tall > 0.5 * len(found)


def _reads(found: list[_Found]) -> bool:
    """Whether lines were read surely enough not to be upside down."""
    letters = sum(len(text) for _, text, _ in found)
    sure = sum(len(text) * float(score) for _, text, score in found)
    return letters > 0 and sure > _UPRIGHT * letters
