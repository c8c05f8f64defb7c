"""Whether two numbers say the same of the same: value, rounding, sign, unit, counted noun."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from loaders.characters import HAN

from ..text.figures.numbers import Number, same
from ..text.figures.rounding import ROUGH_AFTER, ROUGH_BEFORE
from ..text.figures.units import units_agree
from ..text.measure_words import COUNTING, TELLING
from ..text.terms import is_slight, stem, terms
from .support import share_said

__all__ = ["Counted", "counted", "counter", "equals", "proves"]

_NEXT = re.compile(rf"\s?([{HAN}]|[a-z]+)")
_RANGE_WORDS = frozenset("到 至 和 与 to until till through and".split())
GENERIC = {"人": "个口", "次": ""}
"""Units that only count, with the measure words that may stand for them: 6个 and 6人."""
_FALL_BEFORE, _FALL_AFTER = 16, 12
"""Characters before and after a number in which a word may say that something falls."""
_FALLS = re.compile(
    "[下减降跌亏负缩]|零下|低于|流出"
    r"|\b(?:fall|fell|fallen|drop|dropped|declin\w{1,3}|decreas\w{1,3}|down|loss\w{0,2}|lost|lower"
    r"|shr[aiu]nk|contract\w{0,3}|reduc\w{1,4}|below|minus|negative)\b"
)
_CLAUSE_OR_NUMBER = re.compile(r"[;。!?:,.\n|\d]|[一二三四五六七八九十两]+[个条名项种]")
_ROUGHLY = Fraction(1, 10)
"""Largest share of a number by which it may differ from the one that it rounds."""
_DIGITS_WRITTEN = re.compile(r"\d[\d,]*(?:\.\d+)?")
_FEWEST_DIGITS = 3
"""Digits, a point counted, with which a number may round another, though nothing says so."""


@dataclass(frozen=True)
class Counted:
    """The texts in which the nouns stand that numbers count."""

    flat: str
    flat_evidence: str
    flat_question: str
    alone: bool
    """Whether the answer is all numbers, so that its noun decides."""

    @cached_property
    def named(self) -> frozenset[str]:
        """Content words and Chinese characters of evidence and question."""
        found = terms(f"{self.flat_evidence}\n{self.flat_question}")
        return frozenset(word for word, _, _ in found)


def equals(claimed: Number, known: Number, counts: Counted) -> bool:
    """Whether two numbers are the same, but for rounding and for the sign of what falls."""
    if same(claimed, known):
        return True
    if not (claimed.value[:1] and known.value[:1]) or claimed.kind != known.kind:
        return False
    mine, theirs = claimed.value[0], known.value[0]
    if claimed.kind not in ("amount", "percent") or mine is None or theirs is None:
        return False
    if claimed.unit and known.unit and not units_agree(claimed.unit, known.unit):
        return False
    around = counts.flat[max(0, claimed.start - _FALL_BEFORE) : claimed.end + _FALL_AFTER]
    if mine == -theirs and _FALLS.search(around):
        return True
    return _is_rounded(claimed, mine, theirs, counts.flat)


def _is_rounded(claimed: Number, mine: Fraction, theirs: Fraction, flat: str) -> bool:
    """Whether a number is the other one, rounded as it is written.

    Zeros at its end are digits like others, unless its text calls it rough.
    """
    if not mine or abs(mine - theirs) > abs(mine) * _ROUGHLY:
        return False
    rough = ROUGH_BEFORE.search(flat, max(0, claimed.start - 16), claimed.start)
    rough = rough or ROUGH_AFTER.search(flat, claimed.end, claimed.end + 5)
    digits = _DIGITS_WRITTEN.search(flat, claimed.start, claimed.end)
    plain = digits.group().replace(",", "") if digits else ""
    if not rough and len(plain.lstrip("0.")) < _FEWEST_DIGITS:
        return False
    written = Fraction(plain) if plain else mine
    step = Fraction(1, 10 ** len(plain.partition(".")[2]))
    while rough and written and not (written / (step * 10)) % 1:
        step *= 10
    return abs(theirs - mine) <= abs(mine / written) * step / 2 if written else False


def proves(claimed: Number, known: Number, counts: Counted) -> bool:
    """Whether a number of the evidence equals the claimed one and counts nothing else."""
    if not equals(claimed, known, counts):
        return False
    kinds = {claimed.kind, known.kind}
    if "ordinal" in kinds:
        return _ranks_alike(claimed, known, counts)
    mine = counter(counts.flat, claimed)
    theirs = counter(counts.flat_evidence, known)
    if claimed.unit:
        if known.unit:
            return True
        if counts.alone and kinds == {"amount"} and _counts_a_thing(claimed, known, counts):
            return False
        return not theirs or theirs in GENERIC.get(claimed.unit, "")
    if not mine:
        return not counts.alone or _names_the_same(claimed, known, counts)
    if known.unit and mine not in GENERIC.get(known.unit, ""):
        return False
    if not theirs or theirs == mine:
        return True
    if theirs in TELLING or mine in TELLING:
        return False
    return not counts.alone or share_said(counts.flat_question, _behind(known, counts)) > 0


def _ranks_alike(claimed: Number, known: Number, counts: Counted) -> bool:
    """Whether an ordinal is an ordinal, or a bare number: 第5 and 5, but not 5 km."""
    if claimed.kind == known.kind:
        return True
    if claimed.unit or known.unit:
        return False
    flat, amount = counts.flat, claimed
    if known.kind == "amount":
        flat, amount = counts.flat_evidence, known
    return not (counted(flat, amount) if counts.alone else counter(flat, amount))


def _counts_a_thing(claimed: Number, known: Number, counts: Counted) -> bool:
    """Whether the known number counts things, where the claimed one measures: 5 km, 5 apples."""
    noun = counted(counts.flat_evidence, known)
    return bool(noun) and not (is_slight(noun) or noun in COUNTING or claimed.unit in GENERIC)


def _names_the_same(claimed: Number, known: Number, counts: Counted) -> bool:
    """Whether a number by itself counts what the evidence's number counts, or nothing."""
    if claimed.kind != "amount" or claimed.kind != known.kind:
        return claimed.kind in ("date", "percent") or claimed.kind == known.kind
    mine, theirs = counted(counts.flat, claimed), counted(counts.flat_evidence, known)
    if not mine or mine == theirs or is_slight(mine):
        return True
    if not theirs:
        return stem(mine) in counts.named
    return stem(mine) in {word for word, _, _ in terms(_behind(known, counts))}


def _behind(known: Number, counts: Counted) -> str:
    """What stands behind a number of the evidence, until another or the end of the clause."""
    end = _CLAUSE_OR_NUMBER.search(counts.flat_evidence, known.end)
    return counts.flat_evidence[known.end : end.start() if end else len(counts.flat_evidence)]


def counter(flat: str, number: Number) -> str:
    """The measure word that follows a Chinese number; empty for none."""
    after = flat[number.end : number.end + 2].lstrip()[:1]
    return after if after and after in COUNTING | TELLING else ""


def counted(flat: str, number: Number) -> str:
    """The first Chinese character or English word after a number; empty for none."""
    found = _NEXT.match(flat, number.end)
    return "" if found is None or found[1] in _RANGE_WORDS else found[1]
