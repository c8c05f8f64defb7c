"""Whether two questions that look alike ask different things, and by which of their words.

Embeddings put 2022 beside 2023 and 启用 beside 禁用. Each guard looks at one kind of word and
sees a difference only where both questions have such a word and not the same one, or where a
number or a negation stands in one alone; so a question put in other words passes.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import Prefix

from loaders.characters import HAN

from ..text.alignment import other_class_name, replaced
from ..text.antonyms import Members, belongs, exclusive, members, single_opposites
from ..text.figures.numbers import Number, numbers, same
from ..text.flat import flatten
from ..text.negation import negated_word, negations, without_denying
from ..text.normalise import normalise
from ..text.question_words import asks_for, clashes, without_asking

__all__ = ["Difference", "difference", "facts"]

Difference = Literal[
    "", "number", "title", "identifier", "opposite", "name", "negation", "asked for"
]

_TITLE = re.compile(r"《([^《》]{1,80})》|<([^<>\s=][^<>=]{0,80})>")
_QUOTED = re.compile(r"\"+([^\"]{2,80})\"+")
_LATIN = re.compile(r"[a-z][a-z0-9]*(?:[+#]+)?|\d+[a-z][a-z0-9]*")
# A capital where no sentence begins.
_INSIDE = re.compile(r"(?<=[\w,;)'’/-] )[\"'“‘(]?([A-Z\u00c0-\u00de]\w*)|(?<=\w[/-])([A-Z]\w+)")
_HONORIFICS = frozenset("mr mrs ms dr sir lady lord president professor prof st the".split())
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f][\w\u00c0-\u024f]*")


_HAN = re.compile(f"[{HAN}]")
_TOKEN = re.compile(r"[a-z0-9\u00c0-\u024f]+|[^\W_]")
_FILLERS = Counter(
    dict.fromkeys("is are was were be do does did a an the of 的 了 是 在".split(), 9)
)
_COUNTS = frozenset(map(Fraction, range(1, 11)))
_ONE = re.compile(r"1 ?[^\d万亿千百]*")
_LONGEST = 1000
"""Characters of a question that are looked at; what is longer is no question a person asks."""
_ENDING = re.compile("(?:s|i|n|y|a|o|e|an|ans|ns|ian|ians|ese|ish|ic|er|ers|en|in|al)?")
"""What two forms of one name end in: Italy and Italian."""
_SPELLING = 0.75
"""Ratio from which two words or titles may be spellings of one."""
# Of two questions' other words, the share that must be common for one word to tell them apart.
_DENIED_ALIKE = 0.8
_ASKED_ALIKE = 0.7
_HOW_WHY_ALIKE = 0.95


@dataclass(frozen=True, slots=True)
class _Traits:
    """What of a question can make it another question."""

    text: str
    words: frozenset[str]
    numbers: tuple[Number, ...]
    titles: frozenset[str]
    quoted: frozenset[str]
    identifiers: frozenset[str]
    members: Members
    names: frozenset[str]
    negations: int
    asked: frozenset[str]
    rest: Counter[str]


@lru_cache(maxsize=1 << 15)
def _traits(question: str) -> _Traits:
    question = question[:_LONGEST]
    flat = flatten(question)
    text = normalise(question)
    words = frozenset(re.findall(r"[a-z0-9\u00c0-\u024f]+", text))
    han = bool(_HAN.search(flat))
    return _Traits(
        text=text,
        words=words,
        numbers=numbers(text),
        titles=frozenset(normalise(one or other) for one, other in _TITLE.findall(flat)),
        quoted=frozenset(normalise(found) for found in _QUOTED.findall(flat)),
        identifiers=frozenset(_LATIN.findall(text)) if han else _codes(question),
        members=members(flat),
        names=frozenset() if han else _names(question),
        negations=negations(text),
        asked=asks_for(text),
        rest=Counter(_TOKEN.findall(without_asking(without_denying(text)))) - _FILLERS,
    )


def _codes(question: str) -> frozenset[str]:
    """The words of an English question that are written like codes: GPT4, NATO."""
    words = re.findall(r"[A-Za-z0-9]+(?:[+#]+)?", question)
    if sum(word.isupper() for word in words) * 2 > len(words):
        return frozenset()
    return frozenset(
        word.lower()
        for word in words
        if (len(word) > 1 and word.isupper() and word.isalpha())
        or (any(map(str.isdigit, word)) and any(map(str.isalpha, word)))
        or word[-1] in "+#"
    )


def _names(question: str) -> frozenset[str]:
    """The capitalised words inside an English question, normalised.

    None where most words are capitalised, and none that the families know: they have a guard.
    """
    words = [found.group() for found in _WORD.finditer(question)]
    inside = {found.group(1) or found.group(2) for found in _INSIDE.finditer(question)}
    many = sum(map(str.istitle, words[1:])) * 10 > max(3, len(words) - 1) * 6
    # Who designed Oakton Cotton Mill? is no headline: its verb is written small.
    if many and not any(len(word) > 4 and word.islower() for word in words[1:]):
        return frozenset()
    return frozenset(
        normalise(word)
        for word in inside
        if len(word) > 1 and word.lower() not in _HONORIFICS and not belongs(word.lower())
    )


def difference(one: str, other: str) -> Difference:
    """The kind of word that makes two questions ask different things; empty where none does.

    Args:
        one: A question as it was asked.
        other: Another.
    """
    mine, theirs = _traits(one), _traits(other)
    if mine.text == theirs.text:
        return ""
    if not _same_numbers(mine, theirs):
        return "number"
    if _other_titles(mine.titles, theirs.titles) or _other_titles(mine.quoted, theirs.quoted):
        return "title"
    if _other_identifiers(mine, theirs):
        return "identifier"
    if exclusive(mine.members, theirs.members, opposites=False):
        return "opposite"
    # Which of two equally long runs are aligned depends on which text comes first.
    return _denied(mine, theirs) or _by_place(mine, theirs) or _by_place(theirs, mine)


def _denied(mine: _Traits, theirs: _Traits) -> Difference:
    """Whether opposites, a denial or the word that asks make two questions differ."""
    if negated_word(mine.words, theirs.words):
        return "negation"
    denied = mine.negations % 2 != theirs.negations % 2
    if exclusive(mine.members, theirs.members, opposites=True):
        # 没成功 says what 失败 says.
        return "" if denied else "opposite"
    alike = _shared(mine, theirs)
    if denied and alike >= _DENIED_ALIKE:
        return "negation"
    if clashes(mine.asked, theirs.asked) and alike >= _ASKED_ALIKE:
        return "asked for"
    if {"how", "why"} == mine.asked ^ theirs.asked and alike >= _HOW_WHY_ALIKE:
        return "asked for"
    return ""


def _shared(mine: _Traits, theirs: _Traits) -> float:
    """The share that two questions have in common of the words that neither deny nor ask."""
    total = mine.rest.total() + theirs.rest.total()
    return 2 * (mine.rest & theirs.rest).total() / total if total else 1.0


def facts(question: str) -> int:
    """A fingerprint of a question's numbers: two that differ mean that ``difference`` sees it.

    0 where the numbers can be said in ways that no fingerprint brings together. Comparing
    fingerprints spares a list of thousands of like questions, one a year, the full look.

    Args:
        question: As it was asked.
    """
    traits = _traits(question)
    values = []
    for number in traits.numbers:
        if number.kind == "label" or number.value[0] is None:
            return 0
        if not _slight(number, traits.text):
            values.append(number.value[0])
    return hash(tuple(sorted(values))) or 1


def _same_numbers(mine: _Traits, theirs: _Traits) -> bool:
    """Whether two questions speak of the same numbers, a slight one in one of them aside."""
    left, alone = list(theirs.numbers), []
    for number in mine.numbers:
        twin = next((n for n in left if _equal(number, n)), None)
        if twin is None:
            alone.append(number)
        else:
            left.remove(twin)
    if alone and left:
        return _joined_up(mine, alone) == _joined_up(theirs, left)
    return all(_slight(n, mine.text) for n in alone) and all(_slight(n, theirs.text) for n in left)


def _joined_up(traits: _Traits, some: list[Number]) -> str:
    """The numbers' text without spaces: ipl 2016 is IPL2016."""
    first, last = some[0].start, some[-1].end
    word = re.search(r"[a-z]*\s?$", traits.text[:first])
    start = word.start() if word and some[0].kind != "label" else first
    return re.sub(r"[\s.-]", "", traits.text[start:last])


def _slight(number: Number, text: str) -> bool:
    """Whether a question may as well leave a number out: 哪三个特点 and 哪些特点, in one year."""
    if number.kind != "amount":
        return False
    if number.unit in ("", "人", "次"):
        return number.value[0] in _COUNTS
    return bool(_ONE.fullmatch(text[number.start : number.end]))


def _equal(one: Number, other: Number) -> bool:
    return (one.kind == "ordinal") == (other.kind == "ordinal") and same(one, other)


def _other_titles(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether each side has a title that the other has in no spelling."""
    return _other_title(mine, theirs) and _other_title(theirs, mine)


def _other_title(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether a title is, in whatever spelling, no title of the other's, which has some."""
    return bool(theirs) and any(
        not any(
            title in other
            or other in title
            or SequenceMatcher(None, title, other).ratio() >= _SPELLING
            for other in theirs
        )
        for title in mine
    )


def _other_identifiers(mine: _Traits, theirs: _Traits) -> bool:
    """Whether each question has an identifier that stands nowhere in the other."""
    squeezed_mine = mine.text.replace(" ", "")
    squeezed_theirs = theirs.text.replace(" ", "")
    return any(word not in squeezed_theirs for word in mine.identifiers) and any(
        word not in squeezed_mine for word in theirs.identifiers
    )


def _strange(names: Iterable[str], other: _Traits) -> bool:
    return any(not any(_alike(name, word) for word in other.words) for name in names)


def _alike(name: str, word: str) -> bool:
    """Whether two words may be spellings or forms of one name."""
    if name == word:
        return True
    if len(word) < 3 or name[0] != word[0]:
        return False
    if name.startswith(word) or word.startswith(name):
        return True
    shared = Prefix.similarity(name, word)
    if shared >= 4 and _ENDING.fullmatch(name[shared:]) and _ENDING.fullmatch(word[shared:]):
        return True
    return SequenceMatcher(None, name, word).ratio() >= _SPELLING


def _by_place(mine: _Traits, theirs: _Traits) -> Difference:
    """What the words differ by that stand in the same place of two texts."""
    if mine.names and theirs.names:
        my_words, their_words = mine.text.split(), theirs.text.split()
        for here, there in replaced(my_words, their_words):
            one = mine.names.intersection(my_words[here])
            other = theirs.names.intersection(their_words[there])
            if _strange(one, theirs) and _strange(other, mine):
                return "name"
    if _HAN.search(mine.text) and _HAN.search(theirs.text):
        for here, there in replaced(mine.text, theirs.text):
            one_part, other_part = mine.text[here], theirs.text[there]
            if single_opposites(one_part, other_part):
                return "opposite"
            if other_class_name(one_part, other_part, mine.text[here.stop :][:8]):
                return "name"
    return ""
