"""Replies that only say that a text does not tell the answer."""

import re

from .flat import flatten
from .normalise import normalise

__all__ = ["SAYS_NOTHING", "says_nothing"]

_LONGEST_REFUSAL = 60
"""Characters above which a reply is no mere refusal, though it calls something missing."""
SAYS_NOTHING = re.compile(
    "(?:没有?|未|无法|不能|并未|未曾)[^,。;]{0,6}"
    "(?:写到|写明|提到|提及|说明(?!书)|给出|包含|涉及|回答|得知|确定|找到|答案|相关)"
    r"|\b(?:does not|doesn't|do not|cannot|can't|not) (?:\w+ ){0,3}"
    r"(?:say|state|mention|contain|provide|answer|determin|specif|give|found|known)"
    r"|\bno (?:answer|information|mention)\b|\bunanswerable\b"
)
"""Matches in a flattened text that something is not told."""


def says_nothing(said: str, nothing: str = "") -> bool:
    """Whether a reply only states that there is no answer.

    Args:
        said: The reply.
        nothing: The sentence that the prompt prescribes for it; empty for none.
    """
    flat = flatten(said).strip()
    if not normalise(flat) or (nothing and normalise(flat) == normalise(nothing)):
        return True
    return len(flat) <= _LONGEST_REFUSAL and bool(SAYS_NOTHING.search(flat))
