"""Errors of the package: FormatError <- LoadError <- SaidError <- LangChainException."""

from __future__ import annotations

from messages.errors import SaidError


class LoadError(SaidError):
    """A file that cannot become text, with the file, the reason and the remedy.

    Attributes:
        beside: The errors of other files that were given with it, where none could be read.
    """

    beside: tuple[LoadError, ...] = ()


class FormatError(LoadError):
    """A file in a format that no reader knows."""
