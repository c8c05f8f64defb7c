"""Verification: whether a model's answer from the evidence agrees with the pair's answer."""

from __future__ import annotations

from ..evidence.contradiction import turned_round
from ..evidence.support import LEAST, share_said
from ..text.figures.numbers import missing, numbers
from ..text.normalise import normalise
from .answers import agree
from .guards import difference

__all__ = ["answers_agree"]


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
