"""How a list is stored: in its row of the journal, a very long one in files beside the journal."""

from __future__ import annotations

import secrets
import shutil
import zlib
from glob import escape
from pathlib import Path

from pairs.errors import ExportError
from pairs.files.shards import can_write_shards, read_shards, write_shards
from pairs.records import PairList

from ..errors import JournalError

__all__ = ["clear_shards", "packed_list", "unpacked_list"]

MOST_IN_A_ROW = 1_000_000
"""Pairs, the left out ones counted in; a row of SQLite holds a gigabyte at most."""
_FILES = b"files"


def packed_list(journal: Path, job: str, pairs: PairList) -> bytes:
    """What the row of a list holds: the list, or where its files are and their manifest's sum.

    Args:
        journal: The journal's file.
        job: The whole id.
        pairs: The list.

    Raises:
        JournalError: The files cannot be written.
    """
    count = len(pairs.kept) + len(pairs.duplicates) + len(pairs.rejected)
    if count <= MOST_IN_A_ROW or not can_write_shards():
        return zlib.compress(pairs.model_dump_json().encode("utf-8", "replace"), 1)
    folder = _home(journal) / f"{job}-{secrets.token_hex(4)}"
    try:
        digest = write_shards(pairs, folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise JournalError("journal.write", file=str(folder), reason=str(error.strerror)) from error
    return b" ".join((_FILES, folder.name.encode(), digest.encode()))


def unpacked_list(journal: Path, packed: bytes) -> PairList:
    """The list of a row.

    Args:
        journal: The journal's file.
        packed: As ``packed_list`` made it.

    Raises:
        JournalError: A file of the list is missing or damaged, or cannot be read here.
        ValidationError: Another version wrote it.
        zlib.error: The row is damaged.
    """
    if not packed.startswith(_FILES):
        return PairList.model_validate_json(zlib.decompress(packed))
    _, name, digest = packed.decode().split(" ")
    try:
        return read_shards(_home(journal) / Path(name).name, digest)
    except ExportError as error:
        raise JournalError(error.code, **error.fields) from error


def clear_shards(journal: Path, job: str, but: bytes = b"") -> None:
    """Deletes the files of a job's lists.

    Args:
        journal: The journal's file.
        job: The whole id.
        but: The row of a list whose files stay.
    """
    for folder in _home(journal).glob(f"{escape(job)}-*"):
        if folder.name.encode() not in but.split(b" ")[1:2]:
            shutil.rmtree(folder, ignore_errors=True)


def _home(journal: Path) -> Path:
    return journal.with_name(f"{journal.name}.lists")
