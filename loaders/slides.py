"""Reads PPTX: one page per slide, shapes from top to bottom, then its notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import LoadError
from .grids import grid_text
from .headings import markdown_headings
from .pages import Page, warning

_DEEPEST = 20
_LONGEST_TITLE = 100  # characters


def read_pptx(path: Path, file: str) -> Iterator[Page]:
    """A presentation's slides in order, each as a page of Markdown.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is damaged.
    """
    from pptx import Presentation

    try:
        presentation = Presentation(str(path))
        slides = list(presentation.slides)
        title = (presentation.core_properties.title or "").strip()
    except Exception as error:
        raise LoadError("load.zip_broken", file=file) from error
    for number, slide in enumerate(slides, 1):
        warnings = []
        try:
            text = _slide(slide)
        except Exception:  # noqa: BLE001 - one broken slide must not cost the others
            text = _plain(slide)
            warnings.append(warning("load.page_broken", page=number))
        yield Page(
            text,
            number=number,
            headings=markdown_headings(text),
            warnings=tuple(warnings),
            notes={"title": title} if title else {},
        )


def _slide(slide: Any) -> str:
    title = slide.shapes.title
    blocks = []
    if title is not None and title.has_text_frame and title.text_frame.text.strip():
        words = " ".join(title.text_frame.text.split())
        blocks.append(f"# {words}" if len(words) <= _LONGEST_TITLE else words)
    blocks += _shapes(slide.shapes, title, 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        blocks.append(slide.notes_slide.notes_text_frame.text.strip())
    return "\n\n".join(block for block in blocks if block.strip())


def _shapes(shapes: Any, title: Any, depth: int) -> Iterator[str]:
    """The texts of shapes, from the top down and from left to right."""
    if depth > _DEEPEST:
        yield from (_words(shape) for shape in shapes)
        return
    for shape in sorted(shapes, key=_place):
        if title is not None and shape.shape_id == title.shape_id and not depth:
            continue
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes, title, depth + 1)
        elif getattr(shape, "has_table", False):
            yield grid_text([[cell.text for cell in row.cells] for row in shape.table.rows])
        elif shape.has_text_frame:
            lines = [paragraph.text for paragraph in shape.text_frame.paragraphs]
            yield "\n".join(line.replace("\v", "\n") for line in lines if line.strip())


def _place(shape: Any) -> tuple[int, int]:
    return (shape.top or 0, shape.left or 0)


def _words(shape: Any) -> str:
    """All the text below a shape or a slide."""
    return "\n".join(
        node.text for node in shape.element.iter() if str(node.tag).endswith("}t") and node.text
    )


def _plain(slide: Any) -> str:
    """All the text of a slide's XML, for slides that python-pptx cannot read."""
    return _words(slide)
