"""Refuses PDFs whose compressed streams would swell beyond any document."""

from __future__ import annotations

import mmap
import re
import zlib
from pathlib import Path

from ..errors import LoadError

MOST_STREAM = 256 << 20  # bytes of one stream, unpacked
MOST_UNPACKED = 2 << 30  # bytes of all streams together

_STREAM = re.compile(rb"stream\r?\n(?=[\x08\x18\x28\x38\x48\x58\x68\x78])")
_STEP = 1 << 20  # bytes unpacked at a time, at most


def check_streams(path: Path, file: str) -> None:
    """Passes for a PDF whose streams unpack to a bearable size; nothing is kept in memory.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: A stream, or all together, would unpack to more than a document holds.
    """
    size = path.stat().st_size
    # Deflate packs a thousand times at the very most.
    if size * 1032 < MOST_STREAM:
        return
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        total = 0
        at = 0
        while match := _STREAM.search(data, at):
            used, unpacked = _measure(data, match.end())
            total += unpacked
            if unpacked > MOST_STREAM or total > MOST_UNPACKED:
                raise LoadError("load.pdf_bomb", file=file, megabytes=total >> 20)
            at = match.end() + used


def _measure(data: mmap.mmap, at: int) -> tuple[int, int]:
    """How many bytes a deflated stream takes up and unpacks to; stops above the limit."""
    engine = zlib.decompressobj()
    used = unpacked = 0
    block = b""
    try:
        while not engine.eof and unpacked <= MOST_STREAM:
            if not block:
                block = data[at + used : at + used + 65536]
                used += len(block)
                if not block:
                    break
            unpacked += len(engine.decompress(block, _STEP))
            block = engine.unconsumed_tail
    except zlib.error:
        # Not deflated after all, or broken: its reader will say so.
        return 0, unpacked
    return max(0, used - len(block) - len(engine.unused_data)), unpacked
