"""Compares the pairs of a long list on the machines of a cluster, a task a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..cluster.tasks import each

if TYPE_CHECKING:
    from pairs.compare.blocks import Couples, Shard
    from pairs.compare.dedupe import Deduper

__all__ = ["MANY", "judge_apart"]

MANY = 20_000
"""Pairs from which the machines of a cluster compare them; one takes seconds for fewer."""
SHARD = 8192
"""Pairs of a shard: 16 MB at 512 dimensions."""


@dataclass(frozen=True)
class _Block:
    """Two shards to compare, as references, and the file that their couples are kept in."""

    one: Any
    other: Any
    threshold: float
    file: Path


def judge_apart(ray: Any, deduper: Deduper, folder: Path) -> None:
    """Judges a list in groups, found by comparing all with all on the machines of a cluster.

    The verdicts are those of judging it here. The couples of a block are kept until all are known,
    so that a run that is broken off and started again goes on where it was.

    Args:
        ray: The module, connected.
        deduper: Holds the pairs; none of them is judged yet.
        folder: For the couples; made, and empty afterwards.
    """
    from pairs.compare.blocks import groups, shards_of

    # In document order, so that the shards of a run that is started again are the same.
    order, vectors, threshold = deduper.order(), deduper.vectors(), deduper.threshold
    items = [deduper.items[number] for number in order]
    vectors = None if vectors is None else vectors[order]
    shards = [] if vectors is None else list(shards_of(items, vectors, SHARD))
    folder.mkdir(parents=True, exist_ok=True)
    names = [_digest(shard) for shard in shards]
    refs = [ray.put(shard) for shard in shards]
    blocks = [
        _Block(refs[one], refs[other], threshold, folder / f"{names[one]}-{names[other]}.npy")
        for one in range(len(shards))
        for other in range(one, len(shards))
    ]
    found = groups(items, vectors, threshold, _couples(ray, blocks))
    deduper.judge_in([order[place] for place in group] for group in found)
    for block in blocks:
        block.file.unlink(missing_ok=True)


def _couples(ray: Any, blocks: list[_Block]) -> Iterator[Couples]:
    import numpy as np

    for block in blocks:
        if block.file.exists():
            yield np.load(block.file)
    for block, couples in each(ray, _compared, (one for one in blocks if not one.file.exists())):
        found = _compared(block) if couples is None else couples
        written = block.file.with_suffix(".part.npy")
        np.save(written, found)
        written.replace(block.file)
        yield found


def _compared(block: _Block) -> Couples:
    import ray

    from pairs.compare.blocks import near_couples

    one, other = cast("list[Shard]", ray.get([block.one, block.other]))
    return near_couples(one, other, block.threshold)


def _digest(shard: Shard) -> str:
    whole = sha256(shard.vectors.tobytes())
    whole.update(shard.facts.tobytes())
    return f"{shard.first}-{whole.hexdigest()[:16]}"
