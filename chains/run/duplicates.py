"""The deduplicated list of a run's pairs, without those over which comparing stumbles."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pairs.compare.passages import Vocabulary
from pairs.records import QAPair, Rejected

from ..embedding.load import NamedEmbeddings, embed
from ..journal.replies import Journal
from .faults import deduplication_error, pair_fault

if TYPE_CHECKING:
    from pairs.compare.dedupe import Deduper

log = logging.getLogger(__name__)
MOST_FAULTS = 16
"""Pairs that may each make deduplication fail; if more do, the cause is not in the pairs."""
Accepted = tuple[int, QAPair]
"""The place of a pair's chunk, and the pair."""


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
    import numpy as np

    from pairs.compare.dedupe import Deduper

    deduper = Deduper(threshold=threshold, words=words)
    vectors = embed(named, [pair.question for _, pair in accepted], journal)

    def collect() -> None:
        for place, some in groupby(accepted, key=itemgetter(0)):
            pairs = [pair for _, pair in some]
            rows = np.stack([vectors[pair.question] for pair in pairs]) if vectors else None
            deduper.collect(pairs, rows, place=place)

    return deduper, deduplication_error(deduper, collect)
