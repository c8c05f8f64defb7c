"""Errors of the page: PageError <- SaidError <- LangChainException."""

from messages import SaidError


class PageError(SaidError):
    """Invalid user input, or a configuration the page cannot be started with."""
