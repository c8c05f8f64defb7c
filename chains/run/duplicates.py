"""The deduplicated list of a run's pairs, without those over which comparing stumbles."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from loaders.records import Chunk
from messages.errors import SaidError
from pairs.compare.passages import Vocabulary
from pairs.compare.verdicts import Sorted, Verdicts
from pairs.records import QAPair, Rejected

from ..embedding.load import NamedEmbeddings, embed
from ..journal.replies import Journal
from .faults import deduplication_error, pair_fault

if TYPE_CHECKING:
    import numpy as np

    from pairs.compare.candidates import Candidate
    from pairs.compare.dedupe import Deduper

log = logging.getLogger(__name__)
MOST_FAULTS = 16
"""Pairs that may each make deduplication fail; if more do, the cause is not in the pairs."""
Accepted = tuple[int, QAPair]
"""The place of a pair's chunk, and the pair."""
VectorsOf = Callable[[Sequence[str]], "Mapping[str, np.ndarray]"]
"""The unit vectors of some questions; empty without an embedding."""
Elsewhere = Callable[
    [Sequence[Accepted], VectorsOf, float, Sequence[tuple[str, str]]], Verdicts | None
]
"""Compares pairs elsewhere, as ``RulesProcess.compared`` and ``RunOnCluster.compared`` do."""
_SLICE = 1024
"""Pairs whose vectors are in memory at a time, 2 MB; the deduper keeps them in a file."""


class Comparing:
    """Finds the duplicates among the pairs of a run, and keeps what it found until more come.

    Args:
        journal: Has the vectors that were made, and keeps the others.
        threshold: Cosine from which two questions are one; None for the embedding's own.
        words: The words of the pairs' documents.

    Attributes:
        elsewhere: Does it in another process or on other machines; None to do it in this process.
    """

    def __init__(self, journal: Journal, threshold: float | None, words: Vocabulary) -> None:
        self.elsewhere: Elsewhere | None = None
        self._journal, self._threshold, self._words = journal, threshold, words
        self._sorted: Sorted | None = None
        self._verdicts: Verdicts = []
        self._deduper: Deduper | None = None
        self._faulty: list[tuple[int, Rejected]] = []

    def forget(self) -> None:
        """Has all compared anew, since there are other pairs."""
        self._sorted = self._deduper = None

    def faulty(self) -> list[tuple[int, Rejected]]:
        """The pairs taken out since the last call, with the places of their chunks."""
        faulty, self._faulty = self._faulty, []
        return faulty

    def sorted(
        self, accepted: list[Accepted], named: NamedEmbeddings, read: Sequence[Chunk]
    ) -> Sorted:
        """The pairs sorted into kept ones, duplicates and conflicts.

        Args:
            accepted: The pairs in the order of their arrival; those over which comparing stumbles
                are taken out of it.
            named: The embedding that finds duplicates.
            read: Chunks whose words are known.

        Raises:
            SaidError: The journal cannot be read, or the vectors cannot be computed.
            Exception: More pairs than ``MOST_FAULTS`` make it fail.
        """
        if self._sorted is None:
            found = self._elsewhere(accepted, named, read) if accepted else None
            self._verdicts = found or self._compared(accepted, named).verdicts()
            self._sorted = Sorted.by(self._verdicts, [pair for _, pair in accepted])
        return self._sorted

    def _elsewhere(
        self, accepted: list[Accepted], named: NamedEmbeddings, read: Sequence[Chunk]
    ) -> Verdicts | None:
        if self.elsewhere is None:
            return None
        vectors_of = partial(embed, named, journal=self._journal)
        texts = [(chunk.source, chunk.text) for chunk in read]
        try:
            return self.elsewhere(accepted, vectors_of, self._least(named), texts)
        except SaidError:
            raise
        except Exception:  # which this process may be spared
            log.exception("comparing the pairs elsewhere failed")
            return None

    def candidates(
        self, accepted: list[Accepted], named: NamedEmbeddings, read: Sequence[Chunk]
    ) -> list[Candidate]:
        """Couples of kept pairs that may ask the same though no rule can tell.

        Args:
            accepted: As for ``sorted``.
            named: As for ``sorted``.
            read: As for ``sorted``.

        Raises:
            SaidError: As ``sorted``.
            Exception: As ``sorted``.
        """
        self.sorted(accepted, named, read)
        deduper = self._deduper
        if deduper is None:
            from pairs.compare.dedupe import Deduper

            deduper = Deduper(threshold=self._least(named), words=self._words)
            collect(deduper, accepted, partial(embed, named, journal=self._journal))
            deduper.take(self._verdicts)
        return list(deduper.candidates())

    def _least(self, named: NamedEmbeddings) -> float:
        return named.threshold if self._threshold is None else self._threshold

    def _compared(self, accepted: list[Accepted], named: NamedEmbeddings) -> Deduper:
        """The pairs compared in this process."""
        if self._deduper is None:
            self._deduper, faulty = deduplicated(
                accepted, named, self._journal, self._threshold, self._words
            )
            self._faulty += faulty
        return self._deduper


def deduplicated(
    accepted: list[Accepted],
    named: NamedEmbeddings,
    journal: Journal,
    threshold: float | None,
    words: Vocabulary,
) -> tuple[Deduper, list[tuple[int, Rejected]]]:
    """The deduplicated list, and the pairs that are taken out of ``accepted`` by our own faults.

    Args:
        accepted: The pairs in the order of their arrival.
        named: The embedding that finds duplicates.
        journal: Has the vectors that were made, and keeps the others.
        threshold: Cosine from which two questions are one; None for the embedding's own.
        words: The words of the pairs' documents.

    Raises:
        SaidError: The journal cannot be read, or the vectors cannot be computed.
        Exception: More pairs than ``MOST_FAULTS`` make it fail.
    """
    threshold = named.threshold if threshold is None else threshold
    faulty: list[tuple[int, Rejected]] = []

    def of(some: Sequence[Accepted]) -> tuple[Deduper, Exception | None]:
        return _of(some, named, journal, threshold, words)

    deduper, error = of(accepted)
    while error is not None:
        if len(faulty) >= MOST_FAULTS:
            raise error
        log.error("judging the pairs failed", exc_info=error)
        whole, failing = 0, len(accepted)
        while failing - whole > 1:
            middle = (whole + failing) // 2
            whole, failing = (
                (middle, failing) if of(accepted[:middle])[1] is None else (whole, middle)
            )
        place, pair = accepted.pop(failing - 1)
        faulty.append((place, Rejected(item=pair, reason=pair_fault(error))))
        deduper, error = of(accepted)
    return deduper, faulty


def _of(
    accepted: Sequence[Accepted],
    named: NamedEmbeddings,
    journal: Journal,
    threshold: float,
    words: Vocabulary,
) -> tuple[Deduper, Exception | None]:
    """The deduplicated list of some pairs, or the error; their vectors are in the journal."""
    from pairs.compare.dedupe import Deduper

    deduper = Deduper(threshold=threshold, words=words)
    vectors_of = partial(embed, named, journal=journal)
    return deduper, deduplication_error(deduper, partial(collect, deduper, accepted, vectors_of))


def collect(deduper: Deduper, accepted: Sequence[Accepted], vectors_of: VectorsOf) -> None:
    """Gives pairs to a deduper with their vectors.

    Args:
        deduper: Takes them.
        accepted: The places of their chunks, and the pairs.
        vectors_of: Gives the vectors of their questions.

    Raises:
        SaidError: The journal cannot be read, or the vectors cannot be computed.
    """
    for first in range(0, len(accepted), _SLICE):
        some = accepted[first : first + _SLICE]
        deduper.collect_placed(some, vectors_of([pair.question for _, pair in some]))
