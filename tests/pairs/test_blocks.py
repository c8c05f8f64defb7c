"""Judged in groups that blocks have found, a list is the same to the last digit."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.records import Span
from pairs.compare.blocks import groups, near_couples, shards_of
from pairs.compare.dedupe import Deduper
from pairs.records import Evidence, QAPair

QUESTIONS = (
    "{name} 大桥的主跨有多少米？", "{name} 大桥主跨多长？", "{name}大桥何时通车？",
    "When was the {name} bridge opened in {year}?", "In {year}, when did the {name} bridge open?",
    "What did the {name} works build in {year}?", "Who built the {name} works?",
)  # fmt: skip
NAMES = ("Akashi", "Harbour", "north", "长江", "东海")
ANSWERS = ("{year} 年", "in {year}", "1,991 米", "1991 m", "三十七米", "engines", "by the town")


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - it makes examples


def made(count: int, chance: Random) -> tuple[list[QAPair], np.ndarray]:
    """Pairs of three documents, many alike, with vectors that are near where their words are."""
    pairs = []
    for number in range(count):
        words = {"name": chance.choice(NAMES), "year": chance.choice((1890, 1891, 2003))}
        start = chance.randrange(0, 4000, 10)
        answer = chance.choice(ANSWERS).format(**words)
        sentence = f"Sentence {start} says {answer}."
        pairs.append(
            QAPair(
                id=f"{number:012}",
                question=chance.choice(QUESTIONS).format(**words),
                answer=answer,
                evidence=Evidence(
                    match="exact",
                    span=Span(start=start, end=start + 30),
                    quote=answer,
                    sentence=sentence if chance.random() < 0.8 else "",
                    score=1.0,
                )
                if chance.random() < 0.7
                else Evidence(match="none"),
                source=chance.choice("abc"),
                chunk_id=f"{start // 400}",
            )
        )
    bags = np.zeros((count, 64), dtype=np.float32)
    for number, one in enumerate(pairs):
        for left, right in zip(one.question, one.question[1:], strict=False):
            bags[number, (ord(left) * 31 + ord(right)) % 64] += 1
    bags += np.random.default_rng(chance.randrange(2**32)).normal(0, 0.05, bags.shape)
    rows = bags / np.linalg.norm(bags, axis=1, keepdims=True)
    return pairs, rows.astype(np.float32)


def judged(pairs: list[QAPair], rows: np.ndarray | None, size: int = 0) -> Deduper:
    deduper = Deduper(threshold=0.9)
    for place, one in enumerate(pairs):
        row = None if rows is None else rows[place : place + 1]
        deduper.collect([one], row, place=place // 3)
    if size:
        shards = [] if rows is None else list(shards_of(pairs, rows, size))
        blocks = [(one, other) for at, one in enumerate(shards) for other in shards[at:]]
        seeded(size).shuffle(blocks)
        near = [near_couples(one, other, 0.9) for one, other in blocks]
        deduper.judge_in(groups(pairs, deduper.vectors(), 0.9, near))
    return deduper


@settings(max_examples=12)
@given(st.integers(0, 2**32), st.sampled_from((7, 50, 1000)), st.booleans())
def test_groups_judged_apart_give_the_list_of_all_judged_together(
    seed: int, size: int, vectors: bool
) -> None:
    pairs, rows = made(150, seeded(seed))
    whole = judged(pairs, rows if vectors else None)
    parts = judged(pairs, rows if vectors else None, size)
    assert parts.kept == whole.kept
    assert parts.duplicates == whole.duplicates
    assert parts.conflicts == whole.conflicts
    assert list(parts.candidates()) == list(whole.candidates())


def test_so_do_more_pairs_than_the_search_compares_in_all_dimensions() -> None:
    pairs, rows = made(2500, seeded(5))
    whole, parts = judged(pairs, rows), judged(pairs, rows, 700)
    assert len(whole.duplicates) > 500
    assert parts.kept == whole.kept
    assert parts.duplicates == whole.duplicates
    assert parts.conflicts == whole.conflicts


@pytest.mark.parametrize("size", [3, 100])
def test_a_block_holds_each_couple_once_and_none_with_other_numbers(size: int) -> None:
    pairs, rows = made(80, seeded(1))
    shards = list(shards_of(pairs, rows, size))
    couples = [
        tuple(couple)
        for at, one in enumerate(shards)
        for other in shards[at:]
        for couple in near_couples(one, other, 0.9).tolist()
    ]
    assert len(set(couples)) == len(couples)
    assert all(one < other for one, other in couples)
    numbers = shards_of(pairs, rows, 80).__next__().facts
    assert all(
        numbers[one] == numbers[other] or not (numbers[one] and numbers[other])
        for one, other in couples
    )
