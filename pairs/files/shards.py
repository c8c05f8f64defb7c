"""Lists too long for one piece: Parquet files of some rows each, beside a manifest of their sums.

A row has a pair's columns, for whoever reads the files, and the whole record, which alone is read
back here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..errors import ExportError
from ..records import ChunkOutcome, Conflict, Duplicate, PairList, QAPair, Rejected
from .formats import row

__all__ = ["MANIFEST", "can_write_shards", "read_shards", "write_shards"]

MANIFEST = "manifest.json"
ROWS = 100_000
"""Rows of a shard."""
COLUMNS = 1
"""The version of the columns."""
_PARTS: dict[str, type[BaseModel]] = {
    "kept": QAPair,
    "duplicates": Duplicate,
    "rejected": Rejected,
    "conflicts": Conflict,
    "chunks": ChunkOutcome,
}
_TEXTS = ("question", "answer", "source", "evidence", "match", "record")
_NUMBERS = ("page", "start", "end")


def can_write_shards() -> bool:
    """Whether pyarrow is installed."""
    try:
        import pyarrow.parquet  # noqa: F401 - looked for
    except ImportError:
        return False
    return True


def write_shards(pairs: PairList, folder: Path) -> str:
    """Writes a list into a folder, the manifest last; returns the manifest's SHA-256.

    Args:
        pairs: The list.
        folder: Made; new.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True)
    shards = {part: list(_written(part, getattr(pairs, part), folder)) for part in _PARTS}
    rest = pairs.model_dump(mode="json", exclude=set(_PARTS))
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps({"columns": COLUMNS, "shards": shards, "list": rest}, indent=1))
    return _sum(manifest)


def read_shards(folder: Path, digest: str) -> PairList:
    """The list that was written into a folder.

    Args:
        folder: Of its files.
        digest: SHA-256 of the manifest, 64 hex digits.

    Raises:
        ExportError: pyarrow is not installed; a file is missing, is not the one that was written,
            or another version wrote it.
    """
    if not can_write_shards():
        raise ExportError("shards.no_pyarrow", folder=str(folder))
    manifest = folder / MANIFEST
    with _damage(manifest):
        _check_sum(manifest, digest)
        told = json.loads(manifest.read_bytes())
        if told["columns"] != COLUMNS:
            raise ExportError("shards.version", folder=str(folder))
        parts: dict[str, list[Any]] = {part: [] for part in _PARTS}
        for part, shards in told["shards"].items():
            for shard in shards:
                file = folder / Path(shard["name"]).name
                with _damage(file):
                    parts[part] += _read(file, shard, _PARTS[part])
        return PairList.model_validate({**told["list"], **parts})


@contextmanager
def _damage(file: Path) -> Iterator[None]:
    """Says of a file what is wrong with it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportError("shards.damaged", file=str(file), reason=reason) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())[:80]
        raise ExportError("shards.damaged", file=str(file), reason=reason) from error


def _written(part: str, items: Sequence[Any], folder: Path) -> Iterator[dict[str, Any]]:
    """Writes a part's shards and gives what the manifest says of each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [(name, pa.string()) for name in _TEXTS] + [(name, pa.int64()) for name in _NUMBERS]
    )
    for first in range(0, len(items), ROWS):
        some = items[first : first + ROWS]
        file = folder / f"{part}-{first // ROWS:05}.parquet"
        table = pa.Table.from_pylist([_row(one) for one in some], schema)
        pq.write_table(table, file, compression="zstd")
        yield {"name": file.name, "rows": len(some), "sha256": _sum(file)}


def _row(item: BaseModel) -> dict[str, Any]:
    pair = item if isinstance(item, QAPair) else getattr(item, "item", None)
    columns = row(pair) if pair is not None else {}
    shown = {name: columns.get(name) for name in (*_TEXTS, *_NUMBERS)}
    return {**shown, "record": item.model_dump_json()}


def _read(file: Path, shard: dict[str, Any], of: type[BaseModel]) -> Iterator[BaseModel]:
    import pyarrow.parquet as pq

    _check_sum(file, shard["sha256"])
    records = pq.read_table(file, columns=["record"]).column("record")
    if len(records) != shard["rows"]:
        raise ValueError(f"{len(records)} rows for {shard['rows']}")
    return (of.model_validate_json(record.as_py()) for record in records)


def _check_sum(file: Path, digest: str) -> None:
    if _sum(file) != digest:
        raise ValueError("its SHA-256 is another")


def _sum(file: Path) -> str:
    digest = sha256()
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
