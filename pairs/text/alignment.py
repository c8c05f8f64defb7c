"""What stands in the same place of two texts that are otherwise alike."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from loaders.characters import HAN

__all__ = ["other_class_name", "replaced"]

_LIMIT = 400
"""Characters or words compared; aligning takes time that grows with their square."""

# What may end a name in Chinese: with another name before it, it is another thing.
_CLASS = frozenset("省市县州国朝语教族站镇乡村山河湖岛港寺庙塔党氏郡府")
_NAMED = re.compile(
    f"([{HAN}]{{0,2}}?)(?:水库|水电站|电站|车站|火车站|机场|大桥|隧道|公园|广场|大厦|码头|煤矿|铁矿|"
    "油田|[农林茶牧渔盐]场|[纺织机械钢铁造纸化工制药水泥]{1,4}厂|图书馆|博物馆|美术馆|纪念馆|科技馆|展览馆|体育馆|"
    "体育场|剧院|影院|医院|大学|学院|中学|小学|幼儿园|研究所|研究院|实验室|出版社|电视台|银行|酒店|饭店|宾馆|俱乐部|球队)"
)
# With one of these, what stands before such a word is no name: 想去图书馆, 一所大学.
_NO_NAME = re.compile(
    "[想要去到在有是的了和与或把被让给对从会能可应需必不没未很最更较太真还也都就办开建读考上进买租找查看"
    "好坏大小多新老旧个所家座间条种名位本各全一二两三几]"
)
_UNNAMED = re.compile("[什么哪谁何几多这那该每某其此各吗呢怎样如我你您他她它们]")
_HAN = re.compile(f"[{HAN}·]+")


def replaced(
    mine: Sequence[str], theirs: Sequence[str], *, gaps: bool = False
) -> Iterator[tuple[slice, slice]]:
    """The stretches of two sequences that stand for one another between equal ones.

    Args:
        mine: Characters or words.
        theirs: Others.
        gaps: Whether what stands in one of them only is given too, beside an empty stretch.
    """
    matcher = SequenceMatcher(None, mine[:_LIMIT], theirs[:_LIMIT], autojunk=False)
    for tag, first, last, their_first, their_last in matcher.get_opcodes():
        if tag == "replace" or (gaps and tag != "equal"):
            yield slice(first, last), slice(their_first, their_last)


def other_class_name(one: str, other: str, after: str) -> bool:
    """Whether two stretches are names of the class that the next words say: 清朝 and 明朝.

    Args:
        one: A stretch.
        other: What stands in its place.
        after: What follows both, some characters of it.
    """
    return (
        (after[:1] in _CLASS or _is_named_place(one, other, after))
        and max(len(one), len(other)) <= 8
        and bool(_HAN.fullmatch(one) and _HAN.fullmatch(other))
        and not (_UNNAMED.search(one) or _UNNAMED.search(other))
    )


def _is_named_place(one: str, other: str, after: str) -> bool:
    """Whether two stretches belong to the names of what the next words say: 云溪水库, 云水水库."""
    found = _NAMED.match(after)
    return found is not None and not _NO_NAME.search(f"{one}{other}{found[1]}")
