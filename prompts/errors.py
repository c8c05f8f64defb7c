"""Errors of the package: PromptError <- SaidError <- LangChainException."""

from messages.errors import SaidError


class PromptError(SaidError):
    """A prompt that does not exist or cannot be used, with the remedy."""
