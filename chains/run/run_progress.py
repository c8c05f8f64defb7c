"""How far a job whose run has ended came."""

from __future__ import annotations

from pairs.records import PairList

from ..records import ChunkCounts, PairCounts, Progress, VerificationCounts
from ..settings import Settings


def progress_of(result: PairList, chunks: int, settings: Settings) -> Progress:
    """The progress of a job whose run ended with a list.

    Args:
        result: The list.
        chunks: Of the run.
        settings: Of the run.
    """
    verification = None
    if settings.check != "off":
        from .verification import marks

        verification = VerificationCounts(**marks(result))
    states = {state.replace(" ", "_"): count for state, count in result.states().items()}
    states["not_asked"] += chunks - len(result.chunks)
    return Progress(
        chunks=ChunkCounts(**states),
        pairs=PairCounts(
            kept=len(result.kept),
            duplicates=len(result.duplicates),
            rejected=len(result.rejected),
        ),
        verification=verification,
        judge=result.judge,
    )
