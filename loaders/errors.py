"""Errors of the room: LoadError <- SaidError <- LangChainException."""

from messages.errors import SaidError


class LoadError(SaidError):
    """A file that cannot become text, with the file, the reason and the remedy."""
