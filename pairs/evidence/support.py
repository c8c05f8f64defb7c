"""Lexical support: the sentences whose words a rephrased answer shares."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import numpy.typing as npt

from ..text.flat import flatten
from ..text.terms import forms, pieces
from .source_text import Place, SourceText

__all__ = ["LEAST", "LEAST_NEAR", "share_said", "supporting_place"]

LEAST = 0.6
"""Least share, by weight, of the answer's new words that the sentences must have."""
LEAST_NEAR = 0.45
"""The same where the vectors of answer and sentences are similar as well."""
_MOST_SENTENCES = 3
_SENTENCE_PENALTY = 0.12
"""Penalty for each sentence after the first."""
_QUESTION_WEIGHT = 0.4
"""Weight of the question's words, relative to the words the answer adds."""
_MAX_LENGTH = 2000
"""Characters of an answer or a question that are compared."""

_Shares = npt.NDArray[np.float64]


def supporting_place(
    source: SourceText, question: str, answer: str, least: float = LEAST
) -> tuple[Place, float] | None:
    """The one to three sentences that support an answer, with its supported share, 0..1; or None.

    Words are weighted by inverse sentence frequency; those that the answer repeats from its
    question count only for choosing between sentences.

    Args:
        source: The text to search.
        question: The pair's question.
        answer: The model's wording.
        least: Least share of the answer's new words, by weight, 0..1.
    """
    if not source.sentences:
        return None
    added, question_words = _new_and_known(answer[:_MAX_LENGTH], question[:_MAX_LENGTH])
    if not added:
        return None
    added_occurs, added_weights = _occurrences(source, added)
    figures = np.array([word[0].startswith("#") for word in added])
    question_occurs, question_weights = _occurrences(source, question_words)
    best: tuple[float, float, int, int] = (0.0, 0.0, 0, 0)
    for size in range(1, min(_MOST_SENTENCES, len(source.sentences)) + 1):
        shares = _shares(added_occurs, added_weights, size, figures)
        scores = shares + _QUESTION_WEIGHT * _shares(question_occurs, question_weights, size)
        at = int(scores.argmax())
        score = float(scores[at]) - _SENTENCE_PENALTY * (size - 1)
        if score > best[0]:
            best = (score, float(shares[at]), at, at + size - 1)
    _, share, first, last = best
    if share < least:
        return None
    return (source.sentences[first][0], source.sentences[last][1]), min(1.0, share)


def share_said(wanted: str, told: str) -> float:
    """The share of a text's content words that another text has, 0..1.

    Args:
        wanted: The text whose words are looked up.
        told: The text to have them.
    """
    words = list(pieces(flatten(wanted[:_MAX_LENGTH])))
    known = set(forms(flatten(told)))
    return sum(not known.isdisjoint(word) for word in words) / len(words) if words else 0.0


def _new_and_known(
    answer: str, question: str
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The words an answer adds to its question (all, if it adds none), and the question's words."""
    known = set(forms(flatten(question)))
    answer_words = list(pieces(flatten(answer)))
    added = [word for word in answer_words if known.isdisjoint(word)]
    return added or answer_words, list(pieces(flatten(question)))


def _occurrences(
    source: SourceText, words: Sequence[tuple[str, ...]]
) -> tuple[npt.NDArray[np.bool_], _Shares]:
    """Occurrence matrix (sentences by words), and each word's inverse sentence frequency."""
    index = source.sentences_with
    occurs = np.zeros((len(source.sentences), len(words)), dtype=bool)
    weights = np.ones(len(words))
    for column, word in enumerate(words):
        found = [index[piece] for piece in word if piece in index]
        for sentences in found:
            occurs[sentences, column] = True
        spread = min(map(len, found), default=1)
        weights[column] = log(1 + len(source.sentences) / spread)
    return occurs, weights


def _shares(
    occurs: npt.NDArray[np.bool_],
    weights: _Shares,
    size: int,
    single: npt.NDArray[np.bool_] | None = None,
) -> _Shares:
    """For each run of ``size`` sentences, the weighted share of the words they have, 0..1.

    Args:
        occurs: Occurrence matrix, shape (sentences, words).
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
        windows |= occurs[step : count + step]
    shares = windows @ joint
    if single is not None and single.any():
        alone = occurs @ np.where(single, weights, 0.0)
        shares = shares + np.max([alone[step : count + step] for step in range(size)], axis=0)
    return np.asarray(shares / total)
