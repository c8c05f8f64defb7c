"""The sentences that carry an answer which is put in other words."""

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
"""Share of what an answer adds to its question that must stand in the sentences."""
LEAST_NEAR = 0.45
"""The share that is enough where the vectors of answer and sentences say the same as well."""
_MOST_SENTENCES = 3
_ANOTHER = 0.12
"""What one more sentence must add to be taken in."""
_CONTEXT = 0.4
"""What the question's own words count, against those the answer adds."""
_LONGEST = 2000
"""Characters of an answer that are looked at."""

_Shares = npt.NDArray[np.float64]


def supporting_place(
    source: SourceText, question: str, answer: str, least: float = LEAST
) -> tuple[Place, float] | None:
    """The one to three sentences that say what an answer says, and how much of it they say.

    Words count by how rare they are in the text; what the answer merely repeats of its question
    counts only for choosing between sentences.

    Args:
        source: Where to look.
        question: What was asked.
        answer: As the model put it.
        least: Share of what the answer adds that must be said, 0..1.
    """
    if not source.sentences:
        return None
    added, asked = _apart(answer[:_LONGEST], question[:_LONGEST])
    if not added:
        return None
    added_held, added_weights = _held(source, added)
    figures = np.array([word[0].startswith("#") for word in added])
    asked_held, asked_weights = _held(source, asked)
    best: tuple[float, float, int, int] = (0.0, 0.0, 0, 0)
    for size in range(1, min(_MOST_SENTENCES, len(source.sentences)) + 1):
        shares = _shares(added_held, added_weights, size, figures)
        scores = shares + _CONTEXT * _shares(asked_held, asked_weights, size)
        at = int(scores.argmax())
        score = float(scores[at]) - _ANOTHER * (size - 1)
        if score > best[0]:
            best = (score, float(shares[at]), at, at + size - 1)
    _, share, first, last = best
    if share < least:
        return None
    return (source.sentences[first][0], source.sentences[last][1]), min(1.0, share)


def share_said(wanted: str, told: str) -> float:
    """The share of a text's telling words that another one holds, 0..1.

    Args:
        wanted: The text whose words are looked for.
        told: The text to hold them.
    """
    words = list(pieces(flatten(wanted[:_LONGEST])))
    known = set(forms(flatten(told)))
    return sum(not known.isdisjoint(word) for word in words) / len(words) if words else 0.0


def _apart(answer: str, question: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The words an answer adds to its question (all, if it adds none), and the question's."""
    known = set(forms(flatten(question)))
    said = list(pieces(flatten(answer)))
    added = [word for word in said if known.isdisjoint(word)]
    return added or said, list(pieces(flatten(question)))


def _held(
    source: SourceText, words: Sequence[tuple[str, ...]]
) -> tuple[npt.NDArray[np.bool_], _Shares]:
    """Which sentence holds which word, and what each word weighs by its rarity."""
    index = source.sentences_with
    held = np.zeros((len(source.sentences), len(words)), dtype=bool)
    weights = np.ones(len(words))
    for column, word in enumerate(words):
        found = [index[piece] for piece in word if piece in index]
        for sentences in found:
            held[sentences, column] = True
        spread = min(map(len, found), default=1)
        weights[column] = log(1 + len(source.sentences) / spread)
    return held, weights


def _shares(
    held: npt.NDArray[np.bool_],
    weights: _Shares,
    size: int,
    single: npt.NDArray[np.bool_] | None = None,
) -> _Shares:
    """For each run of so many sentences, the weight of what they hold; 0..1.

    Args:
        held: Sentences by words.
        weights: Of the words.
        size: How many sentences.
        single: Words of which only the best sentence's count: a figure does not call for a
            sentence of its own, since some figure stands in most of them.
    """
    total = float(weights.sum())
    count = len(held) - size + 1
    if not total:
        return np.zeros(count)
    joint = weights if single is None else np.where(single, 0.0, weights)
    windows = held[:count].copy()
    for step in range(1, size):
        windows |= held[step : count + step]
    shares = windows @ joint
    if single is not None and single.any():
        alone = held @ np.where(single, weights, 0.0)
        shares = shares + np.max([alone[step : count + step] for step in range(size)], axis=0)
    return np.asarray(shares / total)
