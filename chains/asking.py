"""One request: from the journal if it was ever answered, else from the model, tried until it is.

Retrying happens here, inside the step. Around a batch it would hand a failed item another item's
reply (langchain-core 1.x), and put a pair on the wrong page.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from loaders import count_tokens

from .backends import OpenBackend, wrong_key
from .errors import BackendError
from .journal import Journal, request_key
from .loops import goes_in_circles
from .records import LOOP, Reply

if TYPE_CHECKING:
    from tenacity import RetryCallState

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds
MOST_RETRY_AFTER = 120.0
LOOK_EVERY = 200  # characters without a line's end
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 401, 403, 404, 429
_SERVER_ERROR = 500
_RETRIED = (408, 409, 425, _TOO_MANY)


class RefusedError(Exception):
    """The backend refuses this one request for good; others may well be answered.

    Attributes:
        reason: What it said, one line.
        overflow: Whether the request was longer than the model's context.
    """

    def __init__(self, reason: str, *, overflow: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.overflow = overflow


class Asker:
    """Answers requests, each paid for at most once.

    Args:
        opened: The backend; connected to at the first request the journal cannot answer.
        journal: Where replies are looked up and kept.
        retry_seconds: How long one failing request is tried again.
    """

    def __init__(self, opened: OpenBackend, journal: Journal, retry_seconds: float) -> None:
        self._opened = opened
        self._journal = journal
        self._retry_seconds = retry_seconds

    def ask(self, messages: list[BaseMessage], chunk_id: str, prompt: str) -> tuple[Reply, bool]:
        """The reply to a request, and whether it was paid for just now.

        Args:
            messages: The whole rendered request.
            chunk_id: The chunk it is about.
            prompt: The prompt's fingerprint.

        Raises:
            RefusedError: This request will never be answered.
            BackendError: No request will: wrong key, unknown model, nobody there.
            WeightsError: As ``OpenBackend.llm``.
            EndpointError: As ``OpenBackend.llm``.
            JournalError: The journal cannot be read or written.
        """
        opened = self._opened
        key = request_key(messages, opened.model, opened.address, opened.parameters)
        known = self._journal.reply(key)
        if known:
            return known, False
        started = time.monotonic()
        message = self._until_answered(messages)
        usage = message.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
        finish = str(message.response_metadata.get("finish_reason") or "")
        written = usage["output_tokens"]
        reply = Reply(
            chunk_id=chunk_id,
            text=message.text,
            model=opened.model,
            prompt=prompt,
            prompt_tokens=usage["input_tokens"],
            completion_tokens=written,
            finish_reason=finish,
            seconds=time.monotonic() - started,
            # ChatGLM3 servers say "stop" even where the token limit cut the reply.
            truncated=finish == "length"
            or (finish != LOOP and written >= opened.parameters["max_tokens"]),
        )
        self._journal.keep_reply(key, reply)
        return reply, True

    def _until_answered(self, messages: list[BaseMessage]) -> AIMessage:
        from tenacity import Retrying, retry_if_exception, stop_after_delay

        llm = self._opened.llm()
        trying = Retrying(
            retry=retry_if_exception(is_passing),
            wait=_wait,
            stop=stop_after_delay(self._retry_seconds),
            reraise=True,
        )
        try:
            return trying(self._write if self._opened.backend.stream else llm.invoke, messages)
        except Exception as error:  # every provider's package raises its own kinds
            raise self._verdict(error) from error

    def _write(self, messages: list[BaseMessage]) -> AIMessage:
        """The reply as it is written, ended early where the model goes in circles.

        Ended early, nobody has counted its tokens: llama.cpp sends one a piece, and the prompt's
        are estimated.
        """
        text, looked_at, pieces = "", 0, 0
        usage, finish = None, ""
        for piece in self._opened.llm().stream(messages):
            said = piece.text
            text += said
            pieces += 1
            usage = piece.usage_metadata or usage
            finish = piece.response_metadata.get("finish_reason") or finish
            if "\n" in said or len(text) - looked_at > LOOK_EVERY:
                looked_at = len(text)
                if goes_in_circles(text):
                    finish = LOOP
                    break
        if usage is None:
            asked = sum(count_tokens(message.text) for message in messages)
            usage = UsageMetadata(
                input_tokens=asked, output_tokens=pieces, total_tokens=asked + pieces
            )
        return AIMessage(
            content=text, usage_metadata=usage, response_metadata={"finish_reason": finish}
        )

    def _verdict(self, error: Exception) -> Exception:
        """What a call's last failure means for the run."""
        backend, status = self._opened.backend, _status(error)
        address = backend.base_url or backend.provider
        if status in (_UNAUTHORIZED, _FORBIDDEN):
            return wrong_key(backend)
        if status == _NOT_FOUND:
            return BackendError(
                "backend.not_found", backend=backend.name, address=address, model=backend.model
            )
        reason = _one_line(error)
        if is_passing(error):
            return BackendError(
                "backend.lost", backend=backend.name, address=address, reason=reason
            )
        return RefusedError(reason, overflow=_is_overflow(reason))


def is_passing(error: BaseException) -> bool:
    """Whether asking the same again may help: rate limits, server faults, broken connections."""
    status = _status(error)
    if status:
        return status in _RETRIED or status >= _SERVER_ERROR
    # An HTML page or an error object under status 200 comes as a ValueError of the reader.
    connection = ("APIConnectionError", "APITimeoutError", "JSONDecodeError")
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, ConnectionError | TimeoutError) or not kinds.isdisjoint(connection)


def _status(error: BaseException) -> int:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else 0


def _wait(state: RetryCallState) -> float:
    """Seconds until the next try: what the server asks for, else exponential with full jitter.

    Full jitter: a uniform draw below the exponential bound (AWS Architecture Blog, "Exponential
    Backoff And Jitter", 2015), so that many callers do not come back at once.
    """
    bound = min(LONGEST_WAIT, FIRST_WAIT * 2**state.attempt_number)
    jittered = random.uniform(0, bound)  # noqa: S311 - spreads load, guards nothing
    error = state.outcome.exception() if state.outcome else None
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", {})
    return max(jittered, min(MOST_RETRY_AFTER, retry_after(headers.get("retry-after", ""))))


def retry_after(header: str, now: Callable[[], float] = time.time) -> float:
    """Seconds a ``Retry-After`` header asks for, as a number or a date; 0 where it says nothing."""
    if header.strip().replace(".", "", 1).isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now())
    except (TypeError, ValueError):
        return 0.0


def _is_overflow(reason: str) -> bool:
    words = reason.lower()
    return "context" in words and any(
        word in words for word in ("length", "exceed", "too long", "size", "maximum", "larger")
    )


def _one_line(error: BaseException) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(said or error).split())[:300] or type(error).__name__
