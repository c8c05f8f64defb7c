"""Errors of the REST service.

RestError <- SaidError <- LangChainException
"""

from messages import SaidError


class RestError(SaidError):
    """A request that is refused, or a configuration the service cannot be started with."""
