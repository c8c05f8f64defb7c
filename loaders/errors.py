"""Errors of the package: FormatError <- LoadError <- SaidError <- LangChainException."""

from messages.errors import SaidError


class LoadError(SaidError):
    """A file that cannot become text, with the file, the reason and the remedy."""


class FormatError(LoadError):
    """A file in a format that no reader knows."""
