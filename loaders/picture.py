"""Reads pictures of text: each becomes a page of a PDF, which is recognised like any scan."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from .errors import LoadError
from .pages import Page

_MOST_PIXELS = 120_000_000  # of one picture; 400 MB once it is unpacked
_MOST_FRAMES = 500  # pages of one file
_ENOUGH = 4000  # pixels; recognition itself looks at fewer
_ORIENTATION = 0x0112
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # of EXIF's orientations to Pillow's names
_TALLEST = 10  # times the width, of a picture that is shown
_LONGEST = 3.0  # times the width; a longer picture, such as a long screenshot, is cut
_LEAST_CUT = 2000  # pixels; shorter pictures stay whole
_CUT = 2.0  # times the width
_LEEWAY = 0.15  # of a piece's height, in which a blank line is looked for to cut at


def read_picture(path: Path, file: str) -> Iterator[Page]:
    """The pages of a picture, one a frame of a TIFF, upright and with their text recognised.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It is damaged, larger than a page can be, or no text is recognised on it.
    """
    with tempfile.TemporaryDirectory(prefix="qa3-picture-") as folder:
        printed = Path(folder) / "picture.pdf"
        many = _print(path, printed, file)
        from .pdf.reading import read_pdf

        for page in read_pdf(printed, file):
            yield page if many else replace(page, number=None)


def draw_picture(
    path: Path, file: str, number: int, width: int
) -> tuple[bytes, int, int, list[tuple[int, int, int, int]]]:
    """A page of a picture as PNG, its width and height in pixels, and no boxes.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.
        number: Of the page, from 1; only a TIFF of several frames has more than one.
        width: Pixels; a smaller picture keeps its size.

    Raises:
        LoadError: It is damaged, larger than a page can be, or has no such page.
    """
    with _opened(path, file) as (picture, frames):
        whole = _frames(picture, frames, file)
        pages = (piece for page in whole for piece in (_pieces(page) if frames > 1 else [page]))
        page = next(islice(pages, number - 1, None), None) if number > 0 else None
        if page is None:
            raise LoadError("load.no_such_page", file=file, page=number, pages=frames)
        page = page.convert("RGB")
        page.thumbnail((width, _TALLEST * width))
        content = BytesIO()
        page.save(content, "PNG")
        return content.getvalue(), page.width, page.height, []


def _print(path: Path, printed: Path, file: str) -> bool:
    """Writes the picture's frames as the pages of a PDF; whether the file itself has pages."""
    with _opened(path, file) as (picture, frames):
        pages = (piece for page in _frames(picture, frames, file) for piece in _pieces(page))
        first = next(pages)
        first.save(printed, "PDF", save_all=True, append_images=pages, quality=92, resolution=150)
    return frames > 1


@contextmanager
def _opened(path: Path, file: str) -> Iterator[tuple[Any, int]]:
    """A picture and the number of its frames, of which only those of a TIFF count."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Its own warning begins at other sizes; what is too large is refused below.
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                yield picture, getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    except LoadError:
        raise
    except Image.DecompressionBombError as error:
        raise LoadError("load.picture_large", file=file, most=_MOST_PIXELS // 10**6) from error
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        MemoryError,
    ) as error:
        raise LoadError("load.picture_broken", file=file) from error


def _frames(picture: Any, count: int, file: str) -> Iterator[Any]:
    """The frames of a picture, upright and no larger than needed."""
    if count > _MOST_FRAMES:
        raise LoadError("load.too_many_pages", file=file, pages=count, most=_MOST_FRAMES)
    for at in range(count):
        picture.seek(at)
        if picture.width * picture.height > _MOST_PIXELS:
            raise LoadError("load.picture_large", file=file, most=_MOST_PIXELS // 10**6)
        picture.draft("RGB", (_ENOUGH, _ENOUGH))  # where a JPEG can be read smaller at once
        turn = _TURNS.get(picture.getexif().get(_ORIENTATION))
        page = _on_white(_smaller(picture))
        page = page.copy() if page is picture else page  # which is all frames at once
        yield page if turn is None else page.transpose(turn)


def _smaller(picture: Any) -> Any:
    """A picture that is no larger than text recognition has use for."""
    short, long = sorted(picture.size)
    times = int(min(long, _LONGEST * short)) // _ENOUGH
    return picture.reduce(times) if times > 1 and picture.mode not in ("1", "P") else picture


def _on_white(picture: Any) -> Any:
    from PIL import Image

    if picture.mode in ("RGB", "L"):
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        low, high = picture.convert("F").getextrema()
        scale = 255 / max(high - low, 1)
        return picture.convert("F").point(lambda value: (value - low) * scale).convert("L")
    if "A" in picture.mode or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(ground, clear).convert("RGB")
    return picture.convert("RGB")


def _pieces(picture: Any) -> Iterator[Any]:
    """A long picture in pieces that are cut between two lines; any other whole."""
    import numpy as np

    width, height = picture.size
    if height <= max(_LONGEST * width, _LEAST_CUT):
        yield picture
        return
    busy = np.asarray(picture.convert("L"), dtype=np.uint8).std(axis=1)
    step = max(int(_CUT * width), 1)
    at = 0
    while at < height:
        end = at + step
        if end + step // 4 >= height:
            end = height
        else:
            first = end - int(_LEEWAY * step)
            end -= int(busy[first:end][::-1].argmin())
        yield picture.crop((0, at, width, end))
        at = end
