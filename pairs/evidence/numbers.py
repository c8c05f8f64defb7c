"""Finds numbers in an answer that its evidence does not prove."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise

from loaders.sentences import SENTENCE_END, is_sentence_end

from ..text.figures.numbers import Number, missing, numbers, same
from ..text.figures.ranges import UP_TO
from ..text.figures.units import SCALES
from ..text.flat import flatten
from ..text.list_markers import without_markers
from ..text.terms import pieces
from .number_agreement import Counted, counted, counter, equals, proves
from .substitution import alike_around, common
from .support import share_said

__all__ = ["is_cut_off", "unproven_numbers"]

_Parts = tuple[Fraction | None, ...]

_DIGITS = re.compile(r"\d+")
_HOW_MANY = re.compile(r"几|多少|\bhow many\b")
_MAX_NOUN = 2
"""Content words beside the numbers of an answer that is all numbers: what they count."""
_SAME_CONTEXT = 8
"""Common context, in letters (a Chinese character counts two), that aligns two numbers."""
_WHOLE_CONTEXT = 6
"""The same before a number that ends the answer, where it has no other words."""
_ENDS = " .。!！"
_SAME_SUBJECT = 4
"""Common context before two numbers that tells what is counted, whatever follows."""
_OPENS = re.compile(r"\s?[(,]\s?(?:i\.e\. |即)?|\s?[,，]?即")
"""Matches what stands before the same number said again: seven days (one week)."""
_SEPARATOR = re.compile(r"[\s()+,-]")
_WITH_COMMAS = re.compile(r"\d+(?:,\d+)*")
_GROUPED = re.compile(r"(?<![\d.])[+(]{0,2}\d{1,5}[)]?(?:[ -]{1,2}\d{2,8}){1,5}(?![\d.])")
_CLAUSE_END = re.compile(r"[;。!?\n]|[,.](?!\d)")
_FEWEST_WORDS = 2
"""Content words of a clause that find its sentence."""
_CLAUSE_SAID = 0.6
"""Share of a clause's content words that its sentence has."""
_SCALED = re.compile(rf"\s{{0,3}}-?(?:{SCALES})(?![a-z])")


def unproven_numbers(
    answer: str, evidence: str, question: str, around: str, quote: str = ""
) -> tuple[str, ...]:
    """The numbers, dates and amounts of an answer that are not proved, in its own spelling.

    Args:
        answer: The model's wording.
        evidence: The source sentences that ground it.
        question: The pair's question; numbers that it names may be proved by ``around``.
        around: The chunk and its context, around the evidence.
        quote: The part of the source that the answer repeats nearly verbatim, so that numbers must
            match one to one; empty where there is none.
    """
    answer = without_markers(answer)
    claimed = numbers(answer)
    flat = flatten(answer)
    if not (claimed or _DIGITS.search(flat)):
        return ()
    flat_evidence = flatten(evidence)
    known = numbers(evidence)
    flat_question = flatten(question)
    counts = Counted(flat, flat_evidence, flat_question, _is_all_numbers(flat, claimed))
    unproven = {
        n
        for n in claimed
        if not any(proves(n, k, counts) for k in known)
        and not (_is_article(n, flat, known, flat_evidence) and not _HOW_MANY.search(flat_question))
    }
    if quote:
        unproven |= _beside_quote(_unmatched(claimed, numbers(quote), counts), known, quote, counts)
    elif counts.alone:
        unproven |= _unmatched(claimed, known, counts)
    if unproven:
        in_question = {number.key for number in numbers(question)}
        unproven = _not_from_question(unproven, in_question, around)
    if unproven and not quote:
        unproven = {n for n in unproven if not _stands_further_on(n, counts, around)}
    unproven |= {n for n in claimed if _replaces_another(n, known, counts)}
    unproven |= _with_unproven_parts(claimed, known, around) | _other_ranges(
        flat, claimed, flat_evidence, known
    )
    if unproven:
        unproven = _printed_otherwise(unproven, flat, flat_evidence)
    unparsed = [found for found in _DIGITS.finditer(flat) if not _within(found, claimed)]
    evidence_digits = set(_DIGITS.findall(flat_evidence)) if unparsed else set()
    unproven_digits = tuple(
        found.group() for found in unparsed if found.group() not in evidence_digits
    )
    in_order = sorted(unproven, key=lambda number: number.start)
    return tuple(answer[number.start : number.end] for number in in_order) + unproven_digits


def _with_unproven_parts(
    claimed: Iterable[Number], known: Iterable[Number], around: str
) -> set[Number]:
    """The dates with a part (year, month or day) that no source date has: 2001 of July 21, 2001."""
    known_dates = [other.value for other in known if other.kind == "date"]
    others = [k for k in known if k.kind != "date"]  # 三日 may be three days
    dates = [n for n in claimed if n.kind == "date" and not any(same(n, k) for k in others)]
    if all(_parts_within(number.value, known_dates) for number in dates):
        return set()
    nearby = numbers(around)
    known_dates += [other.value for other in nearby if other.kind == "date"]
    bare_numbers = {other.value[:1] for other in nearby if other.kind == "amount"}
    return {
        number
        for number in dates
        if not _parts_within(_without_year(number.value, bare_numbers), known_dates)
    }


def _parts_within(parts: _Parts, known_dates: Iterable[_Parts]) -> bool:
    """Whether each part of a date occurs in some known date that does not conflict with it."""
    agreeing = [other for other in known_dates if not _conflict(parts, other)]
    columns = list(zip(*agreeing, strict=True)) or [()] * len(parts)
    return all(part is None or part in column for part, column in zip(parts, columns, strict=True))


def _without_year(parts: _Parts, bare_numbers: Collection[object]) -> _Parts:
    """The date without its year, where the source has that as a bare number: | Date (1969) |."""
    return (None, *parts[1:]) if parts[:1] in bare_numbers else parts


def _conflict(one: _Parts, other: _Parts) -> bool:
    return any(x != y for x, y in zip(one, other, strict=True) if None not in (x, y))


def _other_ranges(
    flat: str, claimed: Sequence[Number], flat_evidence: str, known: Sequence[Number]
) -> set[Number]:
    """The ends of ranges that share only the other end with one of the evidence: 3-6 and 3-9."""
    theirs = list(_ranges(flat_evidence, known))
    return {
        end
        for mine in _ranges(flat, claimed)
        if not any(same(mine[0], one[0]) and same(mine[1], one[1]) for one in theirs)
        for end, its_other, side in ((mine[0], mine[1], 1), (mine[1], mine[0], 0))
        if any(same(its_other, one[side]) for one in theirs)
    }


def _ranges(flat: str, found: Sequence[Number]) -> Iterator[tuple[Number, Number]]:
    """Adjacent numbers that are the ends of a range: 5-7, 三月到六月."""
    for one, other in pairwise(found):
        if one.kind == other.kind and UP_TO.fullmatch(flat, one.end, other.start):
            yield one, other


def _is_all_numbers(flat: str, claimed: Iterable[Number]) -> bool:
    """Whether an answer consists of numbers and at most the noun they count."""
    rest = list(flat)
    for number in claimed:
        rest[number.start : number.end] = " " * (number.end - number.start)
        if counter(flat, number):
            rest[number.end + flat[number.end :].index(counter(flat, number))] = " "
    return bool(claimed) and len(list(islice(pieces("".join(rest)), _MAX_NOUN + 1))) <= _MAX_NOUN


def _unmatched(claimed: Iterable[Number], known: Iterable[Number], counts: Counted) -> set[Number]:
    """The numbers left over when each is paired with a known one of its own."""
    left = list(known)
    unmatched: set[Number] = set()
    before: Number | None = None
    for number in claimed:
        again = before and _OPENS.fullmatch(counts.flat, before.end, number.start)
        if before and again and same(before, number):
            continue
        before = number
        twin = next((other for other in left if equals(number, other, counts)), None)
        if twin is None:
            unmatched.add(number)
        else:
            left.remove(twin)
    return unmatched


def _beside_quote(
    unmatched: Iterable[Number], known: Iterable[Number], quote: str, counts: Counted
) -> set[Number]:
    """Those of the numbers that do not stand, counting the same, beside the quote either."""
    at = counts.flat_evidence.find(flatten(quote))
    beside = [n for n in known if not at <= n.start < at + len(quote)]
    return {
        number
        for number in unmatched
        if not (noun := _noun(counts.flat, number))
        or not any(
            proves(number, other, counts) and _noun(counts.flat_evidence, other) == noun
            for other in beside
        )
    }


def _is_article(claimed: Number, flat: str, known: Iterable[Number], flat_evidence: str) -> bool:
    """Whether 一 is an indefinite article rather than a number: 鹦鹉的一种, 一名工程师."""
    if flat[claimed.start] != "一" or claimed.value != (Fraction(1),) or claimed.kind != "amount":
        return False
    if claimed.unit not in ("", "人", "次"):
        return False
    behind = counter(flat, claimed) or flat[claimed.end : claimed.end + 1]
    return not any(
        other.kind == "amount"
        and (
            other.unit == claimed.unit
            if claimed.unit
            else flat_evidence[other.end : other.end + 1] == behind
        )
        for other in known
    )


def _replaces_another(claimed: Number, known: Iterable[Number], counts: Counted) -> bool:
    """Whether the evidence has another number in the same context, so that this one replaces it."""
    mine = theirs = (0, 0)
    flat, flat_evidence = counts.flat, counts.flat_evidence
    for other in known:
        alike = alike_around(flat, _place(claimed), flat_evidence, _place(other))
        if not any(alike):
            continue
        if equals(claimed, other, counts):
            mine = max(mine, alike, key=sum)
        elif claimed.kind == other.kind:
            theirs = max(theirs, alike, key=sum)
    if mine[0] > max(theirs[0], _SAME_SUBJECT):
        return False
    subject = flat[: claimed.start].strip()
    enough = min(_SAME_CONTEXT, max(_WHOLE_CONTEXT, common(subject, subject)))
    if not flat[claimed.end :].strip(_ENDS) and theirs[0] >= enough > mine[0]:
        return True
    return sum(theirs) >= _SAME_CONTEXT and sum(theirs) > sum(mine)


def _place(number: Number) -> tuple[int, int]:
    return number.start, number.end


def is_cut_off(text: str, end: int) -> bool:
    """Whether a scale word follows, so that the quoted number is incomplete: 5 of 5万.

    Args:
        text: The source text.
        end: One past the last character of a quote that ends in a number.
    """
    return bool(_SCALED.match(flatten(text[end : end + 20])))


def _not_from_question(
    unproven: Iterable[Number], in_question: Collection[object], around: str
) -> set[Number]:
    """Those of the numbers that the question does not name, or the surrounding text lacks."""
    nearby = numbers(around)
    return {
        number
        for number in unproven
        if number.key not in in_question
        or (missing((number,), nearby) and not _may_be_counted(number))
    }


def _may_be_counted(number: Number) -> bool:
    """Whether a question may count what the text merely lists: the first, two examples."""
    small = number.value[:1] and number.value[0] in range(1, 11)
    return bool(small) and (number.kind == "ordinal" or number.unit in ("", "人", "次"))


def _noun(flat: str, number: Number) -> str:
    """The unit of a number, or the word that it counts."""
    return number.unit or counted(flat, number)


def _stands_further_on(number: Number, counts: Counted, around: str) -> bool:
    """Whether another sentence says what the answer's clause says, with its number."""
    first = max(
        (cut.end() for cut in _CLAUSE_END.finditer(counts.flat, 0, number.start)), default=0
    )
    cut = _CLAUSE_END.search(counts.flat, number.end)
    last = cut.start() if cut else len(counts.flat)
    clause = f"{counts.flat[first : number.start]} {counts.flat[number.end : last]}"
    if len(list(pieces(clause))) < _FEWEST_WORDS:
        return False
    return any(
        any(
            proves(number, known, other)
            # A part of a date says little in another sentence.
            and (number.kind != "date" or number.value == known.value)
            for known in numbers(sentence)
        )
        and max(share_said(clause, sentence), share_said(counts.flat_question, sentence))
        >= _CLAUSE_SAID
        for sentence in _sentences(around)
        for other in (replace(counts, flat_evidence=flatten(sentence)),)
    )


def _sentences(text: str) -> Iterator[str]:
    first = 0
    for mark in SENTENCE_END.finditer(text):
        if is_sentence_end(text, mark):
            yield text[first : mark.end()]
            first = mark.end()
    yield text[first:]


def _printed_otherwise(unproven: Iterable[Number], flat: str, flat_evidence: str) -> set[Number]:
    """Those of the numbers that do not stand there as other groups of digits either.

    12 345 is 12345, and a telephone number is its digits.
    """
    mine = {hit.span(): _SEPARATOR.sub("", hit.group()) for hit in _GROUPED.finditer(flat)}
    grouped = {_SEPARATOR.sub("", hit.group()) for hit in _GROUPED.finditer(flat_evidence)}
    if not (mine or grouped):
        return set(unproven)
    plain = {hit.replace(",", "") for hit in _WITH_COMMAS.findall(flat_evidence)} if mine else set()
    return {
        number
        for number in unproven
        if _SEPARATOR.sub("", flat[number.start : number.end]) not in grouped
        and not any(
            start <= number.start and number.end <= end and digits in plain | grouped
            for (start, end), digits in mine.items()
        )
    }


def _within(found: re.Match[str], claimed: Iterable[Number]) -> bool:
    return any(number.start <= found.start() and found.end() <= number.end for number in claimed)
