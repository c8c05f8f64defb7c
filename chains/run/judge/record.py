"""Whether a judge is to be trusted: what it caught of planted errors, and refused of sure pairs."""

from __future__ import annotations

from typing import Literal

from messages import say
from pairs.records import JudgeRecord

LEAST_KNOWN = 12
"""Planted pairs, and sure ones, from which a share says something."""
LEAST_CAUGHT = 0.75
LEAST_TO_OVERRULE = 0.95
"""Of planted errors, caught by a judge whose yes outweighs a rule's refutation."""
MOST_REFUSED = 0.10
MOST_CONFUSED = 0.25
"""Bounds of the shares; bench/judging.py shows who passes them."""

Standing = Literal["trusted", "unmeasured", "weak"]
_SENTENCES: dict[Standing, str] = {
    "trusted": "show.judge_trusted",
    "unmeasured": "show.judge_unmeasured",
    "weak": "show.judge_weak",
}


def standing(record: JudgeRecord) -> Standing:
    """Whether a judge with this record may decide.

    Args:
        record: Of a run, or of a run and earlier ones of the same model and prompt.
    """
    if record.planted < LEAST_KNOWN or record.sure < LEAST_KNOWN:
        return "unmeasured"
    if (
        record.caught < LEAST_CAUGHT * record.planted
        or record.refused > MOST_REFUSED * record.sure
        or record.confused > MOST_CONFUSED * record.look_alikes
    ):
        return "weak"
    return "trusted"


def overrules(record: JudgeRecord) -> bool:
    """Whether a trusted judge misses so few errors that its yes outweighs a refutation."""
    return record.caught >= LEAST_TO_OVERRULE * record.planted


def judge_sentence(record: JudgeRecord, language: str) -> str:
    """What a judge was worth, and whether its word decided, in one sentence.

    Args:
        record: Of a run.
        language: ``en`` or ``zh``.
    """
    found: Standing = "trusted" if record.trusted else standing(record)
    counts = record.model_dump(include={"caught", "planted", "refused", "sure"})
    return say(_SENTENCES[found], language, model=record.model or "-", **counts)


def planted_in_each(lists: int) -> int:
    """Wrong pairs to plant in each list: more where a short document has few lists.

    Args:
        lists: Lists of the run.
    """
    return max(2, min(4, -(-LEAST_KNOWN // max(1, lists))))
