"""Errors of the room: EndpointError <- SaidError <- LangChainException."""

from messages.errors import SaidError


class EndpointError(SaidError):
    """A local model server that does not start or has died, with the reason and the remedy."""
