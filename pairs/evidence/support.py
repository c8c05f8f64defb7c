"""Lexical support: the sentences whose words a rephrased answer shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..text.terms import IS_HAN, all_forms, content_words
from .source_text import Place, SourceText

__all__ = [
    "LEAST",
    "Support",
    "is_asked_elsewhere",
    "is_told",
    "question_place",
    "share_said",
    "supporting_place",
]

LEAST = 0.55
"""Least share, by weight, of the answer's new words that the sentences must have."""
_FEWEST_NEW = 4
"""New words (a Chinese character is one) below which a part of them may be shared by chance."""
_LEAST_FEW = 0.45
"""Least share of so few words, where the vectors are as near as those of one question."""
_LEAST_OPEN = 0.2
"""Least share of more words, single characters counted;"""
_LEAST_BOTH = 0.78
"""and the least sum of share and likeness of the vectors."""
_NEIGHBOURS = 2
"""Sentences before and after an answer in which its question's words may stand."""
_NEAR = 5
"""Sentences before and after an answer among which one may say what is asked about."""
_LEAST_ASKED = 0.2
"""Share of the question's words, by weight, that it must add."""
_FEWEST_ASKED = 4
"""Words of a question, a Chinese character counting half, that are more than a name."""
_ASKED = 0.8
"""Share of a question's words, by weight, with which a sentence is what it asks about,"""
_ASKED_MORE = 0.3
"""where it has so much more of them than those around the answer."""
_MOST_SENTENCES = 3
_MOST_FURTHER = 4
_LEAST_GAIN = 0.1
"""Share of the answer's new words, by weight, that a sentence elsewhere must add."""
_LETTER_ALONE = 0.6
"""What a Chinese character counts that stands there beside other ones."""
_SENTENCE_PENALTY = 0.12
"""Penalty for each sentence after the first."""
_HEADING_PENALTY = 0.3
"""Penalty for a heading, which proves nothing by itself."""
_QUESTION_WEIGHT = 0.4
"""Weight of the question's words, relative to the words the answer adds."""
_MAX_LENGTH = 2000
"""Characters of an answer or a question that are compared."""

_Shares = npt.NDArray[np.float64]


class Support(NamedTuple):
    """The sentences that support an answer.

    Attributes:
        place: One to three sentences in a row.
        share: Share of the answer's new words that they have, by weight, 0..1.
        new: How many words the answer adds to its question; all of them where it adds none.
        more: Up to two sentences elsewhere that have words of the answer which these lack.
    """

    place: Place
    share: float
    new: int
    more: tuple[Place, ...] = ()


def supporting_place(
    source: SourceText, question: str, answer: str, *, loosely: bool = False
) -> Support | None:
    """The sentences that support an answer best, or None where nothing does.

    Words are weighted by inverse sentence frequency; those that the answer repeats from its
    question count only for choosing between sentences.

    Args:
        source: The text to search.
        question: The pair's question.
        answer: The model's wording.
        loosely: Whether a Chinese character alone counts for a part, as where classical Chinese is
            told in modern words.
    """
    if not source.sentences:
        return None
    added, question_words = _new_and_known(answer[:_MAX_LENGTH], question[:_MAX_LENGTH])
    if not added:
        return None
    added_occurs, added_weights = _occurrences(source, added, loosely)
    figures = np.array([word[0].startswith("#") for word in added])
    question_occurs, question_weights = _occurrences(source, question_words, loosely)
    best: tuple[float, float, int, int] = (0.0, 0.0, 0, 0)
    for size in range(1, min(_MOST_SENTENCES, len(source.sentences)) + 1):
        shares = _shares(added_occurs, added_weights, size, figures)
        scores = shares + _QUESTION_WEIGHT * _shares(question_occurs, question_weights, size)
        if size == 1 and source.headings:
            scores[list(source.headings)] -= _HEADING_PENALTY
        at = int(scores.argmax())
        score = float(scores[at]) - _SENTENCE_PENALTY * (size - 1)
        if score > best[0]:
            best = (score, float(shares[at]), at, at + size - 1)
    _, share, first, last = best
    runs = _joined_runs(added_occurs, added_weights, figures, (first, last))
    places = [(source.sentences[a][0], source.sentences[b][1]) for a, b in runs]
    return Support(places[0], min(1.0, share), len(added), tuple(places[1:]))


def _joined_runs(
    occurs: _Shares,
    weights: _Shares,
    figures: npt.NDArray[np.bool_],
    first_run: tuple[int, int],
) -> list[tuple[int, int]]:
    """Runs of sentences that an answer joins, the first first: those add most that it lacks.

    Args:
        occurs: Occurrence matrix, shape (sentences, words), 0..1.
        weights: Shape (words,).
        figures: Shape (words,): numbers, which a sentence far off has by chance.
        first_run: First and last sentence of the run found.
    """
    covered = occurs[first_run[0] : first_run[1] + 1].max(axis=0)
    runs, least = [first_run], _LEAST_GAIN * float(weights.sum())
    for _ in range(_MOST_FURTHER):
        added = np.maximum(occurs, covered) - covered
        gains = added @ np.where(figures, 0.0, weights)
        for beside in {at for run in runs for at in (run[0] - 1, run[1] + 1)}:
            if 0 <= beside < len(occurs):
                gains[beside] = added[beside] @ weights
        at = int(gains.argmax())
        if gains[at] <= least:
            break
        joined = next((run for run in runs if run[0] - 1 <= at <= run[1] + 1), None)
        if joined is None and len(runs) == _MOST_SENTENCES:
            break
        if joined is None:
            runs.append((at, at))
        else:
            runs[runs.index(joined)] = (min(at, joined[0]), max(at, joined[1]))
        covered = np.maximum(covered, occurs[at])
    return runs


def is_told(support: Support, likeness: float) -> bool:
    """Whether sentences that have few of an answer's words still tell what it says.

    Chosen on 51 right and 28 wrong pairs that nothing else decides: it takes 31 and 1 of them, and
    less than 1 % of the answers of other questions.

    Args:
        support: As found loosely.
        likeness: Cosine of the vectors of answer and sentences, as a share of the one at which two
            questions count as one.
    """
    if support.new < _FEWEST_NEW:
        return support.share >= _LEAST_FEW and likeness >= 1
    return support.share >= _LEAST_OPEN and support.share + likeness >= _LEAST_BOTH


def question_place(source: SourceText, places: Sequence[Place], question: str) -> Place | None:
    """The sentence near an answer that has most of what its own sentences lack of the question.

    It tells who is meant where the answer's sentence says he, or which claim a reason is for.

    Args:
        source: The text.
        places: Of the answer.
        question: The pair's question.
    """
    words = content_words(question[:_MAX_LENGTH])
    if not words or not source.sentences:
        return None
    occurs, weights = _asked(source, words)
    runs = [source.sentences_of(*place) for place in places]
    known = np.max([occurs[first : last + 1].max(axis=0) for first, last in runs], axis=0)
    first, last = runs[0]
    begin = max(0, first - _NEAR)
    near = occurs[begin : last + 1 + _NEAR]
    gains = (np.maximum(near, known) - known) @ weights / weights.sum()
    at = int(gains.argmax())
    return source.sentences[begin + at] if gains[at] >= _LEAST_ASKED else None


def is_asked_elsewhere(source: SourceText, place: Place, question: str) -> bool:
    """Whether another sentence has nearly all words of a question, and those around a place few.

    What stands word for word in a text may answer another question than the one it is given for.

    Args:
        source: The text.
        place: Of the answer.
        question: The pair's question.
    """
    words = content_words(question[:_MAX_LENGTH])
    size = sum(0.5 if IS_HAN.match(word[0]) else 1.0 for word in words)
    if size < _FEWEST_ASKED or not source.sentences:
        return False
    occurs, weights = _asked(source, words)
    first, last = source.sentences_of(*place)
    here = float(occurs[max(0, first - _NEIGHBOURS) : last + 1 + _NEIGHBOURS].max(axis=0) @ weights)
    there = float((occurs @ weights).max())
    whole = float(weights.sum())
    return there >= _ASKED * whole and there - here >= _ASKED_MORE * whole


def share_said(wanted: str, told: str) -> float:
    """The share of a text's content words that another text has, 0..1.

    Args:
        wanted: The text whose words are looked up.
        told: The text to have them.
    """
    words = content_words(wanted[:_MAX_LENGTH])
    known = all_forms(told)
    return sum(not known.isdisjoint(word) for word in words) / len(words) if words else 0.0


@lru_cache(maxsize=4)
def _asked(source: SourceText, words: tuple[tuple[str, ...], ...]) -> tuple[_Shares, _Shares]:
    """Occurrence matrix and weights of a question's words, which several rules look at."""
    return _occurrences(source, words, loosely=True)


def _new_and_known(
    answer: str, question: str
) -> tuple[Sequence[tuple[str, ...]], Sequence[tuple[str, ...]]]:
    """The words an answer adds to its question (all, if it adds none), and the question's words."""
    known = all_forms(question)
    answer_words = content_words(answer)
    added = [word for word in answer_words if known.isdisjoint(word)]
    return added or answer_words, content_words(question)


def _occurrences(
    source: SourceText, words: Sequence[tuple[str, ...]], loosely: bool
) -> tuple[_Shares, _Shares]:
    """How far each sentence has each word, 0..1, and each word's inverse sentence frequency."""
    index, count = source.sentences_with, len(source.sentences)
    letters = _letters(words) if loosely else [""] * len(words)
    alone: tuple[list[int], list[int]] = [], []  # sentences and columns
    whole: tuple[list[int], list[int]] = [], []
    weights: list[float] = []
    for column, (word, letter) in enumerate(zip(words, letters, strict=True)):
        found = [index[piece] for piece in word if piece in index]
        if not found:
            found = [index[piece] for piece in source.rounded_to(word[0])]
        by_letter = index.get(letter, ())
        for places, sentences in ((alone, by_letter), *((whole, some) for some in found)):
            places[0].extend(sentences)
            places[1].extend([column] * len(sentences))
        weights.append(log(1 + count / min(map(len, found), default=len(by_letter) or 1)))
    occurs = np.zeros((count, len(words)))
    occurs[alone] = _LETTER_ALONE
    occurs[whole] = 1.0
    return occurs, np.array(weights)


def _letters(words: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The Chinese character that each word stands for, by its bigrams; empty for other words."""
    before = ""
    for word in words:
        bigram = word[0]
        if not IS_HAN.match(bigram):
            yield ""
        elif len(word) > 1 or bigram == before:
            yield bigram[1:]
        else:
            yield bigram[:1]
        before = word[-1]


def _shares(
    occurs: _Shares,
    weights: _Shares,
    size: int,
    single: npt.NDArray[np.bool_] | None = None,
) -> _Shares:
    """For each run of ``size`` sentences, the weighted share of the words they have, 0..1.

    Args:
        occurs: Occurrence matrix, shape (sentences, words), 0..1.
        weights: Shape (words,).
        size: Sentences in a run.
        single: Shape (words,): numbers, of which only the best sentence's count, since most
            sentences have some number and would join the run for it alone.
    """
    total = float(weights.sum())
    count = len(occurs) - size + 1
    if not total:
        return np.zeros(count)
    joint = weights if single is None else np.where(single, 0.0, weights)
    windows = occurs[:count].copy()
    for step in range(1, size):
        np.maximum(windows, occurs[step : count + step], out=windows)
    shares = windows @ joint
    if single is not None and single.any():
        alone = occurs @ np.where(single, weights, 0.0)
        shares = shares + np.max([alone[step : count + step] for step in range(size)], axis=0)
    return np.asarray(shares / total)
