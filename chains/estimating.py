"""What a run would ask and cost, without asking anything."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from loaders import count_tokens
from pairs.normalise import normalise

from .asking import Asker
from .backends import OpenBackend, choose
from .extraction import Extraction
from .journal import Journal, request_key
from .materials import Material, read_materials
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


def estimate(materials: Iterable[Material], resolved: Resolved) -> Estimate:
    """What the run would ask; repairs, retries and cut replies come on top.

    Args:
        materials: As for the pipeline.
        resolved: The settings in force.

    Raises:
        SaidError: As the pipeline would before its first call.
    """
    backend = choose(resolved)
    opened = OpenBackend(backend, resolved.settings)
    read = read_materials(
        materials, chunk_size=backend.chunk_size, overlap=resolved.settings.overlap
    )
    distinct = {normalise(chunk.text): chunk for chunk in reversed(read.chunks)}
    prompt = completion = known = 0
    with Journal(resolved.settings.journal) as journal:
        asker = Asker(opened, journal, resolved.settings.retry_seconds)
        extraction = Extraction(asker, backend, resolved.settings)
        for chunk in distinct.values():
            messages = extraction.request(chunk)
            key = request_key(messages, opened.model, opened.address, opened.parameters)
            if journal.reply(key):
                known += 1
                continue
            prompt += sum(count_tokens(message.text) for message in messages)
            completion += min(backend.max_tokens, round(REPLY_SHARE * count_tokens(chunk.text)))
    cost = None
    if backend.price:
        cost = (prompt * backend.price[0] + completion * backend.price[1]) / 1e6
    return Estimate(
        backend=backend.name,
        model=opened.model,
        files=len(read.files),
        chunks=len(read.chunks),
        repeated=len(read.chunks) - len(distinct),
        calls=len(distinct),
        known=known,
        prompt=prompt,
        completion=completion,
        cost=cost,
    )
