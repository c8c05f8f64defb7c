"""Whether two answers to one question say the same, and which of them says more."""

import re
from functools import lru_cache

from ..text.boundaries import stands_in
from ..text.normalise import normalise
from .guards import difference

__all__ = ["agree", "fullness"]

_TOKEN = re.compile(r"[a-z0-9\u00c0-\u024f\u0370-\u052f]+|[^\W_]")
_SHARE = 0.8
"""Of the shorter answer's words, how many the longer one must have where it is a sentence."""
_SENTENCE = 8


@lru_cache(maxsize=1 << 14)
def _said(answer: str) -> tuple[str, frozenset[str]]:
    text = normalise(answer)
    return text, frozenset(_TOKEN.findall(text))


def fullness(answer: str) -> int:
    """How much an answer says: its length in characters once normalised.

    Args:
        answer: Any answer.
    """
    return len(_said(answer)[0])


def agree(one: str, other: str) -> bool:
    """Whether one answer contains the other, in its own words or in another order.

    Args:
        one: An answer to a question.
        other: Another answer to the same question.
    """
    mine, my_words = _said(one)
    theirs, their_words = _said(other)
    if len(mine) > len(theirs):
        mine, my_words, theirs, their_words = theirs, their_words, mine, my_words
    if mine == theirs or stands_in(mine, theirs):
        return True
    if len(my_words) < _SENTENCE or not my_words:
        return False
    shared = len(my_words & their_words) / len(my_words)
    return shared >= _SHARE and not difference(one, other)
