"""A list's rows: nothing is lost between pages, what is found is there, thousands stay quick."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Span
from pairs.records import ChunkOutcome, Duplicate, Evidence, PairList, QAPair, Reason, Rejected
from ui.table import Table, counts_of, page_of, passage

MANY = 5000


def pair(number: int, question: str = "", kind: str = "第{}号桥建于哪年？") -> QAPair:
    quote = f"{1000 + number}年"
    evidence = Evidence(
        match="exact",
        span=Span(start=10 * number, end=10 * number + len(quote)),
        quote=quote,
        sentence=f"第{number}号桥建于{quote}。",
    )
    return QAPair(
        id=f"{number:012x}",
        question=question or kind.format(number),
        answer=quote,
        evidence=evidence,
        source="/elsewhere/secret/桥.md",
        page=1 + number // 10,
        chunk_id=f"c{number // 10}",
    )


def pairs_of(kept: int) -> PairList:
    items = [pair(at) for at in range(kept)]
    again = [
        Duplicate(item=pair(MANY + at), duplicate_of=items[at], score=0.97, kind="semantic")
        for at in range(min(3, kept))
    ]
    out = [Rejected(item=pair(2 * MANY), reason=Reason(code="rejected.no_evidence"))]
    chunks = [
        ChunkOutcome(
            chunk_id="c0",
            span=Span(start=0, end=9),
            state="pairs",
            parsed=kept + len(again) + len(out),
        ),
        ChunkOutcome(
            chunk_id="c1",
            span=Span(start=9, end=19),
            state="failed",
            reason=Reason(code="reply.empty"),
            raw="x" * 5000,
        ),
    ]
    return PairList(
        kept=tuple(items), duplicates=tuple(again), rejected=tuple(out), chunks=tuple(chunks)
    )


@given(
    st.lists(st.fixed_dictionaries({"question": st.text(max_size=8)}), max_size=60),
    st.sampled_from([20, 50, 100]),
    st.text(max_size=3),
)
def test_the_pages_together_are_the_rows_that_hold_the_words(
    rows: list[dict[str, str]], size: int, find: str
) -> None:
    total = page_of(rows, 0, size, find)[1]
    pages = [page_of(rows, at, size, find)[0] for at in range(-(-total // size))]
    shown = [row["question"] for one in pages for row in one]
    words = find.casefold().split()
    wanted = [
        row["question"] for row in rows if all(word in row["question"].casefold() for word in words)
    ]
    assert shown == wanted
    assert [row["number"] for one in pages for row in one] == list(range(1, total + 1))


@given(st.integers(-5, 10**9), st.integers(0, 45))
def test_a_page_that_is_not_there_is_the_last_one(page: int, rows: int) -> None:
    shown, total = page_of([{"question": str(at)} for at in range(rows)], page, 20, "")
    assert total == rows
    assert bool(shown) == bool(rows)


@pytest.mark.parametrize(("language", "word"), [("en", "answer"), ("zh", "答案")])
def test_every_state_is_shown_with_what_it_needs(language: str, word: str) -> None:
    made = pairs_of(4)
    table = Table(made, language)
    kept, total = table.page("kept", 0, 20, "")
    assert total == 4
    assert [len(row["beside"]) for row in kept] == [1, 1, 1, 0]
    assert kept[0]["source"] == "桥.md"  # a server's folders are its own
    again, _ = table.page("duplicates", 0, 20, "")
    assert again[0]["of"] == made.kept[0].question
    out, _ = table.page("rejected", 0, 20, "")
    assert word in out[0]["reason"]
    failed, _ = table.page("failed", 0, 20, "")
    assert failed[0]["reason"]
    assert len(failed[0]["raw"]) == 2000
    assert table.page("not_asked", 0, 20, "") == ([], 0)  # it has a tab of its own
    counts = counts_of(made)
    assert counts["parsed"] == counts["kept"] + counts["duplicates"] + counts["rejected"]
    assert counts["chunks"] == 2


def test_five_thousand_pairs_stay_quick() -> None:
    table = Table(pairs_of(MANY), "zh")
    began = time.process_time()
    for at in range(10):
        assert len(table.page("kept", at * 20, 20, "")[0]) == 20
    found, total = table.page("kept", 0, 20, "4321号")
    assert (len(found), total) == (1, 1)
    assert time.process_time() - began < 1.0


@given(st.text(max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_a_passage_is_the_documents_own_words(text: str, start: int, length: int) -> None:
    words = passage(text, (start, start + length), (0, len(text)), around=5)
    shown = words["before"] + words["quote"] + words["after"]
    assert shown in text
    assert (words["begins"] and words["ends"]) == (shown == text)
    assert words["quote"] == text[start : start + length]
    assert passage(text, None, (0, len(text)))["before"] == text
