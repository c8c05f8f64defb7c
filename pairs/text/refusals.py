"""Replies that only say that a text does not tell the answer."""

import re

from .flat import flatten
from .normalise import normalise

__all__ = ["SAYS_NOTHING", "is_word_for_nothing", "says_nothing"]

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
_NOTHING = re.compile(
    "(?:暂|并)?无(?:相关)?(?:信息|内容|答案|记载)?|没有(?:答案|信息|内容)?|不适用|不详|不明|未知"
    "|(?:文中|原文|文本)?(?:并?未|没有?)(?:明确)?(?:提及|提到|提供|说明|写明|给出|记载)"
    r"|none|nothing|nil|null|n\s?/\s?a|unknown|not applicable|unspecified|no (?:data|answer)"
    r"|(?:is )?not (?:\w+ly )?(?:mentioned|stated|specified|given|provided|available|known|found)"
)
"""All of an answer that names nothing, flattened."""


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


def is_word_for_nothing(answer: str) -> bool:
    """Whether an answer is no more than a word that prompts give for no answer: 无, N/A, None.

    Args:
        answer: The model's wording.
    """
    return _NOTHING.fullmatch(flatten(answer).strip(" .!。-()[]\"'*`")) is not None
