"""Estimates the calls, tokens, cost and time of a run, without calling the model."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from math import ceil

from langchain_core.messages import BaseMessage
from pydantic import BaseModel, ConfigDict, Field

from loaders import count_tokens
from loaders.records import Chunk
from pairs.records import Reason
from pairs.text.normalise import normalise
from prompts.judge import judge_prompt
from prompts.verification import verifying_prompt

from ..journal.leases import Lease
from ..journal.replies import Journal
from ..llm.backends import choose, choose_judge
from ..llm.cached_call import CachedModel
from ..llm.client import OpenBackend
from ..settings import Resolved
from .extraction import Extraction
from .inputs import Inputs, RunInput, read_for

REPLY_SHARE = 0.7
"""Reply tokens for each token of text, as measured with the example documents."""
REPLY_TOKENS_A_PAIR = 30
"""Of a question (13 to 20), its answer (5 to 13) and labels (about 6) in CMRC and SQuAD."""
EVIDENCE_TOKENS, ANSWER_TOKENS = 40, 15
"""Of an evidence sentence, and of an answer alone."""
VERDICT_TOKENS = 25
"""Of a judge's word on a pair with the words it quotes, as measured on the labelled set."""


class Asking(BaseModel):
    """A number of calls and the tokens they may take."""

    model_config = ConfigDict(frozen=True)

    calls: int
    prompt: int
    completion: int


class Estimate(BaseModel):
    """The expected calls, tokens, cost and time of a run."""

    model_config = ConfigDict(frozen=True)

    backend: str
    embedded: bool = Field(description="the model runs in a process of ours, and costs no money")
    small: bool = Field(description="the model is an embedded one that is very small")
    model: str
    files: int
    chunks: int
    refused: tuple[Reason, ...] = Field(default=(), description="of documents that cannot be read")
    repeated: int = Field(description="chunks whose text stands in an earlier one")
    calls: int
    known: int = Field(description="calls whose reply is in the journal")
    prompt: int = Field(description="prompt tokens still to pay for")
    completion: int = Field(description="reply tokens still to pay for")
    cost: float | None = Field(description="in the currency of the configured price")
    checking: Asking | None = Field(
        default=None, description="checking the pairs once more; part of the cost"
    )
    cost_unchecked: float | None = Field(default=None, description="the cost without checking")
    further: Asking | None = Field(
        default=None, description="further passes at the most; they ask about what is left over"
    )
    cost_at_most: float | None = Field(default=None, description="with the further passes")
    one: float | None = Field(default=None, description="seconds the call that was timed took")
    eta: float | None = Field(default=None, description="seconds the calls to pay for may take")


def estimate(
    inputs: Iterable[RunInput] | Inputs,
    resolved: Resolved,
    *,
    time_one: bool = False,
    password: str | None = None,
) -> Estimate:
    """The estimate of a run; repairs, retries and truncated replies come on top.

    Args:
        inputs: As for the pipeline.
        resolved: The settings in force.
        time_one: Whether one call is made and timed; its reply is kept for the run.
        password: Opens encrypted documents.

    Raises:
        SaidError: As the pipeline would before its first call, or in it.

    Example:
        >>> estimate(["examples/documents/hzmb.pdf"], resolve()).chunks > 1
        True
    """
    backend = choose(resolved)
    read = read_for(resolved, inputs, password=password)
    settings = resolved.settings
    distinct = {normalise(chunk.text): chunk for chunk in reversed(read.chunks)}
    unknown: list[Chunk] = []
    all_calls: list[Asking] = []
    unpaid: list[Asking] = []
    with ExitStack() as open_:
        opened = open_.enter_context(closing(OpenBackend(backend, settings)))
        journal = open_.enter_context(Journal(settings.journal))
        owner = open_.enter_context(Lease(journal, threading.Event()))
        model = CachedModel(opened, journal, owner.id, settings)
        extraction = Extraction(model, backend, settings)
        for chunk in reversed(distinct.values()):
            messages = extraction.request(chunk)
            reply_tokens = min(backend.max_tokens, round(REPLY_SHARE * count_tokens(chunk.text)))
            all_calls.append(Asking(calls=1, prompt=_tokens(messages), completion=reply_tokens))
            if not journal.reply(model.key(messages)):
                unknown.append(chunk)
                unpaid.append(all_calls[-1])
        one = _time(unknown[0], model, extraction) if time_one and unknown else None
    first_pass = _sum(unpaid)
    judge = choose_judge(resolved) or backend
    checking = None
    if settings.check != "off":
        lists = judge.checks == "lists"
        checking = _judging(all_calls, read.chunks) if lists else _answering(all_calls)
    further = _sum(all_calls * (settings.passes - 1)) if settings.passes > 1 else None
    unchecked = _cost(backend.price, first_pass)
    checked = _cost(judge.price, checking)
    cost = None if unchecked is None or checked is None else unchecked + checked
    most = _cost(backend.price, first_pass, further)
    return Estimate(
        backend=backend.name,
        embedded=backend.embedded,
        small=backend.small,
        model=opened.model,
        files=len(read.files),
        chunks=len(read.chunks),
        refused=tuple(map(Reason.of, read.refused)),
        repeated=len(read.chunks) - len(distinct),
        calls=len(distinct),
        known=len(distinct) - len(unknown),
        prompt=first_pass.prompt,
        completion=first_pass.completion,
        cost=cost,
        checking=checking,
        cost_unchecked=unchecked,
        further=further,
        cost_at_most=None if further is None or most is None else most + (checked or 0.0),
        one=one,
        eta=None if one is None else _seconds(one, unpaid, checking, backend.concurrency),
    )


def _tokens(messages: Iterable[BaseMessage]) -> int:
    return sum(count_tokens(message.text) for message in messages)


def _sum(some: Sequence[Asking]) -> Asking:
    return Asking(
        calls=sum(one.calls for one in some),
        prompt=sum(one.prompt for one in some),
        completion=sum(one.completion for one in some),
    )


def _judging(all_calls: Sequence[Asking], chunks: Sequence[Chunk]) -> Asking:
    """The calls of a judge: one for each chunk, with its text and its pairs."""
    rules = _tokens(judge_prompt("zh").messages([], "", ""))
    expected = sum(one.completion for one in all_calls)
    texts = sum(count_tokens(chunk.text) for chunk in chunks)
    pairs = round(expected / REPLY_TOKENS_A_PAIR)
    return Asking(
        calls=len(all_calls),
        prompt=rules * len(all_calls) + texts + expected,
        completion=pairs * VERDICT_TOKENS,
    )


def _answering(all_calls: Sequence[Asking]) -> Asking:
    """The calls of verification: a short one for each expected pair."""
    pairs = round(sum(one.completion for one in all_calls) / REPLY_TOKENS_A_PAIR)
    prompt_tokens = _tokens(verifying_prompt("zh").messages("", "", "")) + EVIDENCE_TOKENS
    return Asking(calls=pairs, prompt=pairs * prompt_tokens, completion=pairs * ANSWER_TOKENS)


def _cost(price: tuple[float, float] | None, *calls: Asking | None) -> float | None:
    if price is None:
        return None
    return sum(one.prompt * price[0] + one.completion * price[1] for one in calls if one) / 1e6


def _seconds(one: float, unpaid: Sequence[Asking], extra: Asking | None, width: int) -> float:
    """Seconds that all other calls may take, in proportion to their reply tokens."""
    seconds = one * ceil((len(unpaid) - 1) / width)
    if extra:
        seconds += one * extra.completion / max(1, unpaid[0].completion) / width
    return seconds


def _time(chunk: Chunk, model: CachedModel, extraction: Extraction) -> float:
    """Seconds of one call about a chunk, after the backend has started.

    Raises:
        SaidError: The backend cannot be asked at all.
    """
    started = time.monotonic()
    extraction.ask(chunk)
    if model.failure:
        raise model.failure
    return time.monotonic() - started
