"""Errors of the room: PageError <- SaidError <- LangChainException."""

from messages import SaidError


class PageError(SaidError):
    """What the page cannot do for a person, or cannot be started with."""
