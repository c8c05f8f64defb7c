"""What a user may say about how a file is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

INCLUDABLE = ("hidden", "struck", "comments", "headers", "deletions", "page")
"""What is left out and counted unless it is asked for: hidden text (also sheets, rows, columns and
slides), struck text, comments, page headers and footers, tracked deletions; ``page`` stands for
the whole of a web page, menus and all."""


@dataclass(frozen=True)
class LoadOptions:
    """What a user may say about how a file is read.

    Attributes:
        password: Opens an encrypted file.
        include: Words of ``INCLUDABLE``, for what is left out otherwise.
        counted: Called with the number of pages before the first one, where a PDF tells it.
    """

    password: str | None = None
    include: frozenset[str] = frozenset()
    counted: Callable[[int], object] | None = field(default=None, compare=False)
