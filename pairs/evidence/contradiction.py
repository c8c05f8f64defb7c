"""Detects an answer that contradicts its evidence by negation or antonym."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from loaders.characters import HAN

from ..text.alignment import replaced
from ..text.antonyms import Members, exclusive, members, single_opposites
from ..text.figures.numbers import missing, numbers
from ..text.flat import flatten
from ..text.negation import DENIAL, NOT_DENYING
from ..text.terms import IS_HAN, is_slight, stem
from .substitution import affirmed, denial_put_in, swapped
from .support import share_said

__all__ = ["is_denied", "polarity_holds", "turned_round"]

_TOKEN = re.compile(
    rf"(?P<no>{DENIAL.pattern})"
    rf"|[a-z0-9\u00c0-\u024f]+|[{HAN}]"
)
_COMPARING = frozenset("before after more less".split())
_MODAL = frozenset("得能可以会许准要应该被曾")
_SCOPE = 5
"""Scope of a negation, in Chinese characters or words after it."""
_ASSERTED = 0.9
"""Share of a question's words from which evidence without a denial says yes to it."""
_CLAUSE_END = re.compile(r"[，。；;：:！？!?\n]|[,.](?!\d)")
_CLAUSE_SAID = 0.75
"""Share of a text's content words from which a clause speaks of the same."""
_DENYING = re.compile(
    rf"{DENIAL.pattern}|禁|拒|只|仅|除|免|防|避|缺|\b(?:only|except|unless|but|instead|rather|prohibit\w*"
    r"|forbid\w*|forbidden|unable|refus\w+|lack\w*|free|fail\w*|exclud\w+|none|nothing|nobody)\b"
)
_LONGEST = 4
"""Chinese characters or words of the negated phrase that are compared."""


def _words(flat: str) -> list[str]:
    """The tokens; a negating word that denies nothing has a point behind it."""
    idle = _idle(flat)
    return [
        found.group() + "." * bool(found["no"] and found.start() in idle)
        for found in _TOKEN.finditer(flat)
    ]


def _idle(flat: str) -> frozenset[int]:
    """Offsets inside words that have a negating character or word and deny nothing: 不同."""
    return frozenset(at for found in NOT_DENYING.finditer(flat) for at in range(*found.span()))


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A tokenised text; ``negates`` tells for each token whether it is a negation."""

    words: tuple[str, ...]
    negates: tuple[bool, ...]

    def negated(self) -> Iterator[tuple[str, ...]]:
        """For each negation, the negated phrase: up to four tokens after it."""
        for at, negates in enumerate(self.negates):
            if negates:
                first = at + 1
                while first < len(self.words) and _continues_negation(self.words[first]):
                    first += 1
                yield self.words[first : first + _LONGEST]

    def polarity(self, phrase: tuple[str, ...]) -> tuple[bool, bool]:
        """Whether the text asserts a phrase, and whether it negates it."""
        asserted = negated = False
        for at in range(len(self.words) - len(phrase) + 1):
            if self.words[at : at + len(phrase)] == phrase:
                if any(self.negates[max(0, at - _SCOPE) : at]):
                    negated = True
                else:
                    asserted = True
        return asserted, negated


def _continues_negation(word: str) -> bool:
    """Whether a token is part of the negation rather than negated: 不得骑行 negates 骑行."""
    return word in _MODAL if IS_HAN.match(word) else is_slight(word)


@lru_cache(maxsize=1 << 12)
def _tokens(text: str) -> _Tokens:
    flat = flatten(text)
    idle = _idle(flat)
    words, negates = [], []
    for found in _TOKEN.finditer(flat):
        at = found.start()
        words.append(stem(found.group()))
        negates.append(bool(found["no"]) and at not in idle)
    return _Tokens(tuple(words), tuple(negates))


def turned_round(answer: str, evidence: str, quote: str = "") -> bool:
    """Whether an answer contradicts its evidence by a negation or an antonym.

    Only shared phrases are compared: 不得携带 and 可以携带, at least 5 and at most 5.

    Args:
        answer: The model's wording.
        evidence: The source sentences that ground it.
        quote: Their part that the answer repeats nearly verbatim; empty where there is none.
    """
    if quote and _differ(flatten(answer), flatten(quote)):
        return True
    mine, theirs = _tokens(answer), _tokens(evidence)
    if _negates(mine, theirs, 1) or _negates(theirs, mine, 2):
        return True
    if denial_put_in(mine.words, mine.negates, theirs.words, alone=False):
        return True
    if denial_put_in(theirs.words, theirs.negates, mine.words, alone=True):
        return True
    if swapped(answer, evidence):
        return True
    one, other = _affirmed(answer), _affirmed(evidence)
    return exclusive(one, other, opposites=True) or exclusive(
        _comparing(one), _comparing(other), opposites=False
    )


def polarity_holds(yes: bool, asserts: str, behind: str, evidence: str) -> bool:
    """Whether yes or no is the answer that the evidence gives to a question.

    Args:
        yes: What the answer says.
        asserts: What the question asserts, as by ``asserted``.
        behind: The answer's sentence behind its yes or no; empty for none.
        evidence: The source sentences that ground it.
    """
    contradicted = turned_round(asserts, evidence)
    if not behind:
        return (contradicted or is_denied(asserts, evidence)) is not yes
    if yes:
        both = contradicted and turned_round(asserts, behind)
        return not (both or is_denied(behind, evidence))
    if contradicted or share_said(asserts, evidence) < _ASSERTED:
        return True
    if missing(numbers(asserts), numbers(evidence)):
        return True
    flat = flatten(f"{behind}\n{evidence}")
    return bool(_DENYING.search(NOT_DENYING.sub("", flat)))


def is_denied(said: str, evidence: str, least: float = _CLAUSE_SAID) -> bool:
    """Whether the clause that has most words of a text denies, where the text itself does not.

    Args:
        said: A text, such as what a question asserts.
        evidence: The source sentences that may deny it.
        least: Share of the text's content words that the clause must have, 0..1.
    """
    if any(_tokens(said).negates):
        return False
    clauses = [clause for clause in _CLAUSE_END.split(evidence) if clause.strip()]
    shares = [share_said(said, clause) for clause in clauses]
    best = max(shares, default=0.0)
    return best >= least and any(
        any(_tokens(clause).negates)
        for clause, share in zip(clauses, shares, strict=True)
        if share == best
    )


def _affirmed(text: str) -> Members:
    named: Members = {}
    for word in affirmed(flatten(text)):
        named.setdefault(word.family, Counter())[word.member] += 1
    return named


def _comparing(named: Members) -> Members:
    """The members of families of comparison: before, after and during."""
    return {
        family: counts
        for family, counts in named.items()
        if not counts.keys().isdisjoint(_COMPARING)
    }


def _negates(one: _Tokens, other: _Tokens, fewest: int) -> bool:
    """Whether one text negates a phrase that the other asserts and nowhere negates.

    Args:
        one: The text that may negate.
        other: The text that may assert.
        fewest: English words of the negated phrase that both must share.
    """
    for phrase in one.negated():
        least = 2 if phrase and IS_HAN.match(phrase[0]) else fewest
        for size in range(len(phrase), least - 1, -1):
            asserted, negated = other.polarity(phrase[:size])
            negated = negated or _denied_in_short(other, phrase[:least])
            if asserted and not negated and not one.polarity(phrase[:size])[0]:
                return True
            if asserted or negated:
                break
    return False


def _denied_in_short(tokens: _Tokens, verb: tuple[str, ...]) -> bool:
    """Whether a text denies a Chinese verb without its object: 未佩戴的 after 佩戴头盔."""
    return len(verb) > 1 and any(
        phrase[: len(verb)] == verb and phrase[len(verb) : len(verb) + 1] in ((), ("的",))
        for phrase in tokens.negated()
    )


def _differ(answer: str, quote: str) -> bool:
    """Whether two nearly equal texts differ by a negation or by an antonym."""
    mine, theirs = _without_common_ends(_words(answer), _words(quote))
    for here, there in replaced(mine, theirs, gaps=True):
        if any(DENIAL.fullmatch(word) for word in [*mine[here], *theirs[there]]):
            return True
        one, other = _joined(mine[here]), _joined(theirs[there])
        if single_opposites(one, other):
            return True
        if any(exclusive(members(one), members(other), opposites=two) for two in (True, False)):
            return True
    return False


def _without_common_ends(mine: list[str], theirs: list[str]) -> tuple[list[str], list[str]]:
    """Two token lists without their common prefix and suffix, since alignment is slow."""
    shorter = min(len(mine), len(theirs))
    first = next((at for at in range(shorter) if mine[at] != theirs[at]), shorter)
    last = next((at for at in range(shorter - first) if mine[-1 - at] != theirs[-1 - at]), 0)
    return mine[first : len(mine) - last], theirs[first : len(theirs) - last]


def _joined(words: Sequence[str]) -> str:
    return "".join(word if IS_HAN.match(word) else f" {word} " for word in words).strip()
