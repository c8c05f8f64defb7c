"""Whether a judge is to be trusted: what it caught of planted errors, and refused of sure pairs."""

from __future__ import annotations

from math import sqrt
from typing import Literal

from messages import say
from pairs.records import JudgeRecord

LEAST_PLANTED, LEAST_SURE = 12, 8
"""Planted pairs, and sure ones, from which a share says something."""
LEAST_CAUGHT, MOST_REFUSED, MOST_CONFUSED = 0.80, 0.10, 0.10
"""Bounds of the shares. A judge is weak where its true share lies beyond one with 95 % confidence;
bench/judging.py shows who passes."""
LEAST_TO_OVERRULE = 0.95
"""Of planted errors, caught by a judge whose yes outweighs a rule's refutation."""
_Z = 1.645  # one-sided 95 %

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
    if record.planted < LEAST_PLANTED or record.sure < LEAST_SURE:
        return "unmeasured"
    if (
        _interval(record.caught, record.planted)[1] < LEAST_CAUGHT
        or _interval(record.refused, record.sure)[0] > MOST_REFUSED
        or _interval(record.confused, record.look_alikes)[0] > MOST_CONFUSED
    ):
        return "weak"
    return "trusted"


def _interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's bounds of a share, each with 95 % confidence (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return middle - half, middle + half


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
    return max(2, min(4, -(-LEAST_PLANTED // max(1, lists))))
