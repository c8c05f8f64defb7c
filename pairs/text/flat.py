"""Text in a plain form that keeps the way back to the original: for finding things in it.

Two strengths, each a function:

- ``flatten`` changes characters one for one (width, case, 简繁, quotes, dashes), so places stay;
- ``fold`` also applies NFKC and drops white space, and keeps a map back: for finding evidence.
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

_ALIKE = {
    **dict.fromkeys("“”„‟＂〝〞「」『』«»", '"'),
    **dict.fromkeys("‘’‚‛′＇‹›", "'"),
    **dict.fromkeys("‐‑‒–—―−－﹣", "-"),
    **dict.fromkeys("〜～∼", "~"),
    **dict.fromkeys("\u3000\u00a0\u2007\u202f\t\r\n\v\f\u2028\u2029", " "),
    "‧": "·",
    "・": "·",
    "•": "·",
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
    alike = {ord(char): plain for char, plain in _ALIKE.items()}
    return {**_hanzi(), **full_width, **upper, **wide_upper, **alike}


def simplified(text: str) -> str:
    """The text with traditional characters replaced one for one; its length stays."""
    return text.translate(_hanzi())


def flatten(text: str) -> str:
    """The text in half width, lower case and simplified characters; every place stays."""
    return text.translate(_flat_table())


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text that knows where each of its characters stood.

    Attributes:
        text: The folded text.
        starts: Index in the original of each folded character's first source character.
        ends: One past the last source character of each.
    """

    text: str
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that a stretch of the folded text came from.

        Args:
            start: First folded character.
            end: One past the last; above ``start``.

        Raises:
            ValueError: The stretch is empty or reaches outside.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no such stretch: {start}..{end} of {len(self.text)}")
        return int(self.starts[start]), int(self.ends[end - 1])


@lru_cache(maxsize=1 << 16)
def _folded_cluster(cluster: str, simplify: bool) -> str:
    if _blank(cluster[0]):
        return ""
    plain = unicodedata.normalize("NFKC", "".join(_ALIKE.get(char, char) for char in cluster))
    # A mark set on a blank, such as ¯, would else move onto the letter before it.
    on_blank = plain[:1] == " "
    plain = cluster if on_blank else unicodedata.normalize("NFKC", plain.casefold())
    if simplify:
        plain = plain.translate(_hanzi())
    return "".join(_ALIKE.get(char, char) for char in plain if not _blank(char))


def _blank(char: str) -> bool:
    """Whether a character is white space or invisible."""
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf")


def fold(text: str, *, simplify: bool = True) -> Folded:
    """The text without what print and input methods vary, and the way back to the original.

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


# Characters that NFKC may join with the one before them: marks, and Korean vowels and finals.
_JOINS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u093c\u0e31-\u0e3a"
    "\u1100-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099-\u309c\ufe20-\ufe2f\uff9e\uff9f]"
)


def _clusters(text: str) -> list[str]:
    """The text cut before every character that does not join the one before it."""
    if _JOINS.search(text) is None:
        return list(text)
    clusters: list[str] = []
    for char in text:
        # Bounded, since a cluster is a cache key and a text may be all marks.
        if clusters and len(clusters[-1]) < 32 and _JOINS.match(char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters
