"""OCR of scanned pages, offline, with the extra ``ocr``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..progress import READING, RECOGNISING, report
from .runs import Run

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_LONG_SIDE = 1600  # pixels of the rendered page: small print stays legible
_DETECT_SIDE = 960  # pixels in which lines are looked for
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
            report(RECOGNISING)  # what is drawn by now has a bounded size
            found = self._recognise(bitmap.to_numpy())
            report(READING)
        finally:
            bitmap.close()
        runs = []
        for box, text in found:
            xs = [float(x) / scale for x, _ in box]
            ys = [height - float(y) / scale for _, y in box]
            if text.strip():
                runs.append(Run(text, min(xs), min(ys), max(xs), max(ys)))
        return runs, height

    def _recognise(self, pixels: Any) -> list[tuple[Any, str]]:
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
        return list(zip(result.boxes, result.txts, strict=True))
