"""Calls a chat model with retries, a rate limit, and an early end when the model loops.

Retrying happens here, inside the step. Around a batch it would hand a failed item another item's
reply (langchain-core 1.x), and put a pair on the wrong page.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import RunnableConfig

from loaders import count_tokens

from ..records import LOOP
from .errors import may_pass, status_of
from .finish import BROKEN, finish_of
from .limits import Pace
from .loops import pairs_repeat

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds
CROWDED = 429
LOOK_EVERY = 200  # characters without a line end before a check for loops


def until_answered(
    call: Callable[[], AIMessage],
    *,
    seconds: float,
    pace: Pace,
    tokens: int,
    stop: threading.Event,
) -> AIMessage:
    """The reply of a call, retried while its failures may pass.

    Args:
        call: Makes the request once.
        seconds: How long to retry after the first failure; the first call's time is not counted.
        pace: The rate limit, waited for before every try.
        tokens: Estimated tokens of one try, for the rate limit.
        stop: Ends the waiting.

    Raises:
        Exception: The last failure, whatever the provider's package raises.
    """
    tries, until = 0, float("inf")
    while True:
        pace.wait(tokens, stop)
        began = time.monotonic()
        try:
            return call()
        except Exception as error:
            tries += 1
            now = time.monotonic()
            until = min(until, now + seconds)
            requested = retry_after(error)
            kind, status, seconds_taken = type(error).__name__, status_of(error), now - began
            pace.pause(min(requested, until - now), crowded=status == CROWDED)
            pause_seconds = max(requested, jittered(tries))
            if not may_pass(error, tries) or now + pause_seconds > until:
                log.info(
                    "try %d failed (%s, status %d, %.1f s): the last",
                    *(tries, kind, status, seconds_taken),
                )
                raise
            log.info(
                "try %d failed (%s, status %d, %.1f s): again in %.1f s",
                *(tries, kind, status, seconds_taken, pause_seconds),
            )
            if stop.wait(pause_seconds):
                raise


def jittered(tries: int) -> float:
    """Seconds to wait after a number of failures: a uniform draw below an exponential bound.

    Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015), so that many
    callers do not come back at once.
    """
    bound = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 10))
    return random.uniform(0, bound)  # noqa: S311 - spreads load, guards nothing


def retry_after(error: BaseException, now: Callable[[], float] = time.time) -> float:
    """Seconds of a ``Retry-After`` header, given as a number or a date; 0 without one."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("retry-after", "")).strip()
    if said.isascii() and said.replace(".", "", 1).isdigit():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - now())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def read_stream(
    llm: BaseChatModel, messages: list[BaseMessage], config: RunnableConfig | None = None
) -> AIMessage:
    """A streamed reply as one message, ended early if the model loops.

    A reply ended early has no token count: llama.cpp sends one token a chunk, and the prompt's are
    estimated.
    """
    text, looked_at, chunks = "", 0, 0
    usage, finish = None, ""
    stream = _until_broken(llm.stream(messages, config))
    for chunk in stream:
        if chunk is None:
            finish = BROKEN
            break
        said = chunk.text
        text += said
        chunks += 1
        usage = chunk.usage_metadata or usage
        finish = finish_of(chunk.response_metadata) or finish
        if "\n" in said or len(text) - looked_at > LOOK_EVERY:
            looked_at = len(text)
            if pairs_repeat(text):
                finish = LOOP
                break
    if usage is None:
        prompt_tokens = sum(count_tokens(message.text) for message in messages)
        usage = UsageMetadata(
            input_tokens=prompt_tokens, output_tokens=chunks, total_tokens=prompt_tokens + chunks
        )
    return AIMessage(
        content=text, usage_metadata=usage, response_metadata={"finish_reason": finish}
    )


def _until_broken(stream: Iterator[AIMessage]) -> Iterator[AIMessage | None]:
    """The chunks of a stream; None where it breaks off after some of the reply has come."""
    begun = False
    while True:
        try:
            chunk = next(stream)
        except StopIteration:
            return
        except Exception:
            if not begun:
                raise
            yield None
            return
        begun = begun or bool(chunk.text)
        yield chunk
