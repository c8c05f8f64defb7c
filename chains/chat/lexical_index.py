"""Lexical index: the IDF-weighted share of a question's words that each text holds."""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from loaders.characters import HAN
from pairs.text.flat import flatten
from pairs.text.question_words import without_asking
from pairs.text.terms import is_slight, stem

if TYPE_CHECKING:
    import numpy as np

LONGEST_QUESTION = 2000
"""Characters of a question that are searched for."""
FEWEST_TEXTS = 50
"""Lower bound for the number of texts in the IDF: three passages say little about rarity."""
FRAME_WEIGHT = 0.35
"""Weight of words that many questions have, such as 位于 or called; measured."""
_RUN = re.compile(rf"[{HAN}]+|\d+(?:[.,:/]\d+)*|[^\W\d_{HAN}]+")
_PARTICLES = frozenset("的了是在和与及吗呢吧啊们着过第之其该这那为由有被从到对将以于哪个些位种")
_HAN_WEIGHT = 0.5  # a Chinese word has some two characters


class QueryTerm(NamedTuple):
    """A word of a question; a text holds it if it holds one of its forms."""

    forms: tuple[str, ...]
    weight: float


def terms_of(question: str) -> list[QueryTerm]:
    """The words of a question without its question words, weighted.

    A Latin word or a number is its own form. A Chinese character counts with its neighbours: of
    光 in 由光荣 a text must hold either 由光 or 光荣.

    Args:
        question: In Chinese or English.
    """
    flat = without_asking(flatten(question[:LONGEST_QUESTION]))
    framed = {place for found in _frames()[0].finditer(flat) for place in range(*found.span())}
    return [term for run in _RUN.finditer(flat) for term in _terms(run, framed)]


def _terms(found: re.Match[str], framed: set[int]) -> Iterator[QueryTerm]:
    run, start = found.group(), found.start()
    if not _is_han(run):
        word = stem(run)
        if not is_slight(run):
            yield QueryTerm((word,), FRAME_WEIGHT if word in _frames()[1] else 1.0)
        return
    for at, char in enumerate(run):
        if char in _PARTICLES or (is_slight(char) and char not in "上下中"):
            continue
        pairs = [run[left : left + 2] for left in (at - 1, at) if 0 <= left < len(run) - 1]
        weight = _HAN_WEIGHT * (FRAME_WEIGHT if start + at in framed else 1.0)
        yield QueryTerm(tuple(pairs) or (char,), weight)


@cache
def _frames() -> tuple[re.Pattern[str], frozenset[str]]:
    """Words common in questions of any topic: Chinese ones as a pattern, English ones as stems."""
    text = Path(__file__).with_name("frame_words.json").read_text(encoding="utf-8")
    words = {language: " ".join(lines).split() for language, lines in json.loads(text).items()}
    return re.compile("|".join(words["zh"])), frozenset(stem(word) for word in words["en"])


def _words(text: str) -> set[str]:
    """All word forms of a text: stems, Chinese characters and pairs of them."""
    words: set[str] = set()
    for run in _RUN.findall(flatten(text)):
        if _is_han(run):
            words.update(run)
            words.update(map(add, run, run[1:]))
        elif not is_slight(run):
            words.add(stem(run))
    return words


def _is_han(run: str) -> bool:
    return HAN[0] <= run[0] <= HAN[-1]


class LexicalIndex:
    """An inverted index of texts by their words.

    Args:
        texts: The texts, indexed and not stored.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        places: defaultdict[str, array[int]] = defaultdict(lambda: array("i"))
        for place, text in enumerate(texts):
            for word in _words(text):
                places[word].append(place)
        self._postings = dict(places)
        self._size = len(texts)

    def weighted_shares(self, terms: Sequence[QueryTerm]) -> np.ndarray:
        """IDF-weighted shares, 0 to 1, of a question's words that each text holds: shape (texts,).

        Args:
            terms: The words of the question.
        """
        import numpy as np

        shares, whole = np.zeros(self._size, dtype=np.float32), 0.0
        for term in terms:
            holds = np.zeros(self._size, dtype=bool)
            for form in term.forms:
                if form in self._postings:
                    holds[np.frombuffer(self._postings[form], dtype=np.int32)] = True
            weight = term.weight * self._rarity(int(np.count_nonzero(holds)))
            whole += weight
            shares += weight * holds
        return shares / whole if whole else shares

    def _rarity(self, texts: int) -> float:
        """The inverse document frequency of a word that so many texts hold."""
        return math.log((max(self._size, FEWEST_TEXTS) + 1) / (texts + 0.5))
