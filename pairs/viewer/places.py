"""Text for a browser: control characters replaced, offsets converted to UTF-16."""

from __future__ import annotations

from bisect import bisect_left

__all__ = ["Places", "harmless"]

# One character for one, so that places stay true. Direction marks could show a text otherwise
# than it reads, control characters not at all; halves of characters are none.
_HARMFUL = {
    **dict.fromkeys((*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)), "\ufffd"),
    **dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F)), "\ufffd"),
    **dict.fromkeys((*range(0x2066, 0x206A), *range(0xD800, 0xE000)), "\ufffd"),
    0x0D: " ",
    0x2028: "\n",
    0x2029: "\n",
}
_WIDE = 0xFFFF


def harmless(text: str) -> str:
    """The text with control and bidirectional characters replaced; same length."""
    return text if text.isascii() and text.isprintable() else text.translate(_HARMFUL)


class Places:
    """Converts offsets in a text to UTF-16 code units, as browsers count.

    Args:
        text: As Python counts it.
    """

    def __init__(self, text: str) -> None:
        wide = not text.isascii() and max(text, default="") > chr(_WIDE)
        self._wide = [at for at, char in enumerate(text) if char > chr(_WIDE)] if wide else []

    def __call__(self, place: int) -> int:
        """The offset in UTF-16 code units of a character's offset in Python."""
        return place + bisect_left(self._wide, place) if self._wide else place

    def back(self, offset: int) -> int:
        """The offset in Python of one that a browser counted."""
        if not self._wide:
            return offset
        place = offset - bisect_left(self._wide, offset)
        while place < offset and self(place) < offset:
            place += 1
        return place
