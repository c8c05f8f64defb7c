"""What a run would ask and cost, without asking anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from math import ceil

from pydantic import BaseModel, ConfigDict, Field

from loaders import count_tokens
from loaders.records import Chunk
from pairs.normalise import normalise

from .asking import Asker
from .backends import choose
from .extraction import Extraction
from .journal import Journal
from .materials import Material, read_materials
from .opening import OpenBackend
from .owners import Owner
from .settings import Resolved

REPLY_SHARE = 0.7
"""Reply tokens for each token of text, as measured with the example documents."""


class Estimate(BaseModel):
    """A run before it is made; tokens are estimated."""

    model_config = ConfigDict(frozen=True)

    backend: str
    model: str
    files: int
    chunks: int
    repeated: int = Field(description="chunks whose text stands in an earlier one")
    calls: int
    known: int = Field(description="calls whose reply is in the journal")
    prompt: int = Field(description="prompt tokens still to pay for")
    completion: int = Field(description="reply tokens still to pay for")
    cost: float | None = Field(description="in the currency of the configured price")
    one: float | None = Field(default=None, description="seconds the call that was timed took")
    eta: float | None = Field(default=None, description="seconds the calls to pay for may take")


def estimate(
    materials: Iterable[Material], resolved: Resolved, *, time_one: bool = False
) -> Estimate:
    """What the run would ask; repairs, retries and cut replies come on top.

    Args:
        materials: As for the pipeline.
        resolved: The settings in force.
        time_one: Whether one call is made and timed; its reply is kept for the run.

    Raises:
        SaidError: As the pipeline would before its first call, or in it.
    """
    backend = choose(resolved)
    read = read_materials(
        materials, chunk_size=backend.chunk_size, overlap=resolved.settings.overlap
    )
    distinct = {normalise(chunk.text): chunk for chunk in reversed(read.chunks)}
    prompt = completion = 0
    unknown: list[Chunk] = []
    with ExitStack() as open_:
        opened = open_.enter_context(closing(OpenBackend(backend, resolved.settings)))
        journal = open_.enter_context(Journal(resolved.settings.journal))
        owner = open_.enter_context(Owner(journal, threading.Event()))
        asker = Asker(opened, journal, owner.id, resolved.settings)
        extraction = Extraction(asker, backend, resolved.settings)
        for chunk in reversed(distinct.values()):
            messages = extraction.request(chunk)
            if journal.reply(asker.key(messages)):
                continue
            unknown.append(chunk)
            prompt += sum(count_tokens(message.text) for message in messages)
            completion += min(backend.max_tokens, round(REPLY_SHARE * count_tokens(chunk.text)))
        one = _time(unknown[0], asker, extraction) if time_one and unknown else None
    return Estimate(
        backend=backend.name,
        model=opened.model,
        files=len(read.files),
        chunks=len(read.chunks),
        repeated=len(read.chunks) - len(distinct),
        calls=len(distinct),
        known=len(distinct) - len(unknown),
        prompt=prompt,
        completion=completion,
        cost=_cost(backend.price, prompt, completion),
        one=one,
        eta=None if one is None else one * ceil((len(unknown) - 1) / backend.concurrency),
    )


def _cost(price: tuple[float, float] | None, prompt: int, completion: int) -> float | None:
    return None if price is None else (prompt * price[0] + completion * price[1]) / 1e6


def _time(chunk: Chunk, asker: Asker, extraction: Extraction) -> float:
    """Seconds to ask about a chunk, with all that its first call makes ready.

    Raises:
        SaidError: The backend cannot be asked at all.
    """
    started = time.monotonic()
    extraction.ask(chunk)
    if asker.failure:
        raise asker.failure
    return time.monotonic() - started
