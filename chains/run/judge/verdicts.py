"""The list of a run by the judge's word, where it is to be trusted, and else by the rules'."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from functools import partial

from messages.errors import SaidError
from pairs.compare.couples import merge_couples
from pairs.records import JudgeRecord, PairList, Reason, Rejected

from ...events import Verified
from ...journal.judges import earlier_record, save_record
from ...journal.replies import Journal
from ...settings import Settings
from ..assembly import Assembly
from ..workers import WorkerPool
from .judge import Judge
from .near import NearList, Same, near_lists
from .record import overrules, standing

log = logging.getLogger(__name__)


def judged_list(
    judge: Judge, assembly: Assembly, journal: Journal, job: str, stop: threading.Event
) -> Generator[Verified, None, PairList]:
    """The list of a run whose pairs a judge has checked; near pairs are put to it at last.

    A judge of whom a short run says too little is trusted if its other runs say enough.

    Args:
        judge: Holds what was said.
        assembly: Holds the pairs.
        journal: Where its record is kept.
        job: The job's id.
        stop: Ends the run.

    Raises:
        SaidError: The journal cannot be written, or the vectors cannot be computed.
    """
    earlier = earlier_record(journal, job, judge.identity)
    known = _known(judge.record, earlier)
    trusted = standing(known) == "trusted"
    assembly.decide(partial(judge.decide, trusted=trusted, overrules=overrules(known)))
    if trusted:
        yield from _ask_near(judge, assembly, stop)
    record = judge.record
    log.info("job %s: the judge is %s: %s", job, standing(known), record.model_dump_json())
    save_record(journal, job, judge.identity, record)
    result = assembly.result()
    if trusted and standing(_known(record, earlier)) == "trusted":
        result = merge_couples(result, judge.same, judge.apart, assembly.order())
    return result.model_copy(update={"judge": record.model_copy(update={"trusted": trusted})})


def verified_list(
    pairs: PairList, identity: str, journal: Journal, job: str, settings: Settings
) -> PairList:
    """A list whose questions were answered again, without what is doubted if that is trusted.

    Args:
        pairs: With the marks and the record of the model that answered.
        identity: Names that model and its prompt in records.
        journal: Where its record is kept.
        job: The job's id.
        settings: What evidence is wanted.

    Raises:
        SaidError: The journal cannot be read or written.
    """
    record = pairs.judge or JudgeRecord()
    trusted = standing(_known(record, earlier_record(journal, job, identity))) == "trusted"
    save_record(journal, job, identity, record)
    pairs = pairs.model_copy(update={"judge": record.model_copy(update={"trusted": trusted})})
    return _without_doubted(pairs) if trusted and settings.evidence == "strict" else pairs


def _without_doubted(pairs: PairList) -> PairList:
    """The list with the doubted pairs, and the duplicates that say the same, among the rejected."""
    doubted = {pair.id: pair for pair in pairs.kept if pair.verified is False}
    out = [(pair, pair) for pair in doubted.values()]
    out += [
        (one.item, doubted[one.duplicate_of.id])
        for one in pairs.duplicates
        if one.duplicate_of.id in doubted
    ]
    rejected = [
        Rejected(
            item=pair,
            reason=Reason(
                code="rejected.answered_otherwise",
                fields={"answer": asked.answer_again[:300] or "-"},
            ),
        )
        for pair, asked in out
    ]
    return pairs.model_copy(
        update={
            "kept": tuple(pair for pair in pairs.kept if pair.id not in doubted),
            "duplicates": tuple(
                one for one in pairs.duplicates if one.duplicate_of.id not in doubted
            ),
            "rejected": (*pairs.rejected, *rejected),
            "conflicts": tuple(
                one
                for one in pairs.conflicts
                if not {one.item.id, one.conflicts_with.id} & doubted.keys()
            ),
        }
    )


def _known(record: JudgeRecord, earlier: JudgeRecord) -> JudgeRecord:
    """The record to go by: that of earlier runs counts where this one says too little."""
    return record + earlier if standing(record) == "unmeasured" else record


def _ask_near(judge: Judge, assembly: Assembly, stop: threading.Event) -> Generator[Verified]:
    """Puts near pairs to the judge that have not stood in one list yet."""
    couples = [c for c in assembly.candidates() if not judge.compared(c.one.id, c.other.id)]
    lists = list(near_lists(assembly.result().kept, couples))
    total, done = sum(len(one.pairs) for one in lists), 0
    with WorkerPool[NearList, Same](judge.ask_same, lists, judge.backend.concurrency, stop) as pool:
        for batch in pool.batches():
            for near_list, same in batch:
                if isinstance(same, SaidError):
                    raise same
                if isinstance(same, Exception):
                    log.error("near pairs are not judged", exc_info=same)
                    continue
                judge.take_same(same)
                assembly.usage += same.usage
                done += len(near_list.pairs)
                yield Verified(done=done, total=total, usage=assembly.usage)
