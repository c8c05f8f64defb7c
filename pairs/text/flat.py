"""Normal forms of a text that keep its offsets, for searching in it.

- ``flatten`` maps characters one to one (width, case, 简繁, quotes, dashes): offsets are unchanged;
- ``fold`` also applies NFKC and drops white space, and returns a map back to the original.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["Folded", "flatten", "fold", "simplified"]

_UNIFIED = {
    **dict.fromkeys("“”„‟＂〝〞「」『』«»", '"'),
    **dict.fromkeys("‘’‚‛′＇‹›", "'"),
    **dict.fromkeys("‐‑‒–—―−－﹣", "-"),
    **dict.fromkeys("〜～∼", "~"),
    **dict.fromkeys("\u3000\u00a0\u2007\u202f\t\r\n\v\f\u2028\u2029", " "),
    "‧": "·",
    "・": "·",
    "•": "·",
    "˚": "°",
    "º": "°",
}


@cache
def _hanzi() -> dict[int, str]:
    table = json.loads(Path(__file__).with_name("hanzi.json").read_text(encoding="utf-8"))
    return {
        ord(traditional): simple
        for traditional, simple in zip(table["traditional"], table["simplified"], strict=True)
    }


@cache
def _flat_table() -> dict[int, str]:
    full_width = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    upper = {code: chr(code).lower() for code in range(0x41, 0x5B)}
    wide_upper = {code + 0xFEE0: small for code, small in upper.items()}
    alike = {ord(char): plain for char, plain in _UNIFIED.items()}
    return {**_hanzi(), **full_width, **upper, **wide_upper, **alike}


def simplified(text: str) -> str:
    """The text with traditional characters replaced one to one; same length."""
    return text.translate(_hanzi())


def flatten(text: str) -> str:
    """The text in half width, lower case and simplified characters; same length."""
    return text.translate(_flat_table())


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text of n characters, with the offsets of each in the original.

    Attributes:
        text: The folded text.
        starts: Shape (n,): offset of each character's first original character.
        ends: Shape (n,): one past each character's last original character.
    """

    text: str
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the original of a slice of the folded text.

        Args:
            start: First folded character.
            end: One past the last; above ``start``.

        Raises:
            ValueError: The slice is empty or out of range.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no such stretch: {start}..{end} of {len(self.text)}")
        return int(self.starts[start]), int(self.ends[end - 1])


@lru_cache(maxsize=1 << 13)
def _folded_cluster(cluster: str, simplify: bool) -> str:
    if _is_blank(cluster[0]):
        return ""
    plain = unicodedata.normalize("NFKC", "".join(_UNIFIED.get(char, char) for char in cluster))
    # NFKC turns ¯ into a blank and a combining mark, which would join the letter before it.
    on_blank = plain[:1] == " "
    plain = cluster if on_blank else unicodedata.normalize("NFKC", plain.casefold())
    if simplify:
        plain = plain.translate(_hanzi())
    return "".join(_UNIFIED.get(char, char) for char in plain if not _is_blank(char))


def _is_blank(char: str) -> bool:
    """Whether a character is white space, a control or a format character."""
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf")


def fold(text: str, *, simplify: bool = True) -> Folded:
    """The text without typographic variation, with a map back to the original.

    Width, compatibility forms and case are folded (NFKC), quotes and dashes unified, white space
    and invisible characters dropped.

    Args:
        text: Any text.
        simplify: Whether traditional characters count as their simplified forms.
    """
    clusters = _clusters(text)
    pieces = [_folded_cluster(cluster, simplify) for cluster in clusters]
    sizes = np.fromiter(map(len, clusters), dtype=np.int64, count=len(clusters))
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    ends = np.cumsum(sizes)
    return Folded(
        text="".join(pieces),
        starts=np.repeat(ends - sizes, lengths),
        ends=np.repeat(ends, lengths),
    )


# Characters that NFKC may compose with the one before: combining marks, Hangul vowels and finals.
_COMPOSING = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u093c\u0e31-\u0e3a"
    "\u1100-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099-\u309c\ufe20-\ufe2f\uff9e\uff9f]"
)


def _clusters(text: str) -> list[str]:
    """The text split before every character that does not compose with the one before it."""
    if _COMPOSING.search(text) is None:
        return list(text)
    clusters: list[str] = []
    for char in text:
        # Bounded, since a cluster is a cache key and a text may be all marks.
        if clusters and len(clusters[-1]) < 32 and _COMPOSING.match(char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters
