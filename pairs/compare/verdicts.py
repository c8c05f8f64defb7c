"""What comparing says of pairs, and the lists that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..records import Conflict, Duplicate, QAPair

__all__ = ["Hit", "Sorted", "Verdicts", "is_kept"]


@dataclass(frozen=True, slots=True)
class Hit:
    """The kept pair that asks the same as the judged one.

    Attributes:
        of: Index of the kept pair.
        score: Cosine of the questions; 1 where they are equal after normalisation.
        kind: ``exact`` for equal normalised questions, ``semantic`` for similar vectors.
        agrees: Whether the answers agree: a duplicate; otherwise a conflict.
    """

    of: int
    score: float
    kind: Literal["exact", "semantic"]
    agrees: bool


Verdicts = list[tuple[int, Hit | None]]
"""For each pair, by its index, the kept pair that asks the same, if any; in document order."""


def is_kept(hit: Hit | None) -> bool:
    """Whether a pair with such a verdict is in the list."""
    return hit is None or not hit.agrees


@dataclass(frozen=True)
class Sorted:
    """Pairs sorted by what comparing says of them, in document order.

    Attributes:
        kept: The pairs of the list.
        duplicates: The others, each with the kept pair that it duplicates.
        conflicts: Kept pairs that ask what a better kept pair asks but answer differently.
    """

    kept: list[QAPair] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    @classmethod
    def by(cls, verdicts: Iterable[tuple[int, Hit | None]], items: Sequence[QAPair]) -> Sorted:
        """Pairs sorted.

        Args:
            verdicts: Of each pair, by its index, in document order.
            items: The pairs.
        """
        found = cls()
        for n, hit in verdicts:
            item = items[n]
            if is_kept(hit):
                found.kept.append(item)
            if hit is None:
                continue
            told = {"item": item, "score": hit.score, "kind": hit.kind}
            if hit.agrees:
                found.duplicates.append(Duplicate(duplicate_of=items[hit.of], **told))
            else:
                found.conflicts.append(Conflict(conflicts_with=items[hit.of], **told))
        return found
