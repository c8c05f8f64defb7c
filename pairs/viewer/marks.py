"""Highlighted spans of a text: evidence of kept pairs, and uncovered sentences."""

from __future__ import annotations

from collections.abc import Iterable

from loaders.records import Span

__all__ = ["PROVES", "UNCOVERED", "Mark", "marks"]

PROVES, UNCOVERED = 1, 0

Mark = tuple[int, int, int]
"""First character, one past the last, and which of the two it is."""


def marks(proofs: Iterable[Span], uncovered: Iterable[Span]) -> list[Mark]:
    """Highlighted spans in order, not overlapping; split where the evidence spans begin or end.

    Args:
        proofs: The evidence of kept pairs; may overlap.
        uncovered: Sentences without any.
    """
    steps: dict[int, int] = {}
    for span in proofs:
        steps[span.start] = steps.get(span.start, 0) + 1
        steps[span.end] = steps.get(span.end, 0) - 1
    found: list[Mark] = []
    depth, begun = 0, 0
    for at in sorted(steps):
        if depth:
            found.append((begun, at, PROVES))
        depth, begun = depth + steps[at], at
    found += [(span.start, span.end, UNCOVERED) for span in uncovered]
    return sorted(found)
