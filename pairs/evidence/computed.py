"""Computed answers: a difference, sum, ratio or share of numbers that the question names.

The operands follow from the question alone, so that there is one result to compare an answer with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from ..text.figures.numbers import Number, numbers, same
from ..text.figures.units import units_agree
from ..text.flat import flatten
from ..text.terms import pieces
from .number_agreement import Counted, counted, equals
from .operands import Asked, Operand, operands
from .source_text import Place, SourceText
from .support import share_said

__all__ = ["Computed", "computed"]

_TOLD = 0.5
"""Share of the answer's words that question and passage must have."""
_FEW = 4
"""Content words of an answer that need not stand anywhere: minus, makes, in all."""
_TOGETHER = 2.0
"""Weight of standing in one row or sentence."""
_SURE = 4.0
"""Weight of a question's words from which they name one of two numbers."""
_OPERATIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sum", re.compile(
        "一共|总共|合计|总计|共计|加起来|合起来|之和|总和"
        r"|\b(?:in total|total (?:of|number|amount|cost|price|for)|altogether|in all|combined)\b"
        r"|\bwhat (?:is|was|are|were) the (?:total|sum|combined)\b"
    )),
    ("ratio", re.compile("[几多]少?倍|比值|\\bhow many times\\b|\\bratio\\b|\\bwhat factor\\b")),
    ("share", re.compile(
        "占.{0,20}(?:百分之几|百分之多少|多少|几成|比例|比重)|占比"
        r"|\bwhat (?:share|percentage|proportion|fraction|percent) of\b"
    )),
    ("difference", re.compile(
        "相差|差多少|差几|之差|差额|差距|差值"
        "|(?:多|少|高|低|大|小|长|短|重|轻|贵|便宜|快|慢|早|晚)(?:出|了)?(?:多少|几)"
        "|(?:提高|增加|减少|降低|上升|下降|增长|缩短|延长|上涨|下跌|升高)了?(?:多少|几)"
        r"|\bdifferen(?:ce|t)\b|\bhow (?:much|many)(?: \w+){0,3} (?:more|less|fewer|\w+er)\b"
        r"|\bby how (?:much|many)\b|\bhow (?:much|many)\b.*\bthan\b"
        r"|\bhow (?:much|many)\b.*\b(?:increase|decrease|rise|fall|grow|drop|change)\b"
    )),
)  # fmt: skip
_ALL = re.compile(
    "全部|所有|各|[两二三四五六七八九十\\d]{1,2}(?:个|种|台|项|款|类|家|组|次|名|位)"
    r"|\b(?:all|each|every|both|entire|whole"
    r"|(?:two|three|four|five|six|seven|eight|nine|ten|\d+) \w+)\b"
)


@dataclass(frozen=True)
class Computed:
    """Where the operands stand, as offsets in the source, and how they are written."""

    place: Place
    operands: tuple[str, ...]


def computed(source: SourceText, question: str, answer: str) -> Computed | None:
    """The operands of a computed answer; None where it does not follow from named numbers.

    Args:
        source: The passage.
        question: It must ask for a difference, sum, ratio or share and name what it is of.
        answer: The model's wording; a number that the passage lacks must be the result.
    """
    flat_question = flatten(question)
    operation = _operation(flat_question)
    claimed = [n for n in numbers(answer) if n.kind in ("amount", "percent") and n.value]
    if not claimed:
        return None
    written = _written_out(source, question, answer, operation or _operation(flatten(answer)))
    if written or not operation:
        return written
    asked = Asked(flat_question)
    found = [one for one in operands(source, asked) if _may_be(one, claimed, operation, answer)]
    shown = [one for one in found if any(same(one.number, n) for n in claimed)]
    shows_all = len(claimed) > len(shown) > 1
    found = shown if shows_all else [one for one in found if one not in shown]
    chosen = _all_of_column(found, asked) if operation == "sum" else ()
    chosen = chosen or _named_apart(found, asked)
    if len(chosen) < 2:
        return None
    if not _is_result(answer, question, operation, [one.number for one in chosen], claimed):
        return None
    known = f"{question}\n{source.text}"
    told = _without_numbers(answer)
    if len(list(pieces(flatten(told)))) > _FEW and share_said(told, known) < _TOLD:
        return None
    start, end = min(one.start for one in chosen), max(one.end for one in chosen)
    return Computed((start, end), tuple(source.text[one.start : one.end] for one in chosen))


def _operation(flat: str) -> str:
    """The operation that a flattened text asks for or names; empty for none."""
    return next((name for name, asks in _OPERATIONS if asks.search(flat)), "")


def _written_out(source: SourceText, question: str, answer: str, operation: str) -> Computed | None:
    """The operands of an answer that writes them all down, beside their one result."""
    known = numbers(source.text) if operation else ()
    claimed = [n for n in numbers(answer) if n.kind in ("amount", "percent") and n.value]
    chosen = [next((k for k in known if same(n, k)), None) for n in claimed]
    shown = [one for one in chosen if one is not None]
    if not 1 < len(shown) == len(claimed) - 1:
        return None
    if not _is_result(answer, question, operation, shown, claimed):
        return None
    start, end = min(one.start for one in shown), max(one.end for one in shown)
    return Computed((start, end), tuple(source.text[one.start : one.end] for one in shown))


def _without_numbers(answer: str) -> str:
    rest = list(answer)
    for number in numbers(answer):
        rest[number.start : number.end] = " " * (number.end - number.start)
    return "".join(rest)


def _may_be(one: Operand, claimed: Iterable[Number], operation: str, answer: str) -> bool:
    """Whether a number has a unit that the answer's number may be computed from."""
    if operation in ("ratio", "share"):
        return True
    flat = flatten(answer)
    return any(
        one.number.kind == result.kind
        and (
            units_agree(one.number.unit, result.unit)
            if result.unit
            else not one.number.unit and counted(flat, result) in ("", one.noun)
        )
        for result in claimed
    )


def _is_result(
    answer: str, question: str, operation: str, chosen: Sequence[Number], claimed: Sequence[Number]
) -> bool:
    """Whether the numbers of an answer are the operands, the question's, and the result."""
    values = [one.value[0] or Fraction(0) for one in chosen]
    result = _RESULTS[operation](values)
    if result is None:
        return False
    flat = flatten(answer)
    counts = Counted(flat, "", "", False)
    given = [*chosen, *numbers(question)]
    rest = [n for n in claimed if not any(same(n, one) for one in given)]
    exact = replace(chosen[0], value=(result,), also=())
    if operation in ("share", "ratio"):
        exact = replace(exact, kind="percent" if operation == "share" else "amount", unit="")
    plain = [replace(n, unit="") if n.unit == "times" else n for n in rest]
    hits = [equals(n, exact, counts) or _is_written(n, result, counts) for n in plain]
    return bool(hits) and all(hits)


def _is_written(number: Number, result: Fraction, counts: Counted) -> bool:
    """Whether a quotient is rounded to at least two digits as the answer writes it."""
    digits = re.sub(r"\D", "", counts.flat[number.start : number.end]).lstrip("0")
    value = number.value[0]
    if value is None or len(digits) < 2 or result.denominator == 1:
        return False
    if number.kind == "percent":
        value, result = value * 100, result * 100
    written = re.search(r"\d+(?:\.(\d+))?", counts.flat[number.start : number.end])
    places = len(written[1] or "") if written else 0
    return result.denominator > 100 and abs(value - result) * 2 <= Fraction(1, 10**places)


def _difference(values: Sequence[Fraction]) -> Fraction | None:
    return abs(values[0] - values[1]) if len(values) == 2 else None


def _ratio(values: Sequence[Fraction]) -> Fraction | None:
    low, high = min(values), max(values)
    return high / low if len(values) == 2 and low > 0 else None


def _share(values: Sequence[Fraction]) -> Fraction | None:
    low, high = min(values), max(values)
    return low / high if len(values) == 2 and low > 0 else None


def _sum(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, Fraction(0))


_RESULTS: dict[str, Callable[[Sequence[Fraction]], Fraction | None]] = {
    "sum": _sum,
    "difference": _difference,
    "ratio": _ratio,
    "share": _share,
}


def _all_of_column(found: Sequence[Operand], asked: Asked) -> tuple[Operand, ...]:
    """All numbers of the one table column that the question names, where it asks for all rows."""
    if not _ALL.search(asked.flat):
        return ()
    columns: dict[str, list[Operand]] = {}
    for one in found:
        if one.column:
            columns.setdefault(one.column, []).append(one)
    titles = {name: len(asked.named_in(name.partition(":")[2])) for name in columns}
    best = max(titles.values(), default=0)
    named = [name for name, count in titles.items() if count == best]
    if not best or len(named) != 1:
        return ()
    chosen = columns[named[0]]
    return tuple(chosen) if len({one.unit for one in chosen}) == 1 else ()


def _named_apart(found: Sequence[Operand], asked: Asked) -> tuple[Operand, ...]:
    """The two numbers that different words of the question name; none where that is not sure."""
    best: dict[tuple[Fraction, Fraction], tuple[float, tuple[Operand, Operand]]] = {}
    for one, other in combinations(found, 2):
        if one.unit != other.unit or (one.start < other.end and other.start < one.end):
            continue
        alone, others = one.named - other.named, other.named - one.named
        if not alone or not others:
            continue
        apart = min(asked.weight(alone), _SURE) + min(asked.weight(others), _SURE)
        score = (
            apart + _TOGETHER * (one.where == other.where) + asked.weight(one.around | other.around)
        )
        low, high = sorted((one.value, other.value))
        if score > best.get((low, high), (0.0, ()))[0]:
            best[low, high] = score, (one, other)
    ranked = sorted(best.values(), key=lambda item: -item[0])
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return ()
    return ranked[0][1]
