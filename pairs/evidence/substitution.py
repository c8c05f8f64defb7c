"""Where an answer repeats its evidence's words but for one that turns their meaning round."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ..text.antonyms import Occurrence, occurrences, stands_for
from ..text.flat import flatten
from ..text.terms import IS_HAN

__all__ = ["affirmed", "alike_around", "common", "denial_put_in", "swapped"]

_LOOK = 12
"""Characters before and after a word that are compared."""
_SIDE = 4
"""Letters, or half as many Chinese characters, that must be equal on both sides of a word;"""
_EDGE = 8
"""or on one side, where the answer begins or ends on the other;"""
_LONG = 16
"""or on one side alone."""
_MAY = frozenset("得能可以会许准")
"""Characters of words that carry a denial on to what is denied."""
_BESIDE = ((2, 2), (1, 4))
"""Characters or words before and after a denial that must stand side by side without it."""
_DENIED = re.compile(
    r"(?:[不没未无勿]|\b(?:not|never|cannot)|n't)\s?(?:能|可|有|曾|被|得|be|been|have|has|the)?\s?\Z"
)
_REACH = 14
_BLANK = re.compile(r"[\s.,;:!?。，；：！？、]*")


def common(one: str, other: str) -> int:
    """How much of two texts is equal from their first character on, Chinese counted twice.

    Args:
        one: A text.
        other: Another.
    """
    weight = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        weight += 2 if IS_HAN.match(mine) else 1
    return weight


def alike_around(
    flat: str, one: tuple[int, int], told: str, other: tuple[int, int]
) -> tuple[int, int]:
    """How much of the text right before and right after two stretches is equal.

    Args:
        flat: A flattened text.
        one: A stretch of it.
        told: Another flattened text.
        other: A stretch of that.
    """
    before = after = 0
    if one[0] and flat[one[0] - 1] == told[other[0] - 1 : other[0]]:
        mine, theirs = (
            flat[max(0, one[0] - _LOOK) : one[0]],
            told[max(0, other[0] - _LOOK) : other[0]],
        )
        before = common(mine[::-1], theirs[::-1])
    if flat[one[1] : one[1] + 1] == told[other[1] : other[1] + 1]:
        after = common(flat[one[1] : one[1] + _LOOK], told[other[1] : other[1] + _LOOK])
    return before, after


@lru_cache(maxsize=1 << 10)
def affirmed(flat: str) -> tuple[Occurrence, ...]:
    """The words of families in a text that are not denied: 不可以 says what 不得 says.

    Args:
        flat: What ``flatten`` returns.
    """
    return tuple(
        word
        for word in occurrences(flat)
        if not _DENIED.search(flat, max(0, word.start - _REACH), word.start)
    )


def swapped(answer: str, evidence: str) -> bool:
    """Whether a word stands in an answer where its evidence has one that excludes it.

    What the words around say decides, since both words may stand in the evidence: after in
    ``After the war ... leaked before the departure``.

    Args:
        answer: As the model put it.
        evidence: The sentences it was tied to.
    """
    flat, told = flatten(answer), flatten(evidence)
    known = _by_family(told)
    for word in affirmed(flat):
        same, another = 0, 0
        for other in known.get(word.family, ()):
            place = word.start, word.end
            before, after = alike_around(flat, place, told, (other.start, other.end))
            if other.member == word.member:
                same = max(same, before + after)
            elif _is_telling(flat, place, before, after):
                another = max(another, before + after)
        if another > same:
            return True
    return False


@lru_cache(maxsize=1 << 10)
def _by_family(told: str) -> dict[int, list[Occurrence]]:
    known: dict[int, list[Occurrence]] = {}
    for word in affirmed(told):
        if stands_for(word.family):
            known.setdefault(word.family, []).append(word)
    return known


def _is_telling(flat: str, place: tuple[int, int], before: int, after: int) -> bool:
    """Whether the words around are enough to say that one word stands for the other."""
    if min(before, after) >= _SIDE or max(before, after) >= _LONG:
        return True
    if before >= _EDGE:
        return _BLANK.fullmatch(flat, place[1]) is not None
    return after >= _EDGE and _BLANK.fullmatch(flat, 0, place[0]) is not None


def denial_put_in(
    one: Sequence[str], denies: Sequence[bool], other: Sequence[str], *, alone: bool
) -> bool:
    """Whether a text denies by a word put between others that stand side by side elsewhere.

    Args:
        one: The words of the text that may deny.
        denies: Which of them do.
        other: The words of the text in which they stand without the denial.
        alone: Whether the denial alone is put in, or a word beside it may be too: 由不由, 是不是.
    """
    joined = _joined(other)
    widths = ((0, 1),) if alone else ((0, 1), (-1, 1), (0, 2))
    for at, denial in enumerate(denies):
        if not denial and (alone or not _is_doubled(one, at)):
            continue
        for left, right in widths:
            for before, after in _BESIDE:
                first, last = at + left, _past_may(one, at + right) + after
                if first < before or last > len(one):
                    continue
                without = _joined([*one[first - before : first], *one[at + right : last]])
                if without in joined and _joined(one[first - before : last]) not in joined:
                    return True
    return False


def _past_may(words: Sequence[str], at: int) -> int:
    """The next word that says what is denied: 转借 of 不可以转借."""
    while at < len(words) and words[at] in _MAY:
        at += 1
    return at


def _is_doubled(words: Sequence[str], at: int) -> bool:
    """Whether a word is the 不 of 是不是, which asks; in an answer it may have been put in."""
    return words[at] in "不没" and 0 < at < len(words) - 1 and words[at - 1] == words[at + 1]


def _joined(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "
