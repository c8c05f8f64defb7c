"""What the readers of numbers hand on: a number in words, and a number with its meaning."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

__all__ = ["Kind", "Number", "Numeral"]

Kind = Literal["amount", "percent", "ordinal", "date", "time", "label"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text, and what it means.

    Attributes:
        kind: ``date`` covers years, months and days; ``label`` is a number inside a name (B2B).
        value: One exact number; for a date year, month and day, for a time hour, minute and
            second, each possibly unsaid.
        unit: The canonical unit, such as ``m`` for 5公里 with the value 5000; empty for none.
        start: First character in the text.
        end: One past the last.
    """

    kind: Kind
    value: tuple[Fraction | None, ...]
    unit: str
    start: int
    end: int

    @property
    def key(self) -> tuple[str, tuple[Fraction | None, ...], str]:
        """What makes two numbers equal, their place apart."""
        return self.kind, self.value, self.unit


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in words over ``start``..``end``; ``ordinal`` where it is a rank."""

    start: int
    end: int
    value: Fraction
    ordinal: bool
