"""Contrast: whether the words that two questions do not share name two things of the document.

Paraphrases put a word of the document in other words, so at least one of two words that stand for
one thing is new; two questions about two things each name theirs as the document does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ..records import QAPair
from ..text.figures.numbers import numbers, same
from ..text.flat import flatten
from ..text.normalise import normalise
from ..text.question_words import without_asking
from ..text.terms import IS_HAN, Term, all_forms, form_set, is_slight, terms
from ..text.text_cache import text_cached

__all__ = ["Contrast", "contrast", "odd_words", "stands_twice"]

_SLIGHT = frozenset("向给用叫做吧各该本名共一么")
"""Characters that tell no thing apart, beside the stop words."""
_LONGEST_HAN, _LONGEST_WORDS = 8, 4
"""Length of the longest name in Chinese characters or in words; what is longer is a clause."""


class Contrast(NamedTuple):
    """How the words differ that only one of two questions has.

    Attributes:
        named: Whether each question names a thing of the document that the other does not.
        open: Whether both have such words at all, and each some that the passage has.
    """

    named: bool
    open: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring words of a question.

    Attributes:
        size: Their number; in Chinese that of characters.
        keys: The words as ``forms`` has them.
        han: Whether they are Chinese.
        lone: Whether it is one character, which is no word: ``keys`` are those it may belong to,
            as 绍 and 术 of 袁绍 and 袁术.
    """

    size: int
    keys: frozenset[str]
    han: bool
    lone: bool


_NONE = Contrast(named=False, open=False)


@text_cached
def _words(question: str) -> tuple[str, tuple[Term, ...], Counter[str]]:
    """A question without its question words, and its content words, Chinese by character."""
    text = without_asking(normalise(question))
    words = [word for word in terms(text) if not (is_slight(word[0]) or word[0] in _SLIGHT)]
    return text, tuple(words), Counter(word for word, _, _ in words)


def contrast(
    one: QAPair, other: QAPair, known: tuple[Set[str], Set[str]], *, shared: bool
) -> Contrast:
    """How two similar questions with one answer differ in their words.

    Args:
        one: A pair.
        other: A pair whose question is similar and whose answer agrees.
        known: The words of each pair's document, as ``forms`` yields them.
        shared: Whether both draw on one passage; otherwise a word that stands in its own evidence
            sentence and not in the other's names a thing, whatever else differs.
    """
    if not (known[0] and known[1]):
        return _NONE
    mine, theirs = _odd(one.question, other.question), _odd(other.question, one.question)
    if not mine or not theirs:
        return _NONE
    here = all_forms(one.evidence.sentence)
    there = all_forms(other.evidence.sentence)
    named = len(mine) == len(theirs) == 1
    named = named and _names(mine[0], known[0]) and _names(theirs[0], known[1])
    if not (shared or named) and here and there:
        named = any(run.keys & here - there for run in mine) and any(
            run.keys & there - here for run in theirs
        )
    passage = here | there
    return Contrast(
        named,
        open=any(not run.keys.isdisjoint(passage) for run in mine)
        and any(not run.keys.isdisjoint(passage) for run in theirs),
    )


def odd_words(one: str, other: str) -> bool:
    """Whether each of two questions has content words that the other lacks.

    Args:
        one: A question.
        other: Another question.
    """
    return bool(_odd(one, other) and _odd(other, one))


@lru_cache(maxsize=1 << 9)
def _odd(question: str, other: str) -> tuple[_Run, ...]:
    """The runs of words that only the first question has, wherever they stand."""
    text, words, counts = _words(question)
    theirs = _words(other)[2]
    left = {word: count - theirs[word] for word, count in counts.items()}
    runs: list[tuple[int, int]] = []
    joined = False
    for word, start, end in words:
        odd = left[word] > 0
        if odd:
            left[word] -= 1
            runs.append((runs.pop()[0] if joined else start, end))
        joined = odd
    return tuple(_run(text, start, end) for start, end in runs)


@text_cached
def _run(whole: str, start: int, end: int) -> _Run:
    han = bool(IS_HAN.match(whole[start]))
    lone = han and end - start == 1
    if lone:
        start, end = max(0, start - 1), end + 1
    text = whole[start:end]
    words = [word for word, _, _ in terms(text)]
    keys = {key for key in form_set(text) if len(key) > 1 or not IS_HAN.match(key)}
    return _Run(len(words), frozenset(key for key in keys if not is_slight(key)), han, lone)


def _names(run: _Run, known: Set[str]) -> bool:
    """Whether a run of words is how the document calls something, and short enough for a name."""
    if run.lone:
        return not run.keys.isdisjoint(known)
    longest = _LONGEST_HAN if run.han else _LONGEST_WORDS
    return bool(run.keys) and run.size <= longest and run.keys <= known


def stands_twice(answer: str, sentence: str) -> bool:
    """Whether an answer stands in a sentence more than once: 175 g of butter and 175 g of sugar.

    Args:
        answer: A pair's answer.
        sentence: Its evidence sentence.
    """
    found = numbers(flatten(answer))
    if found:
        there = numbers(flatten(sentence))
        return all(sum(same(number, other) for other in there) > 1 for number in found)
    said = re.escape(normalise(answer))
    return len(re.findall(said, normalise(sentence))) > 1
