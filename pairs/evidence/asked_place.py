"""Of several places where an answer stands, the one that its question asks about.

Its identifiers and numbers decide first. Among sentences that are alike but for a name, the one
with most of the question's words is meant. Nearness to its words decides the rest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import exp, log

from ..text.flat import flatten
from ..text.terms import IS_HAN, is_slight, terms
from .source_text import Place, SourceText
from .tables import labels_of

__all__ = ["are_alike", "asked_place", "like_sentences"]

_REACH = 40
"""Distance in characters at which a question word's weight has fallen to 1/e."""
_OUTSIDE = 0.5
"""Weight of a question word in another sentence than the match."""
_HEADING = 0.5
"""Preference for a heading, which names what is said below it and proves nothing."""
_FIRST = 1.4
"""Preference for the first match, since texts introduce things at their first mention."""
_ALIKE = 0.5
"""Least share of the words of two sentences that both have, for them to be told apart by names."""


def asked_place(
    source: SourceText,
    places: Sequence[Place],
    question: str,
    likeness: Sequence[float] | None = None,
) -> int:
    """The index of the place that a question asks about; the first among equals.

    A place owns the text since the place before it: a heading over a paragraph, or the sentence
    that says whom the next one is about. Linear in the places and in the words of the question.

    Args:
        source: The text.
        places: At least one, in order.
        question: The pair's question.
        likeness: How near each place is to the answer, 0..1; None where all of them repeat it, and
            nearness to the question's words decides.
    """
    if len(places) == 1:
        return 0
    ranks = _nearness(source, places, question) if likeness is None else likeness
    held = _held(source, places, question)
    marks = [sum(_is_number(word) for word in words) for words in held]
    best = max(range(len(places)), key=lambda at: (marks[at], ranks[at], -at))
    beside = {number for number, _ in like_sentences(source, places[best])}
    alike = [
        at
        for at, place in enumerate(places)
        if at == best or (marks[at] == marks[best] and source.sentences_of(*place)[0] in beside)
    ]
    return max(alike, key=lambda at: (sum(held[at].values()), ranks[at], -at))


def like_sentences(source: SourceText, place: Place) -> list[tuple[int, int]]:
    """First and last sentence of each run that is alike but for a word or two, that of a place too.

    Args:
        source: The text.
        place: A span in the run that the others are compared with.
    """
    first, last = source.sentences_of(*place)
    mine = source.labels[first]
    beside = {number for word in mine for number in source.sentences_named[word]}
    return [
        (number, number + last - first)
        for number in sorted(beside)
        if number + last - first < len(source.sentences) and are_alike(mine, source.labels[number])
    ]


def are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sentences have most words in common, so that a name tells them apart.

    Args:
        one: The words of a sentence, as ``tables.labels_of`` gives them.
        other: Those of another.
    """
    return len(one & other) >= _ALIKE * len(one | other)


def _held(source: SourceText, places: Sequence[Place], question: str) -> list[dict[str, float]]:
    """For each place the question's words in the text it owns, nearer sentences counting more."""
    words = [word for word in labels_of(question) if not _is_slight(word)]
    held: list[dict[str, float]] = [{} for _ in places]
    runs = [source.sentences_of(*place) for place in places]
    begins: list[int] = []
    for at, (first, _) in enumerate(runs):
        if at and runs[at - 1][1] >= first:
            begins.append(begins[-1])  # two places in one sentence own the same
        else:
            begins.append(runs[at - 1][1] + 1 if at else 0)
    for word in words:
        having = source.sentences_named.get(word, ())
        for at, (begin, (first, last)) in enumerate(zip(begins, runs, strict=True)):
            before = bisect_right(having, last) - 1
            if having and before >= 0 and having[before] >= begin:
                held[at][word] = 1 / (1 + max(0, first - having[before]))
    return held


def _is_slight(word: str) -> bool:
    return any(map(is_slight, word)) if IS_HAN.match(word) else is_slight(word)


def _is_number(word: str) -> bool:
    return any(map(str.isdigit, word))


def _nearness(source: SourceText, places: Sequence[Place], question: str) -> list[float]:
    """How near the words of a question are to each place."""
    question_words = [
        source.words[word]
        for word in {word for word, _, _ in terms(flatten(question))}
        if word in source.words
    ]
    scores = [_score(source, place, question_words) for place in places]
    scores[0] *= _FIRST
    if source.headings:
        for at, place in enumerate(places):
            if source.sentences_of(*place)[1] in source.headings:
                scores[at] *= _HEADING
    return scores


def _score(source: SourceText, place: Place, question_words: Sequence[list[Place]]) -> float:
    first, last = source.sentence_around(*place)
    return sum(
        max(_weight(place, at, first, last) for at in _nearest_two(occurrences, place[0]))
        / (1 + log(len(occurrences)))
        for occurrences in question_words
    )


def _nearest_two(occurrences: list[Place], at: int) -> list[Place]:
    """The last two places before an offset and the first two after it."""
    next_one = bisect_left(occurrences, (at, at))
    return occurrences[max(0, next_one - 2) : next_one + 2]


def _weight(place: Place, word: Place, first: int, last: int) -> float:
    """Weight of a word for a place, by its distance; 0 where they overlap."""
    if place[0] < word[1] and word[0] < place[1]:
        return 0.0
    distance = max(place[0] - word[1], word[0] - place[1])
    within = first <= word[0] < last
    return exp(-distance / _REACH) * (1.0 if within else _OUTSIDE) + 0.3 * within
