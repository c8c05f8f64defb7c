"""The words by which an answer denies, or turns round, what its evidence says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from loaders.characters import HAN

from ..text.alignment import replaced
from ..text.antonyms import Members, exclusive, members, single_opposites
from ..text.flat import flatten
from ..text.negation import DENIAL, NOT_DENYING
from ..text.terms import IS_HAN, is_slight, stem
from .substitution import affirmed, denial_put_in, swapped

__all__ = ["turned_round"]

_TOKEN = re.compile(
    rf"(?P<no>{DENIAL.pattern})"
    rf"|[a-z0-9\u00c0-\u024f]+|[{HAN}]"
)
_COMPARING = frozenset("before after more less".split())
_MODAL = frozenset("得能可以会许准要应该被曾")
_SCOPE = 5
"""Characters or words over which a denial reaches."""
_LONGEST = 4
"""Characters or words after a denial that are looked for: what is denied."""


def _words(flat: str) -> list[str]:
    return [found.group() for found in _TOKEN.finditer(flat)]


@dataclass(frozen=True, slots=True)
class _Said:
    """A text as words, and which of them deny."""

    words: tuple[str, ...]
    denies: tuple[bool, ...]

    def denied(self) -> Iterator[tuple[str, ...]]:
        """For each denial, the words after it that say what is denied."""
        for at, denies in enumerate(self.denies):
            if denies:
                first = at + 1
                while first < len(self.words) and _is_filling(self.words[first]):
                    first += 1
                yield self.words[first : first + _LONGEST]

    def says(self, wanted: tuple[str, ...]) -> tuple[bool, bool]:
        """Whether the text says something plainly, and whether it denies it."""
        plain = denied = False
        for at in range(len(self.words) - len(wanted) + 1):
            if self.words[at : at + len(wanted)] == wanted:
                if any(self.denies[max(0, at - _SCOPE) : at]):
                    denied = True
                else:
                    plain = True
        return plain, denied


def _is_filling(word: str) -> bool:
    """Whether a word after a denial only carries it on: 不得骑行 denies 骑行."""
    return word in _MODAL if IS_HAN.match(word) else is_slight(word)


@lru_cache(maxsize=1 << 12)
def _said(text: str) -> _Said:
    flat = flatten(text)
    harmless = [found.span() for found in NOT_DENYING.finditer(flat)]
    words, denies = [], []
    for found in _TOKEN.finditer(flat):
        at = found.start()
        words.append(stem(found.group()))
        denies.append(bool(found["no"]) and not any(a <= at < b for a, b in harmless))
    return _Said(tuple(words), tuple(denies))


def turned_round(answer: str, evidence: str, quote: str = "") -> bool:
    """Whether an answer denies what its evidence says, says what it denies, or the opposite.

    Only what both speak of is compared: 不得携带 and 可以携带, at least 5 and at most 5.

    Args:
        answer: As the model put it.
        evidence: The sentences it was tied to.
        quote: What of them the answer repeats nearly word for word; empty for nothing.
    """
    if quote and _differ(flatten(answer), flatten(quote)):
        return True
    mine, theirs = _said(answer), _said(evidence)
    if _denies(mine, theirs, 1) or _denies(theirs, mine, 2):
        return True
    if denial_put_in(mine.words, mine.denies, theirs.words, alone=False):
        return True
    if denial_put_in(theirs.words, theirs.denies, mine.words, alone=True):
        return True
    if swapped(answer, evidence):
        return True
    one, other = _affirmed(answer), _affirmed(evidence)
    return exclusive(one, other, opposites=True) or exclusive(
        _comparing(one), _comparing(other), opposites=False
    )


def _affirmed(text: str) -> Members:
    named: Members = {}
    for word in affirmed(flatten(text)):
        named.setdefault(word.family, Counter())[word.member] += 1
    return named


def _comparing(named: Members) -> Members:
    """The families of more than two that compare: before, after and during."""
    return {
        family: found for family, found in named.items() if not found.keys().isdisjoint(_COMPARING)
    }


def _denies(one: _Said, other: _Said, fewest: int) -> bool:
    """Whether one text denies what the other says and nowhere denies.

    Args:
        one: The text that may deny.
        other: The one that may say it.
        fewest: English words of what is denied that both must share.
    """
    for what in one.denied():
        least = 2 if what and IS_HAN.match(what[0]) else fewest
        for size in range(len(what), least - 1, -1):
            plain, denied = other.says(what[:size])
            if plain and not denied and not one.says(what[:size])[0]:
                return True
            if plain or denied:
                break
    return False


def _differ(answer: str, quote: str) -> bool:
    """Whether two nearly equal texts differ by a word that denies or by one and its opposite."""
    mine, theirs = _but_for_ends(_words(answer), _words(quote))
    for here, there in replaced(mine, theirs, gaps=True):
        if any(DENIAL.fullmatch(word) for word in [*mine[here], *theirs[there]]):
            return True
        one, other = _joined(mine[here]), _joined(theirs[there])
        if single_opposites(one, other):
            return True
        if any(exclusive(members(one), members(other), opposites=two) for two in (True, False)):
            return True
    return False


def _but_for_ends(mine: list[str], theirs: list[str]) -> tuple[list[str], list[str]]:
    """Two texts without the words with which both begin and end, since aligning is slow."""
    shorter = min(len(mine), len(theirs))
    first = next((at for at in range(shorter) if mine[at] != theirs[at]), shorter)
    last = next((at for at in range(shorter - first) if mine[-1 - at] != theirs[-1 - at]), 0)
    return mine[first : len(mine) - last], theirs[first : len(theirs) - last]


def _joined(words: Sequence[str]) -> str:
    return "".join(word if IS_HAN.match(word) else f" {word} " for word in words).strip()
