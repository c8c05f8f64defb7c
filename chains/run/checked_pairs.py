"""The pairs of a run with the rules' word on each, until its list is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from pairs.records import Rejected

from ..journal.replies import Journal
from ..journal.so_far import add_checked, checked_so_far
from .duplicates import Accepted
from .faults import decided
from .judge.records import Checked

if TYPE_CHECKING:
    from pairs.evidence.grounding import Passage

__all__ = ["CheckedPairs", "Decide"]

Decide = Callable[..., Checked]
"""Gives a pair with the reason to reject it, or None, for such a couple and its ``passage``."""

MOST_HELD = 20_000
"""Pairs in memory, about 100 MB; further ones lie in the journal until the list is made."""


class CheckedPairs:
    """Pairs by the place of their chunk: the last ones in memory, where they are many on the disk.

    Args:
        journal: Of the run.
        job: The job's id.
    """

    def __init__(self, journal: Journal, job: str) -> None:
        self._journal, self._job = journal, job
        self._held: dict[int, list[Checked]] = defaultdict(list)
        self._count = 0

    def add(self, place: int, checked: Sequence[Checked]) -> None:
        """Adds pairs of a chunk, behind those that it has."""
        if checked:
            self._held[place] += checked
            self._count += len(checked)

    def store(self) -> None:
        """Puts what is held into the journal, if it is too much for memory.

        Raises:
            JournalError: The journal cannot be written.
        """
        if self._count > MOST_HELD:
            add_checked(self._journal, self._job, sorted(self._held.items()))
            self._held.clear()
            self._count = 0

    def sort_out(
        self, decide: Decide | None, passage_of: Callable[[int], Passage]
    ) -> tuple[list[Accepted], dict[int, list[Rejected]]]:
        """The accepted pairs, and the rejected ones by their chunk, in document order.

        Args:
            decide: As for ``Assembly.decide``; None where the rules have the last word.
            passage_of: The text that pairs were made from, by its place.

        Raises:
            SaidError: The journal cannot be read.
        """
        accepted: list[Accepted] = []
        rejected: dict[int, list[Rejected]] = {}
        for place, checked in self:
            said = decide and partial(decide, passage=cache(partial(passage_of, place)))
            for pair, reason in [decided(said, one) for one in checked] if said else checked:
                if reason is None:
                    accepted.append((place, pair))
                else:
                    rejected.setdefault(place, []).append(Rejected(item=pair, reason=reason))
        return accepted, rejected

    def __iter__(self) -> Iterator[tuple[int, list[Checked]]]:
        """The pairs of each chunk that has some, in document order.

        Raises:
            JournalError: The journal cannot be read.
        """
        held = sorted(self._held.items())
        at = 0
        for place, checked in checked_so_far(self._journal, self._job):
            while at < len(held) and held[at][0] < place:
                yield held[at]
                at += 1
            if at < len(held) and held[at][0] == place:  # of a further pass
                yield place, [*checked, *held[at][1]]
                at += 1
            else:
                yield place, checked
        yield from held[at:]
