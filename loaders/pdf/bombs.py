"""Refuses decompression bombs: PDFs whose streams inflate beyond a bound."""

from __future__ import annotations

import mmap
import re
import zlib
from pathlib import Path

from ..errors import LoadError

MOST_STREAM = 256 << 20  # bytes of one stream, unpacked
MOST_UNPACKED = 2 << 30  # bytes of all streams together
# Drawing takes a hundred times the memory of its orders. Honest ones pack three to twenty times.
_MOST_ORDERS = 4 << 20  # bytes
_SUSPECT_RATIO = 200

_STREAM = re.compile(rb"stream[ \t]{0,8}\r?\n?(?=[\x08\x18\x28\x38\x48\x58\x68\x78])")
_STEP = 1 << 20  # bytes unpacked at a time, at most
_LAYERS = 2  # streams packed twice are odd, and more often a bomb
_HEAD = 4096  # bytes that show what a stream holds
_ORDERS = bytes(range(32, 127)) + b"\t\n\r\f"
_MOSTLY = 0.95


def check_streams(path: Path, file: str) -> None:
    """Passes for a PDF whose streams unpack to a bearable size; nothing is kept in memory.

    Args:
        path: The file.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: A stream, or all together, would unpack to more than a document holds.
    """
    if not path.stat().st_size:
        return
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        total = 0
        at = 0
        while match := _STREAM.search(data, at):
            packed = _Packed()
            used = packed.read(data, match.end())
            total += packed.unpacked
            swollen = packed.orders and packed.unpacked > max(_MOST_ORDERS, _SUSPECT_RATIO * used)
            if packed.unpacked > MOST_STREAM or total > MOST_UNPACKED or swollen:
                raise LoadError("load.pdf_bomb", file=file, megabytes=total >> 20)
            at = match.end() + used


class _Packed:
    """Measures a deflated stream, whose content may be deflated again.

    Attributes:
        unpacked: Bytes of all its layers; somewhat above the limit where it has more.
        orders: Whether it begins like text or the orders of a drawing.
    """

    def __init__(self, layers: int = _LAYERS) -> None:
        self.unpacked = 0
        self.orders = False
        self._layers = layers
        self._engine = zlib.decompressobj()
        self._inner: _Packed | None = None

    def read(self, data: mmap.mmap, at: int) -> int:
        """The inflated size in bytes; stops above the limit."""
        used = 0
        try:
            while not self._engine.eof and self.unpacked <= MOST_STREAM:
                block = data[at + used : at + used + 65536]
                used += len(block)
                if not block:
                    break
                self._take(block)
        except zlib.error:
            # Not deflated after all, or broken: its reader will say so.
            return 0
        return max(0, used - len(self._engine.unused_data))

    def _take(self, block: bytes) -> None:
        """Unpacks a block, as far as the limit."""
        while block and not self._engine.eof and self.unpacked <= MOST_STREAM:
            out = self._engine.decompress(block, _STEP)
            if out and not self.unpacked:
                self._look(out[:_HEAD])
            self.unpacked += len(out)
            self._pass_on(out)
            block = self._engine.unconsumed_tail

    def _look(self, head: bytes) -> None:
        self.orders = len(head.translate(None, _ORDERS)) <= (1 - _MOSTLY) * len(head)
        packed = len(head) > 1 and head[0] & 15 == 8 and (head[0] << 8 | head[1]) % 31 == 0
        if packed and self._layers > 1:
            self._inner = _Packed(self._layers - 1)

    def _pass_on(self, out: bytes) -> None:
        if self._inner is None:
            return
        before = self._inner.unpacked
        try:
            self._inner._take(out)  # noqa: SLF001 - one of its own kind
        except zlib.error:
            self._inner = None
            return
        self.unpacked += self._inner.unpacked - before
        self.orders = self._inner.orders
