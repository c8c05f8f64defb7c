"""Comparison of two answers to one question: do they agree, which is longer."""

import re
from functools import lru_cache

from ..text.boundaries import stands_in
from ..text.normalise import normalise
from .guards import difference

__all__ = ["agree", "fullness"]

_TOKEN = re.compile(r"[a-z0-9\u00c0-\u024f\u0370-\u052f]+|[^\W_]")
_SHARE = 0.8
"""Share of the shorter answer's words that the longer one must have, from this many on:"""
_MIN_WORDS = 8


@lru_cache(maxsize=1 << 14)
def _normalised(answer: str) -> tuple[str, frozenset[str]]:
    text = normalise(answer)
    return text, frozenset(_TOKEN.findall(text))


def fullness(answer: str) -> int:
    """The length of an answer in characters after normalisation.

    Args:
        answer: Any answer.
    """
    return len(_normalised(answer)[0])


def agree(one: str, other: str) -> bool:
    """Whether one answer contains the other, verbatim or with its words in another order.

    Args:
        one: An answer to a question.
        other: Another answer to the same question.
    """
    mine, my_words = _normalised(one)
    theirs, their_words = _normalised(other)
    if len(mine) > len(theirs):
        mine, my_words, theirs, their_words = theirs, their_words, mine, my_words
    if mine == theirs or stands_in(mine, theirs):
        return True
    if len(my_words) < _MIN_WORDS or not my_words:
        return False
    shared = len(my_words & their_words) / len(my_words)
    return shared >= _SHARE and not difference(one, other)
