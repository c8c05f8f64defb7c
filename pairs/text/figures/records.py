"""Records of the number readers: a numeral in words, and a number with kind and unit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

__all__ = ["Kind", "Number", "Numeral"]

Kind = Literal["amount", "percent", "ordinal", "date", "time", "label"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number at its place in a text, with kind, exact value and canonical unit.

    Attributes:
        kind: ``date`` covers years, months and days; ``label`` is a number inside a name (B2B).
        value: One exact number; for a date year, month and day, for a time hour, minute and
            second, each None where the text does not give it.
        unit: The canonical unit, such as ``m`` for 5公里 with the value 5000; empty for none.
        start: First character in the text.
        end: One past the last.
        also: What it may mean as well: 三日 is a day of the month or three days.
    """

    kind: Kind
    value: tuple[Fraction | None, ...]
    unit: str
    start: int
    end: int
    also: tuple[Number, ...] = ()

    @property
    def key(self) -> tuple[str, tuple[Fraction | None, ...], str]:
        """Kind, value and unit: equal for equal numbers at different places."""
        return self.kind, self.value, self.unit


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in words at ``start``..``end`` (one past the last character)."""

    start: int
    end: int
    value: Fraction
    ordinal: bool
