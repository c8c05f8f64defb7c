"""Errors of the door.

RestError <- SaidError <- LangChainException
"""

from messages import SaidError


class RestError(SaidError):
    """A request, or a way to start the service, that is refused."""
