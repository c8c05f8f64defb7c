"""What kind of thing a question asks for: a person, a time, a place, a reason, a number."""

import re

from loaders.characters import HAN

__all__ = ["asks_for", "clashes", "without_asking"]

# In the order in which they are looked for; what is found is taken out of the text.
_CHINESE: tuple[tuple[str, str], ...] = (
    ("when:year", "哪一年|哪年|何年|几几年|什么年份|哪个年份|多少年(?=[成建出发开])|哪一年份"),
    ("when:month", "哪一个?月|哪个月|几月(?!几)|何月|什么月份"),
    (
        "when:day",
        "哪一天|哪天|哪一日|几号(?!线|楼|院)|几月几[日号]|何日|哪个日期|什么日期|什么日子",
    ),
    ("when:hour", "几点|几时几分"),
    ("when:century", "哪个?世纪|哪一世纪|几世纪"),
    ("when:dynasty", "哪个?朝代?|哪一个?朝代?|什么朝代"),
    (
        "when",
        "什么时候|什么时间|啥时候?|何时|几时|多会儿?|什么时期|哪个?时期|哪一时期|哪段时间|多久",
    ),
    (
        "where",
        "什么地方|哪里|哪儿|何处|何地|啥地方|哪个?地方|哪一个?地方|什么位置|在哪|去哪|到哪|从哪",
    ),
    ("why", "为什么|为何|为啥|何以|因何|什么原因|啥原因|怎么会|怎会|何故|干嘛"),
    ("who", "谁|何人|什么人|哪位|哪一位|哪个人|哪些人|什么名人|啥人"),
    ("how much", "多少钱|什么价|什么价格|几钱|多少元|多少块"),
    (
        "how many",
        "多少|几(?=[个名位种类座条项所次届款部张首本篇章节期辆台艘架只头棵块层间对双套份件级代度场集季人])",
    ),
    ("how", "怎样|怎么样|如何|何种方式|怎么才|怎么去|怎么做"),
    # 怎么 asks how or why; it clashes with neither.
    ("how or why", "怎么|咋样?"),
)
_HAN = re.compile(f"[{HAN}]")
_CHINESE_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _CHINESE)

_ENGLISH = re.compile(
    r"\b(?:(?P<day>(?:what|which) (?:day|date)s?)|(?P<year>(?:what|which) years?)"
    r"|(?P<month>(?:what|which) months?)|(?P<century>(?:what|which) (?:century|centuries))"
    r"|(?P<when>when|(?:what|which) (?:time|period|era)\b)"
    r"|(?P<where>where|(?:what|which) (?:places?|locations?)\b)"
    r"|(?P<why>why|how come|(?:what|which) (?:is|are|was|were) the reasons?|what reasons?)"
    r"|(?P<who>who|whom|whose)"
    r"|(?P<many>how many)|(?P<much>how much)|(?P<long>how long)|(?P<far>how far)"
    r"|(?P<old>how old)|(?P<often>how often)|(?P<tall>how (?:tall|high|deep|wide|large|big|fast))"
    r"|(?P<how>how)|(?P<what>what|which))\b"
)
_NAMES = {"day": "when:day", "year": "when:year", "month": "when:month",
          "century": "when:century", "many": "how many", "much": "how much"}  # fmt: skip
_CLASHING = frozenset(
    frozenset(pair)
    for pair in (
        ("when", "where"), ("when", "why"), ("when", "who"), ("when", "how many"),
        ("where", "why"), ("where", "who"), ("where", "how many"), ("where", "how"),
        ("when", "how"), ("why", "who"), ("why", "how many"), ("who", "how many"),
        ("who", "how"), ("how", "how many"), ("how", "how much"),
        ("why", "how much"), ("who", "how much"), ("where", "how much"), ("when", "how much"),
    )
)  # fmt: skip


def asks_for(flat: str) -> frozenset[str]:
    """The kinds of thing a question asks for; empty where it does not say (what, 什么).

    Args:
        flat: Half width, lower case, simplified.
    """
    found: set[str] = set()
    rest = flat
    for name, pattern in _CHINESE_PATTERNS if _HAN.search(flat) else ():
        rest, hits = pattern.subn("\n", rest)
        if hits:
            found.add(name)
    # Only the first English one asks; those behind it open clauses.
    first = _ENGLISH.search(flat)
    if first is not None and first.lastgroup not in (None, "what"):
        found.add(_NAMES.get(str(first.lastgroup), str(first.lastgroup)))
    return frozenset(found)


def without_asking(flat: str) -> str:
    """The text without the words that ask.

    Args:
        flat: Half width, lower case, simplified.
    """
    for _, pattern in _CHINESE_PATTERNS if _HAN.search(flat) else ():
        flat = pattern.sub("", flat)
    return _ENGLISH.sub("", flat)


def clashes(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two questions ask for things that exclude each other.

    Args:
        mine: What one asks for.
        theirs: What the other asks for.
    """
    only_mine, only_theirs = mine - theirs, theirs - mine
    return any(_clash(one, other) for one in only_mine for other in only_theirs)


def _clash(one: str, other: str) -> bool:
    if one.startswith("when") and other.startswith("when"):
        return "when" not in (one, other)
    return frozenset((one.partition(":")[0], other.partition(":")[0])) in _CLASHING
