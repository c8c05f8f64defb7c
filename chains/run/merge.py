"""Merges finished lists into one without duplicates, without a language model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pairs.compare.dedupe import Deduper
from pairs.files.importing import import_pairs
from pairs.records import PairList

from ..embedding.load import EmbeddingProgress, NamedEmbeddings, embed, load_embeddings
from ..journal.replies import Journal
from ..settings import Settings


def merge(
    files: Iterable[str | Path],
    settings: Settings,
    journal: Journal,
    *,
    embeddings: NamedEmbeddings | None = None,
    progress: EmbeddingProgress | None = None,
) -> PairList:
    """One deduplicated list of the pairs of several lists.

    Vectors made before come from the journal, so another threshold costs no embedding.

    Args:
        files: Lists in the order in which earlier ones win over later ones.
        settings: Which embedding, and from which cosine two questions are one.
        journal: Where vectors are kept.
        embeddings: The embedding that finds duplicates; None for the one the settings name.
        progress: Called with ``(vectors there, vectors in all)``.

    Raises:
        ExportError: A file cannot be read as a list of pairs.
        EmbeddingError: The embedding cannot be had, or gives no vectors.
        PairsError: The vectors do not fit together.

    Example:
        >>> pairs = extract_pairs("examples/documents/hzmb.pdf", check="off")
        >>> files = [write_pairs(pairs, "a.jsonl"), write_pairs(pairs, "b.csv")]
        >>> with Journal() as journal:
        ...     len(merge(files, resolve().settings, journal)) == len(pairs)
        True
    """
    pairs = [pair for file in files for pair in import_pairs(file)]
    named = embeddings or load_embeddings(settings.embeddings, settings.embedding_backend)
    vectors = embed(named, [pair.question for pair in pairs], journal, progress)
    threshold = named.threshold if settings.threshold is None else settings.threshold
    deduper = Deduper(threshold=threshold)
    rows = [vectors[pair.question] for pair in pairs] if vectors else None
    deduper.collect(pairs, rows)  # type: ignore[arg-type]  # rows of arrays serve as well
    return PairList(
        kept=tuple(deduper.kept),
        duplicates=tuple(deduper.duplicates),
        conflicts=tuple(deduper.conflicts),
        embeddings=named.name,
    )
