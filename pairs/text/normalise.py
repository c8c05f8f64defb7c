"""Text made comparable: folded with a way back to the original, or boiled down to the question.

Three strengths, each a function:

- ``flatten`` changes characters one for one (width, case, 简繁, quotes, dashes), so places stay;
- ``fold`` also applies NFKC and drops white space, and keeps a map back: for finding evidence;
- ``normalise`` drops whatever does not change what a question asks: for finding equal questions.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .figures.numerals import as_digits

__all__ = ["Folded", "flatten", "fold", "normalise", "simplified"]

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


_CIRCLED = re.compile("^\\s*[①-⒛㈠-㈩❶-➓]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LABEL = re.compile(
    r"\s*(?:[-+]\s+)?[\s*_#>`~•·●○■□▪◆◇►▶✓]*"
    r"(?:(?:question|问题|问|题目|题|q)\s*[(\[]?[0-9一二三四五六七八九十]{0,4}[)\]]?\s*[:.、)]"
    r"|第[0-9一二三四五六七八九十]{1,4}[题问]\s*[:.、,]"
    r"|[(\[【][0-9a-z一二三四五六七八九十]{1,3}[)\]】]"
    r"|[0-9]{1,3}\s*(?:[、)\]:](?!\d)|、(?=\d{4})|\.(?!\d))"
    r"|[一二三四五六七八九十]{1,3}\s*[、.])?[*_\s]*"
)
_POLITE = re.compile(
    r"(?:请问一下|请问|请教一下|请教|麻烦问一下|我?想请问一下|我?想请问|我?想问一下|我?想问问|我?想问"
    r"|我?想知道|请告诉我|告诉我|能告诉我|能否告诉我|可以告诉我|你知道|您知道|谁知道|有谁知道|有人知道"
    r"|问一下|求问|那么)+[,:\s]*"
    r"|(?:(?:please|kindly|can you|could you|would you|will you|tell me|let me know|may i ask"
    r"|i want to know|i would like to know|i'd like to know|do you know)\b[,:\s]*)+"
)
_TRAILING = re.compile(r"(?:呢|吗|呀|啊|嘛|哦|哪(?<=呢哪)|\s)+$")
_SHORT = {
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "let's": "let us",
}
_SHORT_FORM = re.compile(r"\b(?:can't|cannot|won't|shan't|let's)(?!\w)")
_NOT = re.compile(r"(?<=[a-z])n't\b")
_IS = re.compile(r"\b(what|who|where|when|how|why|which|that|there|here|it|he|she)'s\b")
_FULLER = (
    (re.compile(r"(?<=[a-z])'re\b"), " are"),
    (re.compile(r"(?<=[a-z])'ve\b"), " have"),
    (re.compile(r"(?<=[a-z])'ll\b"), " will"),
    (re.compile(r"\bi'm\b"), "i am"),
)
_TITLE = re.compile(r"<([^<>\s=][^<>=]{0,80})>")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORD = re.compile(r"[a-z0-9\u00c0-\u024f\u0370-\u052f]")


def normalise(text: str) -> str:
    """What a question asks, without how it was typed: equal results mean the same question.

    Folded: NFKC, width, case, 简繁, numbering and politeness in front, 呢 and 吗 behind,
    contractions, number words, punctuation but what stands inside a number or a name such as C++.
    A text of nothing else comes back folded only.

    Args:
        text: A question, in Chinese or English.
    """
    plain = unicodedata.normalize("NFKC", _CIRCLED.sub("", _INVISIBLE.sub("", text)))
    plain = flatten(plain.lower()).replace("甚么", "什么").strip()
    label = _LABEL.match(plain)
    core = plain[label.end() :] if label else plain
    core = _TITLE.sub(r" \1 ", core)
    core = _despaced(_unpunctuated(_spelled_out(core)))
    polite = _POLITE.match(core)
    if polite:
        core = core[polite.end() :]
    core = as_digits(_TRAILING.sub("", core))
    return core or " ".join(plain.split())


def _spelled_out(text: str) -> str:
    """English contractions written in full."""
    if "'" not in text and "cannot" not in text:
        return text
    text = _SHORT_FORM.sub(lambda found: _SHORT[found.group()], text)
    text = _IS.sub(r"\1 is", _NOT.sub(" not", text))
    for short, full in _FULLER:
        text = short.sub(full, text)
    return text


def _unpunctuated(text: str) -> str:
    """The text with a space for every punctuation mark that says nothing."""
    text = _THOUSANDS.sub("", text)
    kept = []
    for place, char in enumerate(text):
        if char.isalnum() or not unicodedata.category(char).startswith(("P", "Z", "C")):
            kept.append(char)
            continue
        before = text[place - 1] if place else " "
        after = text[place + 1] if place + 1 < len(text) else " "
        kept.append(char if _means_something(before, char, after) else " ")
    return "".join(kept)


def _means_something(before: str, char: str, after: str) -> bool:
    """Whether a punctuation mark belongs to a number or a name: 1.5, 10:30, -5, 30%, c#."""
    if char == "%":
        return before.isdigit()
    if char == "#":
        return before.isalnum()
    if char in ".:/,-":
        minus = char == "-" and (not before.isascii() or before in " =(")
        return after.isdigit() and (before.isdigit() or minus)
    return False


def _despaced(text: str) -> str:
    """The text with one space between two alphabetic words and none elsewhere."""
    words = text.split()
    joined: list[str] = []
    for word in words:
        if joined and _WORD.match(joined[-1][-1]) and _WORD.match(word[0]):
            joined.append(" ")
        joined.append(word)
    return "".join(joined)
