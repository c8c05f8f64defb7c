"""Asks a judge which near pairs of a whole list ask the same, a few dozen pairs at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pairs.compare.candidates import Candidate
from pairs.records import QAPair, TokenUsage

from .planted import look_alike

__all__ = ["NearList", "Same", "couple_of", "near_lists"]

Key = TypeVar("Key", int, str)

MOST_PAIRS = 30
"""Pairs a list."""


@dataclass(frozen=True)
class NearList:
    """Pairs of which some may ask the same.

    Attributes:
        pairs: As they are numbered; in document order, but for the planted one.
        couples: Ids of those that may.
        planted: Where in ``pairs`` a look-alike is, and the pair that it looks like; None if there
            is none.
    """

    pairs: tuple[QAPair, ...]
    couples: frozenset[tuple[str, str]]
    planted: tuple[int, int] | None = None


@dataclass
class Same:
    """What came back about one list.

    Attributes:
        near_list: The list.
        couples: Ids of two pairs said to ask the same, of those that may.
        confused: Whether the planted look-alike was taken for its pair; None where it was not
            judged.
        usage: Calls and tokens paid for just now.
    """

    near_list: NearList
    couples: set[tuple[str, str]] = field(default_factory=set)
    confused: bool | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)


def near_lists(pairs: Sequence[QAPair], couples: Iterable[Candidate]) -> Iterator[NearList]:
    """Lists that hold every couple once, both its pairs in one list.

    Args:
        pairs: The kept pairs, in document order.
        couples: Those of them that may ask the same, as ``candidates`` yields them.
    """
    places = {pair.id: at for at, pair in enumerate(pairs)}
    members: set[int] = set()
    inside: set[tuple[str, str]] = set()
    for one, other in _by_group([(places[c.one.id], places[c.other.id]) for c in couples]):
        if len(members | {one, other}) > MOST_PAIRS:
            yield _list([pairs[at] for at in sorted(members)], inside)
            members, inside = set(), set()
        members |= {one, other}
        inside.add(couple_of(pairs[one].id, pairs[other].id))
    if inside:
        yield _list([pairs[at] for at in sorted(members)], inside)


def couple_of(one: Key, other: Key) -> tuple[Key, Key]:
    """Two ids, or two numbers, in their own order."""
    return min(one, other), max(one, other)


def _by_group(couples: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The couples, those of one connected group beside each other."""
    heads: dict[int, int] = {}

    def head(number: int) -> int:
        while heads.setdefault(number, number) != number:
            heads[number] = heads[heads[number]]
            number = heads[number]
        return number

    for couple in couples:
        one, other = sorted(map(head, couple))
        heads[other] = one
    return sorted(couples, key=lambda couple: (head(couple[0]), couple))


def _list(pairs: list[QAPair], couples: set[tuple[str, str]]) -> NearList:
    """A list with a look-alike of one of its pairs, always at the same place."""
    found = look_alike(pairs)
    if found is None:
        return NearList(tuple(pairs), frozenset(couples))
    place, question = found
    planted = pairs[place].model_copy(update={"id": "", "question": question})
    end = len(pairs)
    return NearList((*pairs, planted), frozenset(couples), planted=(end, place))
