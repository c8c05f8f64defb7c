"""The list of a run by the judge's word, where it is to be trusted, and else by the rules'."""

from __future__ import annotations

import logging
from functools import partial

from pairs.compare.couples import merge_couples
from pairs.records import PairList

from ...journal.judges import earlier_record, save_record
from ...journal.replies import Journal
from ..assembly import Assembly
from .judge import Judge
from .record import overrules, standing

log = logging.getLogger(__name__)


def judged_list(judge: Judge, assembly: Assembly, journal: Journal, job: str) -> PairList:
    """The list of a run whose pairs a judge has checked.

    A judge of whom a short run says too little is trusted if its other runs say enough.

    Args:
        judge: Holds what was said.
        assembly: Holds the pairs.
        journal: Where its record is kept.
        job: The job's id.

    Raises:
        SaidError: The journal cannot be written, or the vectors cannot be computed.
    """
    record = known = judge.record
    if standing(record) == "unmeasured":
        known = record + earlier_record(journal, job, judge.identity)
    found = standing(known)
    trusted = found == "trusted"
    log.info("job %s: the judge is %s: %s", job, found, record.model_dump_json())
    save_record(journal, job, judge.identity, record)
    assembly.decide(partial(judge.decide, trusted=trusted, overrules=overrules(known)))
    result = assembly.result()
    if trusted:
        result = merge_couples(result, judge.same, judge.apart, assembly.order())
    return result.model_copy(update={"judge": record.model_copy(update={"trusted": trusted})})
