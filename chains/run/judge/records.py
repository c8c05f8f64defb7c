"""What is put to a judge, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loaders.records import Chunk
from pairs.records import QAPair, Reason, TokenUsage

if TYPE_CHECKING:
    from pairs.evidence.grounding import Passage

    from ...parsing.verdicts import Said

__all__ = ["CheckList", "Checked", "Item", "Judged"]

Checked = tuple[QAPair, Reason | None]
"""A pair with the rules' reason to reject it."""


@dataclass(frozen=True)
class Item:
    """A pair in a list.

    Attributes:
        question: Its question.
        answer: Its answer.
        ids: The pairs that read so, the first of which stands for all; empty for a planted one.
        sure: Whether it is known to be right.
        alike: Of a planted one: the id of the kept pair whose question it resembles.
    """

    question: str
    answer: str
    ids: tuple[str, ...] = ()
    sure: bool = False
    alike: str = ""

    @property
    def planted(self) -> bool:
        """Whether it is known to be wrong."""
        return not self.ids


@dataclass(frozen=True)
class CheckList:
    """Pairs of one chunk in the order in which they are numbered."""

    chunk: Chunk
    passage: Passage
    items: tuple[Item, ...]


@dataclass
class Judged:
    """What came back about one list.

    Attributes:
        check_list: The list.
        said: Verdicts by index in the list.
        same: Couples of indices said to ask the same.
        compared: Indices of the pairs among which all couples were named, by reply.
        usage: Calls and tokens paid for just now.
        reason: Why there was no reply, or not about all; None where there was.
    """

    check_list: CheckList
    said: dict[int, Said] = field(default_factory=dict)
    same: set[tuple[int, int]] = field(default_factory=set)
    compared: list[frozenset[int]] = field(default_factory=list)
    usage: TokenUsage = field(default_factory=TokenUsage)
    reason: Reason | None = None
