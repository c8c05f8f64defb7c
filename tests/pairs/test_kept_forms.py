"""What is kept of texts goes with the run that read them, however many a service makes."""

from __future__ import annotations

import tracemalloc

from pairs.compare.answers import agree
from pairs.compare.guards import difference
from pairs.text.figures.numbers import numbers
from pairs.text.normalise import normalise
from pairs.text.text_cache import clear_text_caches

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
    clear_text_caches()
    tracemalloc.start()
    try:
        read(MANY)
        clear_text_caches()
        before = tracemalloc.get_traced_memory()[0]
        read(2 * MANY)
        clear_text_caches()
        assert tracemalloc.get_traced_memory()[0] - before < MOST
    finally:
        tracemalloc.stop()
