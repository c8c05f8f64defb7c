"""Lists of pairs as they are put to a judge, with planted pairs among them."""

from __future__ import annotations

import random
from collections.abc import Container, Sequence
from hashlib import sha256

from loaders.records import Chunk
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.support import share_said
from pairs.records import QAPair, Reason
from pairs.text.figures.numbers import numbers
from pairs.text.normalise import normalise

from .planted import plant
from .records import Checked, CheckList, Item

__all__ = ["CheckList", "Checked", "Item", "check_lists", "is_sure"]

MOST_PAIRS = 40
"""Pairs a list; a longer reply would be cut off, and its end asked again."""
_SURE_WORDS = 0.75
"""Share of a question's words that the evidence sentence of a sure pair has."""
_LEAST_ANSWER = 2
"""Characters of a sure pair's answer."""
FINAL = ("rejected.answer_is_question", "rejected.example", "pair.fault", "pair.fault_logged")
"""Reasons that no judge is asked about."""


def check_lists(
    chunk: Chunk, passage: Passage, checked: Sequence[Checked], *, planted: int, all_pairs: bool
) -> list[CheckList]:
    """The lists to put to a judge about a chunk; none where there is nothing to ask.

    Args:
        chunk: The chunk.
        passage: Its text, indexed.
        checked: Its pairs as the rules judged them.
        planted: Wrong pairs to plant a list.
        all_pairs: False to leave out what the rules call proven, but for as many sure pairs as
            there are wrong ones.
    """
    unique: dict[tuple[str, str], list[Checked]] = {}
    for pair, reason in checked:
        if reason is None or reason.code not in FINAL:
            key = normalise(pair.question), normalise(pair.answer)
            unique.setdefault(key, []).append((pair, reason))
    asked = [same[0] for same in unique.values()]
    sure = {pair.id for pair, reason in asked if is_sure(pair, reason)}
    ids = {same[0][0].id: tuple(pair.id for pair, _ in same) for same in unique.values()}
    if not all_pairs:
        proven = [pair.id for pair, _ in asked if pair.verdict == "proven"]
        left_out = set(proven) - set([one for one in proven if one in sure][:planted])
        if len(left_out) == len(proven) == len(asked):
            return []
        asked = [one for one in asked if one[0].id not in left_out]
    lists = []
    for first in range(0, len(asked), MOST_PAIRS):
        part = asked[first : first + MOST_PAIRS]
        items = [
            Item(pair.question, pair.answer, ids[pair.id], sure=pair.id in sure) for pair, _ in part
        ]
        right = [pair for pair, reason in part if reason is None and pair.verdict == "proven"]
        mixed = _with_planted(items, right, chunk, passage, planted, unique)
        lists.append(CheckList(chunk, passage, mixed))
    return lists


def is_sure(pair: QAPair, reason: Reason | None) -> bool:
    """Whether a pair is right for sure.

    Its answer stands word for word in the sentence that has the words of its question, and nothing
    else in that sentence could be the answer: no number of its kind but those that it or the
    question names.

    Args:
        pair: With the evidence that the rules found.
        reason: Theirs against it; None for none.
    """
    sentence, answer = pair.evidence.sentence, normalise(pair.answer)
    if (
        reason is not None
        or pair.verdict != "proven"
        or pair.evidence.match not in ("exact", "normalised")
        or len(answer) < _LEAST_ANSWER
        or answer in normalise(pair.question)
        or share_said(pair.question, sentence) < _SURE_WORDS
    ):
        return False
    kinds = {one.kind for one in numbers(pair.answer)}
    named = {one.key for one in numbers(f"{pair.question}\n{pair.answer}")}
    return all(one.key in named for one in numbers(sentence) if one.kind in kinds)


def _with_planted(
    items: list[Item],
    right: Sequence[QAPair],
    chunk: Chunk,
    passage: Passage,
    want: int,
    made: Container[tuple[str, str]],
) -> tuple[Item, ...]:
    """The items with wrong ones among them, always at the same places.

    One that reads like a pair that the model made is left out: it would be judged as both.
    """

    def check(question: str, answer: str) -> Reason | None:
        code = reason_against(question, answer, passage.ground(question, answer), "strict")
        return Reason(code=code) if code else None

    mixed = list(items)
    seed = sha256("\n".join(item.ids[0] for item in items).encode()).hexdigest()
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    for wrong in plant(right, chunk.text, check, want) if right else ():
        if (normalise(wrong.question), normalise(wrong.answer)) not in made:
            item = Item(wrong.question, wrong.answer, alike=wrong.alike)
            mixed.insert(chance.randint(0, len(mixed)), item)
    return tuple(mixed)
