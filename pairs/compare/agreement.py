"""Verification: whether a model's answer from the evidence agrees with the pair's answer."""

from __future__ import annotations

import re

from ..evidence.contradiction import turned_round
from ..evidence.support import LEAST, share_said
from ..text.figures.numbers import missing, numbers
from ..text.flat import flatten
from ..text.normalise import normalise
from .answers import agree
from .guards import difference

__all__ = ["answers_agree", "says_nothing"]

_LONGEST_REFUSAL = 60
"""Characters above which a reply is no mere refusal, though it calls something missing."""
_NOTHING = re.compile(
    "(?:没有?|未|无法|不能|并未|未曾)[^,。;]{0,6}(?:写到|写明|提到|提及|说明|给出|包含|涉及|回答|得知|确定|找到|答案|相关)"
    r"|\b(?:does not|doesn't|do not|cannot|can't|not) (?:\w+ ){0,3}"
    r"(?:say|state|mention|contain|provide|answer|determin|specif|give|found|known)"
    r"|\bno (?:answer|information|mention)\b|\bunanswerable\b"
)


def says_nothing(said: str, nothing: str = "") -> bool:
    """Whether a reply only states that there is no answer.

    Args:
        said: The reply.
        nothing: The sentence that the prompt prescribes for it; empty for none.
    """
    flat = flatten(said).strip()
    if not normalise(flat) or (nothing and normalise(flat) == normalise(nothing)):
        return True
    return len(flat) <= _LONGEST_REFUSAL and bool(_NOTHING.search(flat))


def answers_agree(answer: str, said: str, near: bool = False) -> bool:
    """Whether two answers to a question agree, in whatever words.

    They disagree, however similar, where each has a number that the other lacks, or where one
    contradicts the other by a negation or an antonym.

    Args:
        answer: The pair's answer.
        said: The answer given from the evidence alone.
        near: Whether their vectors are similar; False without vectors.
    """
    mine, theirs = numbers(answer), numbers(said)
    if missing(mine, theirs) and missing(theirs, mine):
        return False
    if mine and not theirs and _is_numbers(answer, mine[0].end - mine[0].start):
        return False
    if turned_round(said, answer):
        return False
    shared = max(share_said(answer, said), share_said(said, answer))
    if agree(answer, said) or shared >= LEAST:
        return True
    return near and not difference(answer, said)


def _is_numbers(answer: str, width: int) -> bool:
    """Whether a number makes up at least half of an answer's characters."""
    return 2 * width >= len(normalise(answer))
