"""What was put onto a PDF page after it was set: check boxes, typed text, lines that strike out."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .glyphs import turned
from .runs import Run

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_MOST = 5000  # on one page
_SIZE = 14.0  # points of a typed line, where nothing says its height
_LONGEST = 20_000  # characters of one annotation
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Annotations:
    """What a page's annotations say.

    Attributes:
        runs: Marks of check boxes, and typed text that is drawn nowhere.
        boxes: Where those marks stand; what is drawn there says the same.
        strikes: Stretches that are struck out, in points on the page.
        comments: How many notes lie behind a symbol.
        drawn: Whether others are drawn, and become part of the page by flattening it.
    """

    runs: list[Run] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    strikes: list[Box] = field(default_factory=list)
    comments: int = 0
    drawn: bool = False


def read_annotations(document: PdfDocument, page: PdfPage) -> Annotations:
    """The annotations of a page.

    Args:
        document: The open file, its forms loaded where it has any.
        page: The open page.
    """
    import pypdfium2.raw as pdfium

    found = Annotations()
    upright = (360 - page.get_rotation()) % 360
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        try:
            _read(pdfium, document, annotation, upright, found)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def _read(
    pdfium: Any, document: PdfDocument, annotation: Any, upright: int, found: Annotations
) -> None:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    unseen = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
    if pdfium.FPDFAnnot_GetFlags(annotation) & unseen:
        return
    if kind == pdfium.FPDF_ANNOT_TEXT:
        found.comments += bool(_string(pdfium, annotation, b"Contents").strip())
    elif kind == pdfium.FPDF_ANNOT_STRIKEOUT:
        found.strikes += _quadrangles(pdfium, annotation)
    elif kind in (pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_STAMP):
        if _has_looks(pdfium, annotation):
            found.drawn = True
        elif kind == pdfium.FPDF_ANNOT_FREETEXT:
            lines = _string(pdfium, annotation, b"Contents").split("\n")
            found.runs += _lines(lines, turned(_rectangle(pdfium, annotation), upright), upright)
    elif kind == pdfium.FPDF_ANNOT_WIDGET and document.formenv is not None:
        form = document.formenv.raw
        field_kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
        if field_kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
            box = _rectangle(pdfium, annotation)
            mark = "☒" if pdfium.FPDFAnnot_IsChecked(form, annotation) else "☐"
            found.boxes.append(box)
            found.runs.append(Run(mark, *turned(box, upright), turn=upright))
        else:
            found.drawn = True


def _rectangle(pdfium: Any, annotation: Any) -> Box:
    rect = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, rect)
    xs, ys = sorted((rect.left, rect.right)), sorted((rect.bottom, rect.top))
    return xs[0], ys[0], xs[1], ys[1]


def _quadrangles(pdfium: Any, annotation: Any) -> list[Box]:
    boxes = []
    corners = pdfium.FS_QUADPOINTSF()
    for number in range(min(pdfium.FPDFAnnot_CountAttachmentPoints(annotation), _MOST)):
        if pdfium.FPDFAnnot_GetAttachmentPoints(annotation, number, corners):
            xs = (corners.x1, corners.x2, corners.x3, corners.x4)
            ys = (corners.y1, corners.y2, corners.y3, corners.y4)
            boxes.append((min(xs), min(ys), max(xs), max(ys)))
    return boxes


def _has_looks(pdfium: Any, annotation: Any) -> bool:
    return bool(pdfium.FPDFAnnot_GetAP(annotation, 0, None, 0) > 2)


def _string(pdfium: Any, annotation: Any, key: bytes) -> str:
    length = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, length)
    text = bytes(buffer)[:length].decode("utf-16-le", "replace").split("\0")[0]
    return text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n")


def _lines(lines: list[str], box: Box, turn: int) -> list[Run]:
    """Typed lines from the top of their box down."""
    x0, y0, x1, y1 = box
    height = min(_SIZE, (y1 - y0) / max(len(lines), 1))
    return [
        Run(line.strip(), x0, y1 - height * (n + 1), x1, y1 - height * n, turn=turn)
        for n, line in enumerate(lines)
        if line.strip()
    ]


def with_annotations(runs: list[Run], typed: list[Run]) -> list[Run]:
    """The runs of a page, what annotations add put beside the nearest run of its line.

    Args:
        runs: In the order of the file.
        typed: What annotations add.
    """
    out = list(runs)
    for one in typed:
        best: tuple[float, int] | None = None
        for number, run in enumerate(out):
            shared = min(one.y1, run.y1) - max(one.y0, run.y0)
            if run.turn != one.turn or shared <= 0.3 * min(one.height, run.height):
                continue
            ahead = run.x0 - one.x1
            apart = max(ahead, one.x0 - run.x1)
            if best is None or apart < best[0]:
                best = (apart, number if ahead > one.x0 - run.x1 else number + 1)
        out.insert(best[1] if best else len(out), one)
    return out
