"""Names that exclude each other: codes and titles of one kind, and names put for others."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..text.alignment import other_class_name, replaced
from ..text.flat import flatten, simplified
from ..text.terms import IS_HAN, stem
from .asked_place import are_alike
from .support import share_said
from .tables import labels_of

__all__ = ["is_about_another", "names_another"]

_WORD = re.compile(r"(?<![A-Za-z0-9_.-])-{0,2}[A-Za-z][A-Za-z0-9]*(?:[-_./][A-Za-z0-9]+)*")
_LONGEST_CAPITALS = 4
_LEAST_PART = 2
_TITLE = re.compile(r"《([^《》]{1,40})》")
_TOKEN = re.compile(r"[^\W\d_\u4e00-\u9fff]+|\d+|[\u4e00-\u9fff]")
_STEM = re.compile(r"[A-Za-z]+[-_./]?")
_LEAST_MORE = 0.15
"""Share of the question's words that the sentence on its own name must have beyond the evidence."""
_LEAST_STEM = 4
"""Letters that two names with a hyphen must begin with alike, if they hold no digit."""
_ALIAS = (
    r"(?:[^\n。.!?（）()]{0,6}[（(][^\n。.!?（）()]{0,12}"
    r"|[^\n。.!?]{0,4}(?:又称|亦称|也称|又名|简称|即|字|号|\bor\b|called|known as)[^\n。.!?]{0,6})"
)


def is_about_another(question: str, answer: str, evidence: str, sentences: Iterable[str]) -> bool:
    """Whether evidence names another code or title of the kind that the question names.

    The question's own must stand in a sentence that has more of the question, or is like the
    evidence but for the name: E2 asked about, and the sentence on E5 for an answer.

    Args:
        question: The pair's question.
        answer: The model's wording; what it names itself is what was asked for.
        evidence: The source sentences, with their header.
        sentences: Those of the chunk.
    """
    asked = set(_TITLE.findall(question))
    if asked:
        told = set(_TITLE.findall(evidence))
        others = {title for title in told - asked if title not in answer}
    else:
        asked, told = _codes(question), _codes(evidence)
        others = told - asked - _codes(answer)
        if asked & told:
            return False
        asked = {code for code in asked if any(_are_siblings(code, other) for other in others)}
        asked -= _codes(answer)
    if not asked or not others or asked & told:
        return False
    least = share_said(question, evidence) + _LEAST_MORE
    words = labels_of(evidence)
    return any(
        share_said(question, sentence) > least or are_alike(words, labels_of(sentence))
        for sentence in sentences
        if any(_stands(name, sentence) for name in asked)
    )


def _codes(text: str) -> set[str]:
    """The words that are codes: with a digit, two parts, short in capitals, or an option."""
    return {word for word in _WORD.findall(text) if _is_code(word)}


def _is_code(word: str) -> bool:
    if word.startswith("-") or any(map(str.isdigit, word)):
        return True
    if word.isupper() and word.isalpha():
        return 1 < len(word) <= _LONGEST_CAPITALS
    first, _, rest = word.partition("-")
    return len(first) >= _LEAST_STEM and len(rest) >= _LEAST_PART


def _stands(name: str, text: str) -> bool:
    if name not in text:
        return False
    return re.search(rf"(?<![A-Za-z0-9_-]){re.escape(name)}(?![A-Za-z0-9])", text) is not None


def _are_siblings(one: str, other: str) -> bool:
    """Whether two codes name members of one series: E2 and E5, QH-5 and QH-5B, DM and DD."""
    if one.startswith("-") or other.startswith("-"):
        return one.startswith("-") and other.startswith("-")
    if any(map(str.isdigit, one)) and any(map(str.isdigit, other)):
        mine, theirs = _STEM.match(one), _STEM.match(other)
        return bool(mine and theirs) and mine[0] == theirs[0]  # type: ignore[index]  # both match
    if "-" in one and "-" in other:
        mine_stem, their_stem = one.partition("-")[0], other.partition("-")[0]
        return mine_stem == their_stem and len(mine_stem) >= _LEAST_STEM
    return (
        one.isupper()
        and other.isupper()
        and len(one) == len(other)
        and sum(x != y for x, y in zip(one, other, strict=True)) == 1
    )


def names_another(answer: str, quote: str, evidence: str, around: str) -> bool:
    """Whether an answer puts another name where the text that it nearly repeats has one.

    Args:
        answer: The model's wording.
        quote: The part of the source that it nearly repeats.
        evidence: The source sentences around it; a name that stands there is no invention.
        around: The chunk and its context, which may state that both names are one.
    """
    mine, theirs = _tokens(answer), _tokens(quote)
    for here, there in replaced(mine, theirs):
        one, other = _joined(mine[here]), _joined(theirs[there])
        rest = "".join(mine[here.stop : here.stop + 8])
        if not (_are_names(one, other) or other_class_name(simplified(one), other, rest)):
            continue
        if here.start == 0 and not _is_name_in(one, f"{around}\n{evidence}"):
            continue
        if not _occurs(one, evidence) and not _is_alias(one, other, around):
            return True
    return False


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _joined(tokens: list[str]) -> str:
    return "".join(token if IS_HAN.match(token) else f" {token} " for token in tokens).strip()


def _are_names(one: str, other: str) -> bool:
    """Whether both are capitalised English words, of different stems."""
    mine, theirs = one.split(), other.split()
    if not mine:
        return False
    return (
        len(mine) == len(theirs)
        and all(word[0].isupper() and word[0].isascii() for word in (*mine, *theirs))
        and {stem(word.lower()) for word in mine} != {stem(word.lower()) for word in theirs}
    )


def _is_name_in(word: str, text: str) -> bool:
    """Whether a word that begins a sentence is a name: Chinese, or a capital within sentences."""
    name = re.escape(word.split(maxsplit=1)[0])
    return IS_HAN.match(word) is not None or re.search(rf"[a-z,;] {name}\b", text) is not None


def _occurs(name: str, text: str) -> bool:
    return flatten("".join(name.split())) in flatten("".join(text.split()))


def _is_alias(one: str, other: str, text: str) -> bool:
    """Whether a text states that two names are one: 逆渗透（RO）, 某公司（以下简称甲方）."""
    mine, theirs = re.escape(" ".join(one.split())), re.escape(" ".join(other.split()))
    beside = rf"{mine}{_ALIAS}{theirs}|{theirs}{_ALIAS}{mine}"
    return re.search(beside, " ".join(text.split())) is not None
