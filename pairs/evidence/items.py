"""Answers that are lists: each item must stand in the text that the list is taken from."""

from __future__ import annotations

import re

from loaders.characters import HAN

from ..text.flat import flatten, fold
from ..text.terms import form_set, pieces

__all__ = ["has_foreign_item", "items"]

_MARKED = re.compile(
    r"(?m)^\s*(?:[-*•·]|\(?\d{1,2}[.)、．）](?!\d)|[（(][\d一二三四五六七八九十]{1,3}[)）]|[①-⑳])\s*"
)
_MARKS = re.compile("[，。；：！？,;:!?\n（）()]|(?<=[a-z])[.](?=\\s|$)")
_HAN_COMMA = "、"
_AND = re.compile(r",\s*(?:and|or)\s+|,\s+|\s+(?:and|or)\s+")
_AND_ZH = re.compile(f"、|(?<=[{HAN}])(?:以及|和|及|与|或)(?=[{HAN}])")
_AND_SO_ON = re.compile("等.*$")
_LONGEST = 12
"""Characters of an item in Chinese, and"""
_LONGEST_EN = 40
"""in English, above which it is a clause."""
_FEWEST = 3
_MOST = 200


def items(answer: str) -> list[str]:
    """The items of an answer that is a list or holds one; empty where it does not.

    Args:
        answer: The model's wording.
    """
    if len(_MARKED.findall(answer)) > 1:
        return [item.strip() for item in _MARKED.split(answer)[1:] if item.strip()][:_MOST]
    for clause in _MARKS.split(answer):
        if clause.count(_HAN_COMMA) >= _FEWEST - 1:
            found = [_AND_SO_ON.sub("", item).strip() for item in _AND_ZH.split(clause)]
            # What leads in or goes on is no item: 包括甲、乙和丙三种.
            return [item for item in found if 0 < len(item) <= _LONGEST][:_MOST]
    if re.search(f"[{HAN}]", answer) is None and answer.count(",") >= _FEWEST - 1:
        found = [item.strip(" .") for item in _AND.split(answer)]
        return [item for item in found if 0 < len(item) <= _LONGEST_EN][:_MOST]
    return []


def has_foreign_item(answer: str, question: str, evidence: str) -> bool:
    """Whether a list that is taken from a text has an item that the text lacks.

    It is taken from it where most of its items stand there word for word; another one must have at
    least a word in common with it.

    Args:
        answer: The model's wording.
        question: Its own words may be repeated in an item.
        evidence: The text that the list is taken from.
    """
    found = items(answer)
    if len(found) < _FEWEST:
        return False
    text = fold(evidence).text
    others = [item for item in found if fold(item.strip(" .;；。")).text not in text]
    if len(found) - len(others) <= len(found) / 2:
        return False
    known = form_set(flatten(evidence)) | form_set(flatten(question))
    return any(
        words and all(known.isdisjoint(word) for word in words)
        for words in (list(pieces(flatten(item))) for item in others)
    )
