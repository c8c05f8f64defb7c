"""Planted pairs: known to be wrong, made from kept ones, to measure what a judge lets pass."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from pairs.compare.answers import agree
from pairs.records import QAPair, Reason
from pairs.text.figures.numbers import numbers
from pairs.text.language import language_of
from pairs.text.normalise import normalise

__all__ = ["Planted", "look_alike", "plant", "wrong_answer"]

Check = Callable[[str, str], Reason | None]
"""The rules' reason against a question and an answer, or None."""

_DIGIT = re.compile(r"[0-9]")
_NUMERAL = re.compile(r"[二三四五六七八九]")
_HAN_DENIED = re.compile(r"不(?=[得能可会应须予需])|没有|未(?=[经能曾])")
_HAN_ASSERTED = re.compile(r"(?<![不没未])(?=可以|应当|必须|能够|需要|允许|属于|包括)")
_DENIED = re.compile(r"\b(?:not|never) ", re.IGNORECASE)
_ASSERTED = re.compile(
    r"\b(?:is|are|was|were|can|may|must|will|shall|should|has|have|does|did)\b(?! not)"
)
_REFUTED = ("rejected.number", "rejected.name")


@dataclass(frozen=True)
class Planted:
    """A wrong pair.

    Attributes:
        question: Its question.
        answer: Its answer.
        alike: Id of the kept pair whose question it resembles without asking the same; empty where
            its question is a kept pair's own.
    """

    question: str
    answer: str
    alike: str = ""


def plant(pairs: Sequence[QAPair], passage: str, check: Check, want: int) -> list[Planted]:
    """At most so many wrong pairs, each made from another of the given ones; often fewer.

    The same pairs give the same ones, so that a request that is repeated is the same request.

    Args:
        pairs: Pairs that the rules call proven.
        passage: The text that they were made from.
        check: A pair altered by rule is planted only if the rules refute it.
        want: How many.
    """
    return _Planter(pairs, passage, check).plant(want)


def look_alike(pairs: Sequence[QAPair]) -> tuple[int, str] | None:
    """A question like that of one of the pairs but for a number, and the place of that pair.

    Args:
        pairs: Pairs of a list; none has that question.
    """
    chance = _chance(pairs)
    asked = {normalise(pair.question) for pair in pairs}
    for place in chance.sample(range(len(pairs)), len(pairs)):
        for question in _altered(pairs[place].question, chance):
            if normalise(question) not in asked:
                return place, question
    return None


def wrong_answer(pair: QAPair, pairs: Sequence[QAPair]) -> str:
    """An answer that is not the pair's: with another number, turned round, or another pair's.

    Args:
        pair: A pair.
        pairs: Others of its list; the answer of one that rests on another sentence may be taken.

    Returns:
        The answer; empty where none could be made.
    """
    altered = next(_altered(pair.answer, _chance([pair])), "") or _turned(pair.answer)
    if altered and altered != pair.answer:
        return altered
    others = (
        other.answer
        for other in pairs
        if other.evidence.sentence != pair.evidence.sentence
        and not agree(pair.answer, other.answer)
    )
    return next(others, "")


def _chance(pairs: Sequence[QAPair]) -> random.Random:
    """Always the same for the same pairs, so that a request that is repeated is the same."""
    seed = sha256("\n".join(pair.id for pair in pairs).encode()).hexdigest()
    return random.Random(seed)  # noqa: S311 - not for secrets


class _Planter:
    """Makes wrong pairs from right ones, in turn by every way there is."""

    def __init__(self, pairs: Sequence[QAPair], passage: str, check: Check) -> None:
        self._pairs, self._check = pairs, check
        self._known = {number.key for number in numbers(passage)}
        self._chance = _chance(pairs)

    def plant(self, want: int) -> list[Planted]:
        ways = [
            self._other_number_asked,
            self._neighbours_answer,
            self._other_number,
            self._denial,
        ]
        self._chance.shuffle(ways)
        planted: list[Planted] = []
        used: set[str] = set()
        for way in [*ways, *ways]:
            for pair in self._chance.sample(self._pairs, len(self._pairs)):
                found = None if pair.id in used else next(way(pair), None)
                if found is not None and len(planted) < want:
                    planted.append(found)
                    used.add(pair.id)
                    break
        return planted

    def _other_number_asked(self, pair: QAPair) -> Iterator[Planted]:
        """The question with another number, which the passage does not have: another year."""
        known = self._known | {number.key for number in numbers(pair.question)}
        for question in _altered(pair.question, self._chance):
            if {number.key for number in numbers(question)} - known:
                yield Planted(question, pair.answer, alike=pair.id)

    def _other_number(self, pair: QAPair) -> Iterator[Planted]:
        for answer in _altered(pair.answer, self._chance):
            if self._refuted(pair.question, answer):
                yield Planted(pair.question, answer)

    def _denial(self, pair: QAPair) -> Iterator[Planted]:
        answer = _turned(pair.answer)
        if answer != pair.answer and self._refuted(pair.question, answer):
            yield Planted(pair.question, answer)

    def _neighbours_answer(self, pair: QAPair) -> Iterator[Planted]:
        """The answer of a pair that rests on another sentence and looks alike."""
        sentence = normalise(pair.evidence.sentence)
        for other in self._chance.sample(self._pairs, len(self._pairs)):
            lengths = sorted((len(pair.answer), len(other.answer)))
            if (
                other.evidence.sentence != pair.evidence.sentence
                and lengths[1] <= 2 * lengths[0] + 4
                and _kinds(other.answer) == _kinds(pair.answer)
                and normalise(other.answer) not in sentence
                and not agree(pair.answer, other.answer)
            ):
                yield Planted(pair.question, other.answer)

    def _refuted(self, question: str, answer: str) -> bool:
        reason = self._check(question, answer)
        return reason is not None and reason.code in _REFUTED


def _kinds(answer: str) -> tuple[str, ...]:
    return tuple(sorted({number.kind for number in numbers(answer)}))


def _altered(text: str, chance: random.Random) -> Iterator[str]:
    """The text with one of its numbers changed by a digit, each in turn."""
    found = [one for one in numbers(text) if one.value]
    for number in chance.sample(found, len(found)):
        word = text[number.start : number.end]
        digits = list(_DIGIT.finditer(word)) or list(_NUMERAL.finditer(word))
        if digits:
            digit, place = digits[-1].group(), number.start + digits[-1].start()
            others = "23456789" if digit.isascii() else "二三四五六七八九"
            other = chance.choice(others.replace(digit, ""))
            yield f"{text[:place]}{other}{text[place + 1 :]}"


def _turned(answer: str) -> str:
    """The answer with a denial taken out or put in; unchanged where there is no place for one."""
    if language_of(answer) == "zh":
        if _HAN_DENIED.search(answer):
            return _HAN_DENIED.sub("", answer, count=1)
        return _HAN_ASSERTED.sub("不", answer, count=1)
    if _DENIED.search(answer):
        return _DENIED.sub("", answer, count=1)
    return _ASSERTED.sub(lambda found: f"{found.group()} not", answer, count=1)
