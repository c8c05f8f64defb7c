"""Detects antonyms substituted, or negations inserted, in a repeated context."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from loaders.characters import HAN

from ..text.antonyms import Occurrence, occurrences, stands_for
from ..text.flat import flatten
from ..text.terms import IS_HAN

__all__ = ["affirmed", "alike_around", "common", "denial_put_in", "swapped"]

_CONTEXT = 12
"""Characters of context compared on each side of a word."""
_READ = 18
"""Characters of a text that are read for it, white space and all."""
_SPACE = re.compile(rf"(?<=[{HAN}]) | (?=[{HAN}])|^ | $")
_BOTH_SIDES = 4
"""Common context, in letters (a Chinese character counts two), required on both sides;"""
_AT_EDGE = 8
"""or on one side, where the answer begins or ends at the other;"""
_ONE_SIDE = 16
"""or on one side only."""
_MODALS = frozenset("得能可以会许准")
"""Characters of modal verbs, which stand between a negation and the negated phrase."""
_ADJACENT = ((2, 2), (1, 4))
"""Context before and after a negation, in tokens, that must be adjacent without it."""
_NEGATION_BEFORE = re.compile(
    r"(?:[不没未无勿]|\b(?:not|never|cannot)|n't)\s?(?:能|可|有|曾|被|得|be|been|have|has|the)?\s?\Z"
)
_REACH = 14
_BLANK = re.compile(r"[\s.,;:!?。，；：！？、]*")


def common(one: str, other: str) -> int:
    """Weighted length of the common prefix of two texts; a Chinese character counts 2.

    Args:
        one: A text.
        other: Another text.
    """
    weight = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        weight += 2 if IS_HAN.match(mine) else 1
    return weight


def alike_around(
    flat: str, one: tuple[int, int], flat_other: str, other: tuple[int, int]
) -> tuple[int, int]:
    """Weighted lengths of the equal context right before and right after two spans.

    Args:
        flat: A flattened text.
        one: Start and end of a span of it.
        flat_other: Another flattened text.
        other: Start and end of a span of that.
    """
    before = common(
        _closed_up(flat[max(0, one[0] - _READ) : one[0]])[: -_CONTEXT - 1 : -1],
        _closed_up(flat_other[max(0, other[0] - _READ) : other[0]])[: -_CONTEXT - 1 : -1],
    )
    after = common(
        _closed_up(flat[one[1] : one[1] + _READ])[:_CONTEXT],
        _closed_up(flat_other[other[1] : other[1] + _READ])[:_CONTEXT],
    )
    return before, after


def _closed_up(text: str) -> str:
    """The text without the white space that Chinese print may have or leave out."""
    return _SPACE.sub("", text) if " " in text else text


@lru_cache(maxsize=1 << 10)
def affirmed(flat: str) -> tuple[Occurrence, ...]:
    """The family members in a text that are not negated: not the 可以 of 不可以.

    Args:
        flat: Flattened, as by ``flatten``.
    """
    return tuple(
        word
        for word in occurrences(flat)
        if not _NEGATION_BEFORE.search(flat, max(0, word.start - _REACH), word.start)
    )


def swapped(answer: str, evidence: str) -> bool:
    """Whether an answer has a word where its evidence has one that excludes it.

    The context decides, since both words may occur in the evidence: after and before in
    ``After the war ... leaked before the departure``.

    Args:
        answer: The model's wording.
        evidence: The source sentences that ground it.
    """
    flat, flat_other = flatten(answer), flatten(evidence)
    known = _by_family(flat_other)
    for word in affirmed(flat):
        same, another = 0, 0
        for other in known.get(word.family, ()):
            place = word.start, word.end
            before, after = alike_around(flat, place, flat_other, (other.start, other.end))
            if other.member == word.member:
                same = max(same, before + after)
            elif _is_enough_context(flat, place, before, after):
                another = max(another, before + after)
        if another > same:
            return True
    return False


@lru_cache(maxsize=1 << 10)
def _by_family(flat_other: str) -> dict[int, list[Occurrence]]:
    known: dict[int, list[Occurrence]] = {}
    for word in affirmed(flat_other):
        if stands_for(word.family):
            known.setdefault(word.family, []).append(word)
    return known


def _is_enough_context(flat: str, place: tuple[int, int], before: int, after: int) -> bool:
    """Whether the common context is long enough for one word to replace the other."""
    if min(before, after) >= _BOTH_SIDES or max(before, after) >= _ONE_SIDE:
        return True
    if before >= _AT_EDGE:
        return _BLANK.fullmatch(flat, place[1]) is not None
    return after >= _AT_EDGE and _BLANK.fullmatch(flat, 0, place[0]) is not None


def denial_put_in(
    one: Sequence[str], denies: Sequence[bool], other: Sequence[str], *, alone: bool
) -> bool:
    """Whether a text inserts a negation between tokens that are adjacent in another text.

    Args:
        one: Tokens of the text that may negate.
        denies: For each of them, whether it is a negation.
        other: Tokens of the other text.
        alone: Whether only the negation itself may be inserted, or also a token beside it: 是不是.
    """
    joined = _joined(other)
    widths = ((0, 1),) if alone else ((0, 1), (-1, 1), (0, 2))
    for at, negates in enumerate(denies):
        if not negates and (alone or not _is_doubled(one, at)):
            continue
        for left, right in widths:
            for before, after in _ADJACENT:
                first, last = at + left, _past_modals(one, at + right) + after
                if first < before or last > len(one):
                    continue
                without = _joined([*one[first - before : first], *one[at + right : last]])
                if without in joined and _joined(one[first - before : last]) not in joined:
                    return True
    return False


def _past_modals(words: Sequence[str], at: int) -> int:
    """Index of the negated phrase, past modal characters: of 转借 in 不可以转借."""
    while at < len(words) and words[at] in _MODALS:
        at += 1
    return at


def _is_doubled(words: Sequence[str], at: int) -> bool:
    """Whether a token is the 不 of an A-not-A form such as 是不是."""
    return words[at] in "不没" and 0 < at < len(words) - 1 and words[at - 1] == words[at + 1]


def _joined(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "
