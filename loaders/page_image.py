"""A page of a PDF or picture as an image, with where passages stand on it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .characters import whole_characters
from .errors import LoadError
from .loading import check_file, file_digest, recognise

MOST_WIDTH = 2400
"""Pixels; a wider image is not drawn."""
_LEAST_WIDTH = 16
_MOST_PASSAGES = 20


class Box(NamedTuple):
    """The place of one line of a passage on the image, in pixels."""

    left: int
    top: int
    width: int
    height: int


class PageImage(NamedTuple):
    """One page as an image.

    Attributes:
        png: The bytes of the PNG file.
        width: Pixels.
        height: Pixels.
        boxes: Of the passages that were found, a box for every line; none on a picture.
    """

    png: bytes
    width: int
    height: int
    boxes: tuple[Box, ...]


def page_image(
    path: str | Path, page: int | None, width: int, passages: Sequence[str], sha256: str
) -> PageImage:
    """A page of a file that was read before, drawn in another process with bounds.

    Args:
        path: The PDF or picture.
        page: Its number, from 1; None for the whole of a picture.
        width: Of the image, in pixels; at most ``MOST_WIDTH`` are drawn.
        passages: Texts of the page as they were read; blanks and punctuation do not matter.
        sha256: Of the file when it was read, as its Documents and the journal have it.

    Raises:
        LoadError: The file is gone, was changed since, is encrypted or broken, has no such page,
            or is of a format without pages to draw.

    Example:
        >>> file = "examples/documents/apollo11.pdf"
        >>> digest = next(load(file)).metadata["sha256"]
        >>> page_image(file, 1, 800, ["Columbia"], digest).width
        800
    """
    file, place = whole_characters(str(path)), Path(path)
    check_file(place, file)
    status = place.stat()
    if _digest(place, file, status.st_size, status.st_mtime_ns) != sha256:
        raise LoadError("load.changed", file=file)
    form = recognise(place, file)
    if form.name not in ("pdf", "picture"):
        raise LoadError("load.no_page_image", file=file)
    from .worker.reading import draw_apart

    width = min(max(width, _LEAST_WIDTH), MOST_WIDTH)
    drawn = draw_apart(place, file, form, page or 1, width, passages[:_MOST_PASSAGES])
    boxes = tuple(Box(*map(int, box)) for box in drawn["boxes"])
    return PageImage(b64decode(drawn["image"]), int(drawn["width"]), int(drawn["height"]), boxes)


@lru_cache(maxsize=64)
def _digest(path: Path, file: str, _size: int, _changed: int) -> str:
    """The SHA-256 of a file, which is not taken anew for each of its pages."""
    return file_digest(path, file)
