"""Aligned substitutions between two nearly equal texts."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from loaders.characters import HAN

__all__ = ["other_class_name", "replaced"]

_LIMIT = 400
"""Characters or words compared at most: alignment takes quadratic time."""

# Class nouns that end a Chinese proper name: 云南省 and 湖南省 differ by what precedes them.
_CLASS_NOUNS = frozenset("省市县州国朝语教族站镇乡村山河湖岛港寺庙塔党氏郡府")
_PLACE_NOUN = re.compile(
    f"([{HAN}]{{0,2}}?)(?:水库|水电站|电站|车站|火车站|机场|大桥|隧道|公园|广场|大厦|码头|煤矿|铁矿|"
    "油田|[农林茶牧渔盐]场|[纺织机械钢铁造纸化工制药水泥]{1,4}厂|图书馆|博物馆|美术馆|纪念馆|科技馆|展览馆|体育馆|"
    "体育场|剧院|影院|医院|大学|学院|中学|小学|幼儿园|研究所|研究院|实验室|出版社|电视台|银行|酒店|饭店|宾馆|俱乐部|球队)"
)
# Verbs, adjectives and counters: what precedes the class noun is no name. 想去图书馆, 一所大学.
_NO_NAME = re.compile(
    "[想要去到在有是的了和与或把被让给对从会能可应需必不没未很最更较太真还也都就办开建读考上进买租找查看"
    "好坏大小多新老旧个所家座间条种名位本各全一二两三几]"
)
_PRONOUN = re.compile("[什么哪谁何几多这那该每某其此各吗呢怎样如我你您他她它们]")
_HAN = re.compile(f"[{HAN}·]+")


def replaced(
    mine: Sequence[str], theirs: Sequence[str], *, gaps: bool = False
) -> Iterator[tuple[slice, slice]]:
    """Aligned slices of two sequences that differ, between slices that are equal.

    Args:
        mine: Characters or words; at most the first 400 are compared.
        theirs: The other sequence.
        gaps: Whether insertions and deletions are yielded too, beside an empty slice.
    """
    matcher = SequenceMatcher(None, mine[:_LIMIT], theirs[:_LIMIT], autojunk=False)
    for tag, first, last, their_first, their_last in matcher.get_opcodes():
        if tag == "replace" or (gaps and tag != "equal"):
            yield slice(first, last), slice(their_first, their_last)


def other_class_name(one: str, other: str, after: str) -> bool:
    """Whether two substituted strings name members of the class noun after them: 清朝, 明朝.

    Args:
        one: A string of the first text.
        other: The string in its place in the second.
        after: The text that follows both; some eight characters are enough.
    """
    return (
        (after[:1] in _CLASS_NOUNS or _is_named_place(one, other, after))
        and max(len(one), len(other)) <= 8
        and bool(_HAN.fullmatch(one) and _HAN.fullmatch(other))
        and not (_PRONOUN.search(one) or _PRONOUN.search(other))
    )


def _is_named_place(one: str, other: str, after: str) -> bool:
    """Whether two strings belong to the name of a place or institution: 云溪水库, 云水水库."""
    match = _PLACE_NOUN.match(after)
    return match is not None and not _NO_NAME.search(f"{one}{other}{match[1]}")
