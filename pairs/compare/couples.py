"""Merges pairs that a judge says ask one thing, unless a guard knows that they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..evidence.support import share_said
from ..records import Conflict, Duplicate, PairList, QAPair
from ..text.figures.numbers import missing, numbers
from .answers import agree, fullness
from .guards import difference

__all__ = ["merge_couples"]

_LEAST_SHARED = 0.25
"""Share of one answer's content words that the other must have."""
_VARIANT = ("identifier", "title")
"""Differences that equal answers do not explain: the same value may hold for two models."""


def merge_couples(
    pairs: PairList,
    couples: Iterable[tuple[str, str]],
    apart: Callable[[str, str], bool],
    order: Mapping[str, int],
) -> PairList:
    """The list with each couple's poorer pair among the duplicates, or in conflict with the better.

    Args:
        pairs: A deduplicated list.
        couples: Ids of two pairs said to ask the same; those of pairs that are not in the list, or
            are one already, change nothing.
        apart: Whether two pairs, by their ids, are said to ask different things: near vectors
            alone do not merge them then.
        order: The place of each pair in document order, by its id.
    """
    pairs = _parted(pairs, apart, order)
    kept = {pair.id: pair for pair in pairs.kept}
    of = {one.item.id: one.duplicate_of.id for one in pairs.duplicates}
    merged: dict[str, str] = {}
    conflicts: list[tuple[str, str]] = []

    def head(id_: str) -> str:
        id_ = of.get(id_, id_)
        while id_ in merged:
            id_ = merged[id_]
        return id_

    for one, other in sorted(couples):
        heads = {head(one), head(other)} & kept.keys()
        if len(heads) > 1 and _plausible(*(kept[id_] for id_ in heads)):
            better, worse = sorted(heads, key=lambda id_: (-fullness(kept[id_].answer), order[id_]))
            if _contrast(kept[better], kept[worse]):
                conflicts.append((worse, better))
            else:
                merged[worse] = better
    if not merged and not conflicts:
        return pairs

    def now(pair: QAPair) -> QAPair:
        return kept[head(pair.id)]

    duplicates = [
        one.model_copy(update={"duplicate_of": now(one.duplicate_of)}) for one in pairs.duplicates
    ]
    duplicates += [
        Duplicate(item=kept[id_], duplicate_of=now(kept[id_]), score=0.0, kind="judged")
        for id_ in merged
    ]
    known = [
        one for one in pairs.conflicts if not {one.item.id, one.conflicts_with.id} & set(merged)
    ]
    known += [
        Conflict(item=kept[one], conflicts_with=kept[other], score=0.0, kind="judged")
        for one, other in conflicts
        if one not in merged and other not in merged
    ]
    return pairs.model_copy(
        update={
            "kept": tuple(pair for pair in pairs.kept if pair.id not in merged),
            "duplicates": tuple(duplicates),
            "conflicts": tuple(known),
        }
    )


def _parted(
    pairs: PairList, apart: Callable[[str, str], bool], order: Mapping[str, int]
) -> PairList:
    """The list with those duplicates kept that are near a kept pair, but said to be apart."""
    wrong = {
        one.item.id
        for one in pairs.duplicates
        if one.kind == "semantic" and apart(one.item.id, one.duplicate_of.id)
    }
    if not wrong:
        return pairs
    restored = [one.item for one in pairs.duplicates if one.item.id in wrong]
    return pairs.model_copy(
        update={
            "kept": tuple(sorted([*pairs.kept, *restored], key=lambda pair: order[pair.id])),
            "duplicates": tuple(one for one in pairs.duplicates if one.item.id not in wrong),
        }
    )


def _plausible(one: QAPair, other: QAPair) -> bool:
    """Whether two answers may answer one question: a slip of the judge's pen merges no others."""
    return (
        agree(one.answer, other.answer)
        or max(share_said(one.answer, other.answer), share_said(other.answer, one.answer))
        >= _LEAST_SHARED
        or _shared_numbers(one.answer, other.answer)
    )


def _shared_numbers(one: str, other: str) -> bool:
    mine, theirs = numbers(one), numbers(other)
    return bool(mine and theirs) and not (missing(mine, theirs) and missing(theirs, mine))


def _contrast(one: QAPair, other: QAPair) -> bool:
    """Whether two pairs name different things in one place.

    A number, a name or a word that only one of two questions has is no contrast: the other may
    leave it out. Nor is another word where the answers agree.
    """
    code = difference(one.question, other.question)
    if code == "number":
        mine, theirs = numbers(one.question), numbers(other.question)
        return bool(missing(mine, theirs) and missing(theirs, mine))
    return code in _VARIANT or (bool(code) and not agree(one.answer, other.answer))
