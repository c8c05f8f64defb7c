"""What a user may say about how a file is read."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    password: str | None = None
    include: frozenset[str] = frozenset()
