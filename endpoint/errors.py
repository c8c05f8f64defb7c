"""Errors of the endpoint: EndpointError <- SaidError <- LangChainException."""

from messages.errors import SaidError


class EndpointError(SaidError):
    """A failure of a local model server: start-up, request or engine."""
