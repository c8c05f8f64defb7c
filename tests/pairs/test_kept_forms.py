"""What is kept of texts once read stays small, however many a long-lived service reads."""

from __future__ import annotations

import tracemalloc

from pairs.compare.answers import agree
from pairs.compare.guards import difference
from pairs.text.figures.numbers import numbers
from pairs.text.normalise import normalise

MANY = 300  # four questions each: more than are kept of anything
MOST = 1_000_000  # bytes


def read(first: int) -> None:
    for n in range(first, first + MANY):
        zh, en = f"第{n}号车间于{1000 + n}年制造了多少台机器？", f"What did workshop {n} build?"
        said = f"Workshop {n} built {n * 7 + 3} engines in {1800 + n}, and {n}号车间落成。"
        for question in (zh, en):
            difference(question, f"{question} {n}")
        agree(said, f"It is said that {said}")
        numbers(said)
        normalise(said)


def test_further_pairs_take_no_memory() -> None:
    read(0)
    tracemalloc.start()
    try:
        read(MANY)
        before = tracemalloc.get_traced_memory()[0]
        read(2 * MANY)
        assert tracemalloc.get_traced_memory()[0] - before < MOST
    finally:
        tracemalloc.stop()
