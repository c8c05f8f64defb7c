"""Question words: whether a text is a question, and what kind of thing it asks for."""

import json
import re
from pathlib import Path

from loaders.characters import HAN

from .flat import simplified

__all__ = [
    "asks_for",
    "clashes",
    "excludes",
    "has_question_word",
    "is_question",
    "may_name_its_answer",
    "without_asking",
]

_TABLE = json.loads(Path(__file__).with_name("question_words.json").read_text(encoding="utf-8"))
_HAN = re.compile(f"[{HAN}]")

# In the order in which they are looked for; what matched is taken out of the text.
_KINDS_ZH = tuple((kind, re.compile(pattern)) for kind, pattern in _TABLE["kinds"]["zh"])
_KINDS_EN = tuple(kind for kind, _ in _TABLE["kinds"]["en"])
# One capturing group a kind: the number of the group that matched tells which.
_ENGLISH = re.compile(
    rf"\b(?:{'|'.join(f'({pattern})' for _, pattern in _TABLE['kinds']['en'])})\b"
)
_EXCLUSIVE = frozenset(map(frozenset, _TABLE["exclusive"]))

_ASKS_ZH = re.compile(_TABLE["interrogatives"]["zh"])
_COMMANDS_ZH = re.compile(f"^(?:请|试)?(?:{_TABLE['commands']['zh']})")
_WH = rf"\b(?:{_TABLE['interrogatives']['en']})\b"
_ASKS_EN = re.compile(rf"{_WH}|(?:^|, )(?:{_TABLE['auxiliaries']['en']})\b", re.IGNORECASE)
_COMMANDS_EN = re.compile(rf"^(?:please\s+)?(?:{_TABLE['commands']['en']})\b", re.IGNORECASE)
# What is left open at its end asks for it: 清朝的首都是？ 史称为？ 该书的作者？ It was called?
_OPEN_ZH = re.compile(_TABLE["open_endings"]["zh"])
_OPEN_EN = re.compile(_TABLE["open_endings"]["en"], re.IGNORECASE)
_ASKED_FOR = re.compile(f"{_TABLE['asked_for']['zh']}|{_WH}", re.IGNORECASE)
# 是不是 and 有没有 repeat their verb; that too asks for yes or no.
_CHOICES = re.compile(
    rf"{_TABLE['choices']['zh']}|([{HAN}])[不没]\1|\b(?:{_TABLE['choices']['en']})\b",
    re.IGNORECASE,
)


def is_question(text: str) -> bool:
    """Whether a text asks something or tells one to answer, in Chinese or English.

    Its last line decides: small models copy a passage under a question and call it all one.

    Args:
        text: As read from a reply.
    """
    last_line = text.strip().rpartition("\n")[2].strip()
    if _HAN.search(last_line):
        plain = simplified(last_line)
        return bool(_ASKS_ZH.search(plain) or _COMMANDS_ZH.search(plain) or _OPEN_ZH.search(plain))
    return bool(
        _ASKS_EN.search(last_line) or _COMMANDS_EN.search(last_line) or _OPEN_EN.search(last_line)
    )


def may_name_its_answer(question: str) -> bool:
    """Whether a question may contain its own answer: it offers a choice, or asks yes or no.

    Args:
        question: In Chinese or English.
    """
    return _CHOICES.search(simplified(question)) is not None


def has_question_word(question: str) -> bool:
    """Whether a question has a word that stands for the missing answer: what, 谁, 多少.

    Args:
        question: In Chinese or English.
    """
    return _ASKED_FOR.search(simplified(question)) is not None


def asks_for(flat: str) -> frozenset[str]:
    """The kinds of thing a question asks for; empty where it does not say (what, 什么).

    Args:
        flat: Half width, lower case, simplified.

    Returns:
        Names such as ``who``, ``when:year`` and ``how many``, as in ``question_words.json``.
    """
    kinds: set[str] = set()
    rest = flat
    for kind, pattern in _KINDS_ZH if _HAN.search(flat) else ():
        rest, hits = pattern.subn("\n", rest)
        if hits:
            kinds.add(kind)
    # Only the first English question word asks; those behind it open clauses.
    first = _ENGLISH.search(flat)
    if first is not None and first.lastindex is not None:
        kinds |= {_KINDS_EN[first.lastindex - 1]} - {""}
    return frozenset(kinds)


def without_asking(flat: str) -> str:
    """The text without its question words.

    Args:
        flat: Half width, lower case, simplified.
    """
    for _, pattern in _KINDS_ZH if _HAN.search(flat) else ():
        flat = pattern.sub("", flat)
    return _ENGLISH.sub("", flat)


def clashes(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two questions ask for things that exclude each other.

    Args:
        mine: Kinds of the first question, as ``asks_for`` gives them.
        theirs: Kinds of the second.
    """
    only_mine, only_theirs = mine - theirs, theirs - mine
    return any(excludes(kind, other) for kind in only_mine for other in only_theirs)


def excludes(kind: str, other: str) -> bool:
    """Whether what is asked for by one kind of question can never be what another asks for.

    Args:
        kind: As ``asks_for`` gives it.
        other: Another.
    """
    if kind.startswith("when") and other.startswith("when"):
        return kind != other and "when" not in (kind, other)
    return frozenset((kind.partition(":")[0], other.partition(":")[0])) in _EXCLUSIVE
