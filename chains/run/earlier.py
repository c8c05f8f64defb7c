"""What earlier runs were answered under prompts that have changed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from loaders import count_tokens
from loaders.records import Chunk
from pairs.records import ChunkOutcome

from ..errors import JournalError
from ..events import AskedBefore
from ..journal.jobs import Jobs
from ..journal.lists import load_list
from ..journal.replies import Journal
from ..records import Reply
from .estimate import REPLY_SHARE
from .extraction import NOTHING, Answered, Extraction

__all__ = ["asked_before", "kept_answers"]


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
    """The answers of a job whose prompts have changed since, by the place of their chunk.

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
    prompts: Mapping[str, set[str]] | None = None
    for place, outcome in Jobs(journal).answered(job).items():
        if not _changed(journal, chunks[place], extraction):
            continue
        if outcome.state == "nothing":
            found[place] = Answered(reason=NOTHING)
            continue
        prompts = _prompts_of(journal, job) if prompts is None else prompts
        replies = extraction.replies(journal, chunks[place])
        answered = _reread(replies, prompts.get(outcome.chunk_id), outcome, extraction)
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


def _prompts_of(journal: Journal, job: str) -> Mapping[str, set[str]]:
    """The fingerprints of the prompts that the pairs of a job's list were made with, by chunk."""
    prompts: dict[str, set[str]] = defaultdict(set)
    try:
        pairs = load_list(journal, job, edited=False)
    except JournalError:  # it was broken off before there was a list
        return prompts
    left_out = (one.item for out in (pairs.duplicates, pairs.rejected) for one in out)
    for pair in (*pairs.kept, *left_out):
        prompts[pair.chunk_id].add(pair.prompt)
    return prompts


def _reread(
    replies: Iterable[Reply],
    prompts: set[str] | None,
    outcome: ChunkOutcome,
    extraction: Extraction,
) -> Answered | None:
    """The answer in the replies made with some prompts.

    Where those are not known, the prompt is taken whose replies hold as many pairs as were read.
    """
    by_prompt: dict[str, list[Reply]] = defaultdict(list)
    for reply in replies:
        by_prompt[reply.prompt].append(reply)
    if prompts:
        known = [reply for prompt, some in by_prompt.items() if prompt in prompts for reply in some]
        answered = extraction.reread(known)
        return answered if answered.drafts else None
    for some in by_prompt.values():
        answered = extraction.reread(some)
        if len(answered.drafts) == outcome.parsed > 0:
            return answered
    return None
