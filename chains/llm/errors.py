"""What a failed call means, whichever provider's package raised the error."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["wrong_key", "not_found", "no_money", "lost", "too_long", "refused"]

UNREADABLE_TRIES = 3  # of a request answered under status 200 with what no client can read
_UNAUTHORIZED, _PAYMENT, _FORBIDDEN, _NOT_FOUND, _TOO_LARGE = 401, 402, 403, 404, 413
_TOO_MANY, _SERVER_ERROR = 429, 500
_TRANSIENT = (408, 409, 425, _TOO_MANY)
# By name, because every provider's package has its own of each.
_CONNECTION = {"APIConnectionError", "APITimeoutError", "TransportError"}


def classify(error: BaseException) -> Kind:
    """The kind of failure, for a caller to turn into its own error and sentence.

    Args:
        error: The last failure of a request, after all its retries.

    Returns:
        ``wrong_key``: the key is refused. ``not_found``: the address or the model is unknown.
        ``no_money``: the account is used up. ``lost``: the server is busy, broken or unreachable.
        ``too_long``: the request does not fit the model's context. ``refused``: anything else.
    """
    status = status_of(error)
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return "wrong_key"
    if status == _NOT_FOUND:
        return "not_found"
    if is_out_of_money(error):
        return "no_money"
    if may_pass(error):
        return "lost"
    return "too_long" if status == _TOO_LARGE or is_overflow(error) else "refused"


def may_pass(error: BaseException, tries: int = 1) -> bool:
    """Whether a retry may help: after rate limits, server faults and broken connections.

    Args:
        error: Whatever a call raised.
        tries: How often this request has failed.
    """
    status = status_of(error)
    if status:
        return (status in _TRANSIENT or status >= _SERVER_ERROR) and not is_out_of_money(error)
    if isinstance(error, ConnectionError | TimeoutError) or is_connection(error):
        return True
    # A proxy's page, or an error object, under status 200 fails in whatever reads it.
    unreadable = isinstance(error, ValueError | TypeError | KeyError | AttributeError)
    return unreadable and not isinstance(error, UnicodeError) and tries < UNREADABLE_TRIES


def is_connection(error: BaseException) -> bool:
    """Whether a call failed before there was any reply."""
    return not _CONNECTION.isdisjoint(kind.__name__ for kind in type(error).__mro__)


def is_out_of_money(error: BaseException) -> bool:
    """Whether the account is used up, so that no retry helps."""
    status = status_of(error)
    return status == _PAYMENT or (status == _TOO_MANY and "insufficient_quota" in str(error))


def is_overflow(error: BaseException) -> bool:
    """Whether a request was refused because it is longer than the model's context."""
    words = str(error).lower()
    long = ("too long", "too large", "too many", "length", "exceed", "limit", "超", "过长")
    what = ("context", "token", "prompt", "input", "上下文", "输入", "长度")
    return any(word in words for word in long) and any(word in words for word in what)


def is_about_schema(reason: str) -> bool:
    """Whether a request was refused because it asks for JSON under a schema."""
    words = reason.lower()
    return any(word in words for word in ("response_format", "json_schema", "schema", "grammar"))


def status_of(error: BaseException) -> int:
    """The HTTP status a call failed with; 0 where there was none."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else 0


def reason_of(error: BaseException) -> str:
    """The provider's own explanation, on one line of at most 300 characters."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(message or error).split())[:300] or type(error).__name__
