"""Negation in Chinese and English: negating words and prefixes."""

import re
from collections.abc import Set

from loaders.characters import HAN

__all__ = ["DENIAL", "NOT_DENYING", "negated_word", "negations", "without_denying"]

# No negation in spite of 不, 没, 无 or 非: A-not-A questions, set words, courtesy.
NOT_DENYING = re.compile(
    rf"([{HAN}])[不没]\1|有没有|是不是|能不能|会不会|要不要|好不好|可不可以|行不行|对不对"
    rf"|[{HAN}]{{2}}不\1"
    r"|是否|能否|可否|会否|与否|有否|否则|否认|不同|不一样|不错|不仅|不但|不只|不过|不断|不少|不久|不管|不论|无论"
    r"|差不多|对不起|不好意思|了不起|不得不|不得已|不禁|不妨|不如|不愧|不然|不料|不幸|不锈钢|不动产|不等式"
    r"|除非|非常|非洲|是非|非凡|无非|无线|无限|无双|无锡|无敌|无穷|无数|无比|无人机|没问题|莫斯科|莫名|莫非"
    r"|without regard|no doubt"
    r"|未来|未必|未婚|别人|别的|区别|特别|级别|性别|类别|分别|个别|告别|别名|别称|别墅|别针|差别|辨别|识别|派别"
    r"|鉴别|离别|道别|送别|永别|别扭|不知道?(?=[怎如哪谁什为])|忍不住|来不及|无奈|无聊|无损|不丹|沉没|埋没|淹没|没落|没收|出没"
)
_NEGATING_ZH = re.compile("[不没未无非别勿莫毋]")
DENIAL = re.compile(
    rf"{_NEGATING_ZH.pattern}"
    r"|\b(?:not|never|without|no|cannot|neither|nor|hardly|[a-z]{2,7}n't)\b"
)
"""A negating word in a flattened text, whose contractions are not expanded."""
_NEGATING_EN = re.compile(
    r"\b(?:not|no|never|without|none|nobody|nothing|neither|nor|nowhere|hardly|non|unable|lacks?)\b"
)
_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "mis", "anti", "de")


def negations(text: str) -> int:
    """The number of negating words in a normalised text.

    Args:
        text: Normalised, as by ``normalise``.
    """
    if re.search(f"[{HAN}]", text):
        text = NOT_DENYING.sub("", text)
    return len(_NEGATING_ZH.findall(text)) + len(_NEGATING_EN.findall(text))


def without_denying(text: str) -> str:
    """A normalised text without its negating words.

    Args:
        text: Normalised, as by ``normalise``.
    """
    return _NEGATING_EN.sub("", _NEGATING_ZH.sub("", text))


def negated_word(mine: Set[str], theirs: Set[str]) -> bool:
    """Whether one text has a word with a negating prefix, the other without: illegitimate.

    Args:
        mine: English words of the first text.
        theirs: English words of the second.
    """
    only_mine, only_theirs = mine - theirs, theirs - mine
    return any(
        prefix + word in only_theirs for word in only_mine if len(word) > 3 for prefix in _PREFIXES
    ) or any(
        prefix + word in only_mine for word in only_theirs if len(word) > 3 for prefix in _PREFIXES
    )
