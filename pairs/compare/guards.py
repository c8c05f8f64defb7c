"""Guards against false merges: word differences by which similar questions are two.

Embeddings place 2022 near 2023 and 启用 near 禁用. Each guard compares one kind of word and
reports a difference only where both questions have such words but not the same ones, or where a
number or a negation occurs in one only; so paraphrases pass.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Literal

from rapidfuzz.distance import Prefix

from loaders.characters import HAN

from ..text.alignment import other_class_name, replaced
from ..text.antonyms import Members, belongs, exclusive, members, single_opposites
from ..text.figures.numbers import Number, numbers, same
from ..text.flat import flatten
from ..text.negation import negated_word, negations, without_denying
from ..text.normalise import normalise
from ..text.question_words import asks_for, clashes, has_question_word, without_asking
from ..text.text_cache import text_cached

__all__ = ["Difference", "difference", "facts"]

Difference = Literal[
    "", "number", "title", "identifier", "opposite", "name", "negation", "asked for"
]

_TITLE = re.compile(r"《([^《》]{1,80})》|<([^<>\s=][^<>=]{0,80})>")
_QUOTED = re.compile(r"\"+([^\"]{2,80})\"+")
_LATIN = re.compile(r"[a-z][a-z0-9]*(?:[+#]+)?|\d+[a-z][a-z0-9]*")
# A capitalised word that does not begin a sentence.
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
"""Characters of a question that are compared; no person asks longer ones."""
_NAME_SUFFIX = re.compile("(?:s|i|n|y|a|o|e|an|ans|ns|ian|ians|ese|ish|ic|er|ers|en|in|al)?")
"""Suffixes of inflected or derived names: Italy and Italian."""
_SPELLING = 0.75
"""Least ``SequenceMatcher`` ratio of two spellings of one name or title."""
_CODE = re.compile(r"(?<![a-z0-9])[a-z0-9]+(?:-[a-z0-9]+)*(?![a-z0-9])")
_SUFFIX = "pro|max|plus|mini|lite|ultra|air|se|turbo"
_VARIANT = re.compile(
    rf"(?<![a-z0-9.])(\d+[a-z]?(?= ?(?:{_SUFFIX}))|[a-z]+(?=[+#])) ?({_SUFFIX}|[+#]+)(?![a-z0-9])"
)
"""The suffix of a variant: iPhone 15 Pro, C++."""
_SEVERAL = re.compile(
    r"分别|各自|各(?=[是有为占]|多少|几)|区别|差别|差异|不同之处|有[何什]么?不同|相比"
    r"|\b(?:both|respectively|differences?|differ|compared)\b"
    r"|\b(?:when|where|who|what|why|how)(?: \w+)? (?:and|or) (?:when|where|who|what|why|how)\b"
)
"""What asks for more than one thing."""
_POLAR = re.compile(
    r"吗|[是能可会有应需]否|([\u4e00-\u9fff])[不没]\1|有没有"
    r"|^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|must)\b"
)
"""What asks for yes or no."""
# Of two questions' other words, the share that must be common for one word to tell them apart.
_NEGATION_ALIKE = 0.8
_ASKED_ALIKE = 0.7
_HOW_WHY_ALIKE = 0.95


@dataclass(frozen=True, slots=True)
class _Features:
    """The features of a question that the guards compare."""

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
    codes: frozenset[str]
    variants: frozenset[tuple[str, str]]
    several: bool
    polar: bool


@text_cached
def _features(question: str) -> _Features:
    question = question[:_LONGEST]
    flat = flatten(question)
    text = normalise(question)
    words = frozenset(re.findall(r"[a-z0-9\u00c0-\u024f]+", text))
    han = bool(_HAN.search(flat))
    figured = any(map(str.isdigit, text))
    return _Features(
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
        codes=frozenset(filter(_is_code, _CODE.findall(flat) if figured else ())),
        variants=frozenset(_VARIANT.findall(text)),
        several=bool(_SEVERAL.search(flat)),
        polar=bool(_POLAR.search(flat)) and not has_question_word(flat),
        rest=Counter(_TOKEN.findall(without_asking(without_denying(text)))) - _FILLERS,
    )


def _is_code(word: str) -> bool:
    """Whether a word has letters and digits, as the names of models have."""
    return any(map(str.isdigit, word)) and any(map(str.isalpha, word))


def _codes(question: str) -> frozenset[str]:
    """The acronyms and alphanumeric codes of an English question: NATO, GPT4."""
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
    """The proper names in an English question, normalised: capitalised words inside a sentence.

    Empty where most words are capitalised; without family members, which have a guard of their own.
    """
    words = [found.group() for found in _WORD.finditer(question)]
    inside = {found.group(1) or found.group(2) for found in _INSIDE.finditer(question)}
    many = sum(map(str.istitle, words[1:])) * 10 > max(3, len(words) - 1) * 6
    # "Who designed Oakton Cotton Mill?" is not in title case: its verb is lower case.
    if many and not any(len(word) > 4 and word.islower() for word in words[1:]):
        return frozenset()
    return frozenset(
        normalise(word)
        for word in inside
        if len(word) > 1 and word.lower() not in _HONORIFICS and not belongs(word.lower())
    )


def difference(one: str, other: str, *, one_answer: bool = False) -> Difference:
    """The kind of word by which two questions differ in meaning; empty where none does.

    Args:
        one: A question, not normalised.
        other: Another question.
        one_answer: Whether one passage gives both the same answer: then a number that only one
            question has only says more of the same thing (the tariff, the tariff of 2022), and
            how it asks for the answer does not matter (when, in which year).
    """
    mine, theirs = _features(one), _features(other)
    if mine.text == theirs.text:
        return ""
    if not _same_numbers(mine, theirs, additions=one_answer):
        return "number"
    if _other_titles(mine.titles, theirs.titles) or _other_titles(mine.quoted, theirs.quoted):
        return "title"
    if _other_identifiers(mine, theirs) or _other_variants(mine, theirs):
        return "identifier"
    if one_answer and (mine.several != theirs.several or mine.polar != theirs.polar):
        return "asked for"
    if exclusive(mine.members, theirs.members, opposites=False):
        return "opposite"
    # Alignment is not symmetric: ties depend on which text comes first.
    return (
        _by_polarity(mine, theirs, asked=not one_answer)
        or _by_substitution(mine, theirs)
        or _by_substitution(theirs, mine)
    )


def _by_polarity(mine: _Features, theirs: _Features, *, asked: bool) -> Difference:
    """The difference made by antonyms, a negation or, if ``asked``, the question word."""
    if negated_word(mine.words, theirs.words):
        return "negation"
    negated = mine.negations % 2 != theirs.negations % 2
    if exclusive(mine.members, theirs.members, opposites=True):
        # 没成功 means 失败.
        return "" if negated else "opposite"
    alike = _shared(mine, theirs)
    if negated and alike >= _NEGATION_ALIKE:
        return "negation"
    if not asked:
        return ""
    if clashes(mine.asked, theirs.asked) and alike >= _ASKED_ALIKE:
        return "asked for"
    if {"how", "why"} == mine.asked ^ theirs.asked and alike >= _HOW_WHY_ALIKE:
        return "asked for"
    return ""


def _shared(mine: _Features, theirs: _Features) -> float:
    """Dice coefficient of two questions' words, without negations and question words."""
    total = mine.rest.total() + theirs.rest.total()
    return 2 * (mine.rest & theirs.rest).total() / total if total else 1.0


def facts(question: str) -> int:
    """A hash of a question's numbers: where two differ, ``difference`` is not empty.

    0 where equal numbers need not have equal hashes. It saves the full comparison in lists of
    thousands of questions that differ by a number only, such as the year.

    Args:
        question: A question, not normalised.
    """
    features = _features(question)
    values = []
    for number in features.numbers:
        if number.kind == "label" or number.value[0] is None:
            return 0
        if not _may_be_omitted(number, features.text):
            values.append(number.value[0])
    return hash(tuple(sorted(values))) or 1


def _same_numbers(mine: _Features, theirs: _Features, *, additions: bool) -> bool:
    """Whether two questions have the same numbers, apart from ones that may be omitted.

    Args:
        mine: Features of the first question.
        theirs: Features of the second.
        additions: Whether any number may be omitted that stands in one question only.
    """
    left, unmatched = list(theirs.numbers), []
    for number in mine.numbers:
        twin = next((n for n in left if _equal(number, n)), None)
        if twin is None:
            unmatched.append(number)
        else:
            left.remove(twin)
    if unmatched and left:
        return _without_spaces(mine, unmatched) == _without_spaces(theirs, left)
    if additions:
        return True
    return all(_may_be_omitted(n, mine.text) for n in unmatched) and all(
        _may_be_omitted(n, theirs.text) for n in left
    )


def _without_spaces(features: _Features, some: list[Number]) -> str:
    """The text of the numbers and the word before, without spaces: ipl2016 for ipl 2016."""
    first, last = some[0].start, some[-1].end
    word = re.search(r"[a-z]*\s?$", features.text[:first])
    start = word.start() if word and some[0].kind != "label" else first
    return re.sub(r"[\s.-]", "", features.text[start:last])


def _may_be_omitted(number: Number, text: str) -> bool:
    """Whether a number may be omitted from a question: 哪三个特点 and 哪些特点, in one year."""
    if number.kind != "amount":
        return False
    if number.unit in ("", "人", "次"):
        return number.value[0] in _COUNTS
    return bool(_ONE.fullmatch(text[number.start : number.end]))


def _equal(one: Number, other: Number) -> bool:
    return (one.kind == "ordinal") == (other.kind == "ordinal") and same(one, other)


def _other_titles(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether each side has a title that the other side has in no similar spelling."""
    return _other_title(mine, theirs) and _other_title(theirs, mine)


def _other_title(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether some title resembles none of the other side's titles, of which there are some."""
    return bool(theirs) and any(
        not any(title in other or other in title or _spelt_alike(title, other) for other in theirs)
        for title in mine
    )


def _other_identifiers(mine: _Features, theirs: _Features) -> bool:
    """Whether each question has an identifier that the other does not contain."""
    squeezed_mine = mine.text.replace(" ", "")
    squeezed_theirs = theirs.text.replace(" ", "")
    return any(word not in squeezed_theirs for word in mine.identifiers) and any(
        word not in squeezed_mine for word in theirs.identifiers
    )


def _other_variants(mine: _Features, theirs: _Features) -> bool:
    """Whether two questions name two variants of one model: AW-30 and AW-30H, 15 and 15 Pro."""
    only_mine, only_theirs = mine.codes - theirs.codes, theirs.codes - mine.codes
    if any(
        one.startswith(other) or other.startswith(one) for one in only_mine for other in only_theirs
    ):
        return True
    return _plain_of(mine.variants - theirs.variants, theirs.text) or _plain_of(
        theirs.variants - mine.variants, mine.text
    )


def _plain_of(variants: Iterable[tuple[str, str]], text: str) -> bool:
    """Whether a text names a model without the suffix of its variant."""
    return any(re.search(rf"(?<![a-z0-9.]){model}(?![a-z0-9+#])", text) for model, _ in variants)


def _has_unknown_name(names: Iterable[str], other: _Features) -> bool:
    return any(not any(_alike(name, word) for word in other.words) for name in names)


def _alike(name: str, word: str) -> bool:
    """Whether two words may be spellings or inflections of one name."""
    if name == word:
        return True
    if len(word) < 3 or name[0] != word[0]:
        return False
    if name.startswith(word) or word.startswith(name):
        return True
    shared = Prefix.similarity(name, word)
    if (
        shared >= 4
        and _NAME_SUFFIX.fullmatch(name[shared:])
        and _NAME_SUFFIX.fullmatch(word[shared:])
    ):
        return True
    return _spelt_alike(name, word)


def _spelt_alike(one: str, other: str) -> bool:
    mine, theirs = _letters(one), _letters(other)
    # No more letters can match than the two have in common, those that stand in one more than once
    # counted as often: an upper bound, and a hundred times cheaper than the ratio.
    most = len(mine & theirs) + min(len(one) - len(mine), len(other) - len(theirs))
    if 2 * most < _SPELLING * (len(one) + len(other)):
        return False
    matcher = SequenceMatcher(None, one, other)
    return matcher.quick_ratio() >= _SPELLING and matcher.ratio() >= _SPELLING


@text_cached
def _letters(word: str) -> frozenset[str]:
    return frozenset(word)


def _by_substitution(mine: _Features, theirs: _Features) -> Difference:
    """The difference made by aligned substitutions in two texts; empty for none."""
    if mine.names and theirs.names:
        my_words, their_words = mine.text.split(), theirs.text.split()
        for here, there in replaced(my_words, their_words):
            one = mine.names.intersection(my_words[here])
            other = theirs.names.intersection(their_words[there])
            if _has_unknown_name(one, theirs) and _has_unknown_name(other, mine):
                return "name"
    if _HAN.search(mine.text) and _HAN.search(theirs.text):
        for here, there in replaced(mine.text, theirs.text):
            one_part, other_part = mine.text[here], theirs.text[there]
            if single_opposites(one_part, other_part):
                return "opposite"
            if other_class_name(one_part, other_part, mine.text[here.stop :][:8]):
                return "name"
    return ""
