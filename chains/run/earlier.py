"""What was answered before: in earlier runs under other prompts, in earlier passes of this one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from loaders import count_tokens
from loaders.records import Chunk
from pairs.records import ChunkOutcome

from ..errors import JournalError
from ..events import AskedBefore
from ..journal.jobs import Jobs
from ..journal.lists import load_list
from ..journal.replies import Journal
from ..journal.so_far import outcome_of
from ..records import DraftPair, Reply
from .estimate import REPLY_SHARE
from .extraction import NOTHING, Answered, Extraction

__all__ = ["asked_before", "earlier_passes", "kept_answers"]

_TAKEN = DraftPair(question="-", answer="-")
"""Stands for a draft whose pair was made: of a chunk's earlier passes the number is wanted."""


class _Maker(NamedTuple):
    """What made a pair: a model, and the fingerprint of the prompt that it was given."""

    model: str
    prompt: str


def asked_before(
    journal: Journal, job: str, chunks: Sequence[Chunk], extraction: Extraction
) -> AskedBefore | None:
    """What asking anew what a job was answered under other prompts takes; None if there is nothing.

    Args:
        journal: The journal that holds the job.
        job: The whole id of a job about the same chunks.
        chunks: The chunks.
        extraction: Would ask about them.

    Raises:
        JournalError: The journal cannot be read.
    """
    answered = Jobs(journal).answered(job)
    again = [chunks[at] for at in answered if _changed(journal, chunks[at], extraction)]
    if not again:
        return None
    tokens = sum(
        count_tokens(message.text) for chunk in again for message in extraction.request(chunk)
    )
    tokens += round(REPLY_SHARE * sum(count_tokens(chunk.text) for chunk in again))
    return AskedBefore(job=job, chunks=len(again), tokens=tokens)


def kept_answers(
    journal: Journal, job: str, chunks: Sequence[Chunk], extraction: Extraction
) -> dict[int, Answered]:
    """The answers of a job whose prompts or model have changed since, by the place of their chunk.

    They are read again from the replies in the journal. A chunk whose replies cannot be told from
    those to other requests about it is left out, and asked about again.

    Args:
        journal: The journal that holds the job.
        job: The whole id of the job that goes on.
        chunks: Its chunks.
        extraction: Reads replies.

    Raises:
        JournalError: The journal cannot be read.
    """
    found: dict[int, Answered] = {}
    made: Mapping[str, set[_Maker]] | None = None
    for place, outcome in Jobs(journal).answered(job).items():
        if not _changed(journal, chunks[place], extraction):
            continue
        if outcome.state == "nothing":
            found[place] = Answered(reason=NOTHING)
            continue
        made = _makers_of(journal, job) if made is None else made
        replies = journal.replies_about(chunks[place].id)  # of the backends that it had before, too
        answered = _reread(replies, made.get(outcome.chunk_id), outcome, extraction)
        if answered is not None:
            found[place] = answered
    return found


def _changed(journal: Journal, chunk: Chunk, extraction: Extraction) -> bool:
    """Whether no reply about a chunk was asked for with the prompt of today."""
    prompt = extraction.fingerprint(chunk)
    if any(reply.prompt == prompt for reply in extraction.replies(journal, chunk)):
        return False
    return not extraction.known(
        journal, chunk
    )  # the reply may be one about the same text elsewhere


def _makers_of(journal: Journal, job: str) -> Mapping[str, set[_Maker]]:
    """What the pairs of a job's list were made by, by chunk."""
    makers: dict[str, set[_Maker]] = defaultdict(set)
    try:
        pairs = load_list(journal, job, edited=False)
    except JournalError:  # it was broken off before there was a list
        return makers
    left_out = (one.item for out in (pairs.duplicates, pairs.rejected) for one in out)
    for pair in (*pairs.kept, *left_out):
        makers[pair.chunk_id].add(_Maker(pair.model, pair.prompt))
    return makers


def _reread(
    replies: Iterable[Reply],
    makers: set[_Maker] | None,
    outcome: ChunkOutcome,
    extraction: Extraction,
) -> Answered | None:
    """The answer in the replies of some models to some prompts.

    Where those are not known, model and prompt are taken whose replies hold as many pairs as were
    read.
    """
    by_maker: dict[_Maker, list[Reply]] = defaultdict(list)
    for reply in replies:
        by_maker[_Maker(reply.model, reply.prompt)].append(reply)
    if makers:
        known = [reply for maker, some in by_maker.items() if maker in makers for reply in some]
        answered = extraction.reread(known)
        return answered if answered.drafts else None
    for some in by_maker.values():
        answered = extraction.reread(some)
        if len(answered.drafts) == outcome.parsed > 0:
            return answered
    return None


def earlier_passes(journal: Journal, job: str, place: int) -> Answered:
    """How the passes of this run over a chunk have ended so far; its pairs are there by number.

    Args:
        journal: The journal that holds the job.
        job: The whole id.
        place: The chunk's.

    Raises:
        JournalError: The journal cannot be read.
    """
    outcome, bad_replies = outcome_of(journal, job, place)
    return Answered(
        drafts=[_TAKEN] * outcome.parsed,
        reason=outcome.reason,
        raw=outcome.raw,
        asked=outcome.state != "not asked",
        repeated=outcome.state == "repeated",
        bad_replies=bad_replies,
    )
