"""Sentence segmentation: sentence ends, and weaker boundaries below them."""

from __future__ import annotations

import re
import unicodedata

_CLOSERS = "”’\"'」』）)】》〉〕］\\]}"
# A sentence ends with its mark and whatever closes behind it.
_CHINESE_END = f"[。！？；…｡]+[{_CLOSERS}]*"
_ENGLISH_END = f"[.!?;]+[{_CLOSERS}*_]*(?=[\\s　]|$)"
SENTENCE_END = re.compile(f"{_CHINESE_END}|{_ENGLISH_END}")
CLAUSE_END = re.compile(f"[，、：]+[{_CLOSERS}]*|[,:]+[{_CLOSERS}]*(?=\\s)|——")
WORD_END = re.compile(r"\s+")

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st no vol fig figs eq eqs sec ch pp ed eds al etc vs inc ltd co corp jr sr "
    "gen col capt lt rev hon dept univ approx cf eg ie e.g i.e a.m p.m u.s u.k ph.d".split()
)
_LONGEST_WORD = 12


def is_sentence_end(text: str, mark: re.Match[str], begin: int = 0) -> bool:
    """Whether a match of ``SENTENCE_END`` really closes a sentence: Mr. and 3. do not.

    Args:
        text: The text the match was found in.
        mark: The match.
        begin: Where its line or chunk begins at the earliest: what stands before is not looked at,
            since how much of it is at hand differs.
    """
    sign = mark[0]
    if sign[0] != "." or sign.startswith(".."):
        return True
    at = mark.start()
    begin = max(begin, at - _LONGEST_WORD)
    word = text[begin:at].rsplit(None, 1)[-1:] or [""]
    plain = word[0].lstrip("(\"'“‘[").lower()
    if plain in _ABBREVIATIONS or (len(plain) == 1 and plain.isalpha()):
        return False
    # A number with its dot at the head of a line counts items.
    if plain.isdigit() and len(plain) <= 3:
        line = text[max(begin, text.rfind("\n", begin, at) + 1) : at]
        return line.strip() != plain
    return True


def closes_sentence(text: str) -> bool:
    """Whether a text's last characters end a sentence, closing quotes and brackets included."""
    tail = text.rstrip()[-40:]
    ends = [m for m in SENTENCE_END.finditer(tail) if m.end() == len(tail)]
    return bool(ends) and is_sentence_end(tail, ends[-1])


def grapheme_cut(text: str, at: int, least: int) -> int:
    """The last offset up to ``at`` that splits no grapheme cluster.

    Args:
        text: The text.
        at: The latest cut allowed.
        least: The earliest; where no place down to it will do, ``at`` stands.
    """
    cut = at
    while cut > least and cut < len(text) and _same_grapheme(text, cut):
        cut -= 1
    return cut if cut > least else at


def _same_grapheme(text: str, at: int) -> bool:
    """Whether the characters around an offset belong to one grapheme cluster."""
    before, after = text[at - 1], text[at]
    if after < "\u0300" and not (before == "\r" and after == "\n"):
        return before == "\u200d"
    if before == "\u200d" or after in "\u200d\u200c" or "\ufe00" <= after <= "\ufe0f":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\U0001f1e6" <= after <= "\U0001f1ff":
        flags = 0
        while flags < at and "\U0001f1e6" <= text[at - 1 - flags] <= "\U0001f1ff" and flags < 64:
            flags += 1
        return flags % 2 == 1
    return unicodedata.category(after).startswith("M")
