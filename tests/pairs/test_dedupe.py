"""One list out of many: the laws of ``Deduper``, and its verdicts."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from loaders.records import Span
from pairs.compare.dedupe import Deduper
from pairs.compare.neighbours import Neighbours
from pairs.errors import PairsError
from pairs.records import Evidence, QAPair


class BigramEmbeddings(Embeddings):
    """Vectors of character pairs: texts that share many lie near each other."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text; remembers what it was asked."""
        self.asked += texts
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        vector = [0.01] * 64
        for one, other in pairwise(text):
            vector[(ord(one) * 31 + ord(other)) % 64] += 1.0
        return vector


def pair(question: str, answer: str = "是", *, grounded: bool = False) -> QAPair:
    evidence = (
        Evidence(match="exact", span=Span(start=0, end=1), quote="x", score=1.0)
        if grounded
        else Evidence(match="none")
    )
    return QAPair(question=question, answer=answer, evidence=evidence)


QUESTIONS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "请问", "1. ", "2022年", "2023年", "In 2022, "]),
    st.sampled_from(
        [
            "营收是多少",
            "营业收入是多少",
            "营收有多少",
            "谁是董事长",
            "董事长是谁",
            "what is revenue",
            "What's revenue",
        ]
    ),
    st.sampled_from(["", "？", "呢？", "?"]),
)
ANSWERS = st.sampled_from(
    ["12亿元", "12亿元人民币", "15亿元", "张三", "twelve million", "It is twelve million"]
)
ITEMS = st.lists(st.builds(pair, QUESTIONS, ANSWERS, grounded=st.booleans()), max_size=14)


def deduped(items: list[QAPair], *, threshold: float = 0.8) -> Deduper:
    deduper = Deduper(BigramEmbeddings(), threshold)
    deduper.collect(items)
    return deduper


@given(ITEMS)
def test_kept_and_duplicates_are_what_was_given(items: list[QAPair]) -> None:
    deduper = deduped(items)
    out = [*deduper.kept, *(duplicate.item for duplicate in deduper.duplicates)]
    assert sorted(map(repr, out)) == sorted(map(repr, items))


@given(ITEMS)
def test_every_duplicate_points_at_a_kept_pair_that_is_no_worse(items: list[QAPair]) -> None:
    deduper = deduped(items)
    for duplicate in deduper.duplicates:
        assert any(duplicate.duplicate_of is kept for kept in deduper.kept)
        assert 0.8 <= duplicate.score <= 1.0
        if duplicate.item.evidence.match != "none":
            assert duplicate.duplicate_of.evidence.match != "none"
    for conflict in deduper.conflicts:
        assert conflict.item in deduper.kept
        assert conflict.conflicts_with in deduper.kept


@given(ITEMS)
def test_a_list_without_duplicates_stays_as_it_is(items: list[QAPair]) -> None:
    kept = deduped(items).kept
    again = deduped(kept)
    assert again.kept == kept
    assert again.duplicates == []


@given(ITEMS, st.lists(st.integers(min_value=1, max_value=5), min_size=1, max_size=14))
def test_cutting_into_batches_changes_nothing(items: list[QAPair], sizes: list[int]) -> None:
    whole = deduped(items)
    cut = Deduper(BigramEmbeddings(), 0.8)
    rest, turn = items, 0
    while rest:
        size = sizes[turn % len(sizes)]
        new = cut.add(rest[:size])
        assert all(any(one is item for item in rest[:size]) for one in new)
        rest, turn = rest[size:], turn + 1
    assert cut.kept == whole.kept
    assert cut.duplicates == whole.duplicates
    assert cut.conflicts == whole.conflicts


@given(ITEMS, st.randoms())
def test_the_order_of_arrival_changes_nothing_where_places_are_said(
    items: list[QAPair], random: object
) -> None:
    places = list(range(len(items)))
    random.shuffle(places)  # type: ignore[attr-defined]  # hypothesis's random
    late = Deduper(BigramEmbeddings(), 0.8)
    for place in places:
        late.add([items[place]], place=place)
    assert late.kept == deduped(items).kept


def test_one_question_typed_in_many_ways_is_one_pair() -> None:
    items = [pair("什么是X？"), pair("什么是X"), pair("请问什么是Ｘ呢？"), pair("1、什麼是X?")]
    items += [pair("What's the fee?", "5"), pair("Q2: what is the fee", "5")]
    deduper = Deduper()
    assert deduper.add(items) == [items[0], items[4]]
    assert deduper.kept == [items[0], items[4]]
    assert {duplicate.kind for duplicate in deduper.duplicates} == {"exact"}


def test_another_year_is_another_pair_however_near_its_vector() -> None:
    for one, other in (
        ("2022年营收是多少？", "2023年营收是多少？"),
        ("Revenue of 2022?", "Revenue of 2023?"),
    ):
        for guards, kept in ((True, 2), (False, 1)):
            deduper = Deduper(threshold=0.9, guards=guards)
            deduper.collect([pair(one), pair(other)], np.ones((2, 8), dtype=np.float32))
            assert len(deduper.kept) == kept


def test_a_crowd_of_like_questions_is_told_apart_by_its_numbers() -> None:
    items = [pair(f"第{year - 1500}届在{year}年由谁主办？") for year in range(1600, 1900)]
    items += [pair(f"Who led in {year}?") for year in range(1600, 1900)]
    items += items[:50]
    deduper = Deduper(threshold=0.9)
    deduper.collect(items, np.ones((650, 8), dtype=np.float32))
    assert deduper.kept == items[:600]


def test_of_a_group_the_best_stays() -> None:
    short, full, proven = (
        pair("谁负责？", "张三"),
        pair("谁负责", "由张三负责"),
        pair("请问谁负责？", "张三", grounded=True),
    )
    assert deduped([short, full]).kept == [full]
    deduper = deduped([short, full, proven])
    assert deduper.kept == [proven]
    assert [duplicate.duplicate_of for duplicate in deduper.duplicates] == [proven, proven]
    first, second = pair("Who signs?", "Ann"), pair("who signs", "Ann.")
    assert deduped([first, second]).kept == [first]


def test_other_answers_are_a_conflict_and_both_stay() -> None:
    one, other, within = (
        pair("何时成立？", "1949年"),
        pair("何时成立", "1950年"),
        pair("何时成立?", "1949年10月"),
    )
    deduper = deduped([one, other, within])
    assert deduper.kept == [other, within]
    (conflict,) = deduper.conflicts
    assert (conflict.item, conflict.conflicts_with, conflict.kind) == (other, within, "exact")
    five, fifteen = pair("How many?", "5"), pair("How many", "15")
    assert deduped([five, fifteen]).kept == [five, fifteen]


def test_being_near_is_not_handed_on() -> None:
    items = [pair(f"问题{name}是什么？") for name in "甲乙丙"]
    angles = np.radians([0, 25, 50])
    deduper = Deduper(threshold=0.9, guards=False)
    deduper.collect(items, np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert deduper.kept == [items[0], items[2]]
    assert deduper.duplicates[0].duplicate_of == items[0]


def test_vectors_given_are_not_computed_again() -> None:
    embeddings = BigramEmbeddings()
    deduper = Deduper(embeddings, 0.9)
    items = [pair("营收是多少？"), pair("利润是多少？")]
    deduper.add(items, embeddings.embed_documents([item.question for item in items]))
    embeddings.asked.clear()
    assert len(deduper.kept) + len(deduper.duplicates) == 2
    assert embeddings.asked == []


@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        ([[1.0, 0.0]], "dedupe.vectors_count"),
        ([[1.0, 0.0], [1.0]], "dedupe.vectors_width"),
        ([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], "dedupe.vectors_width"),
        ([[1.0, 0.0], [float("nan"), 0.0]], "dedupe.vectors_finite"),
    ],
)
def test_broken_vectors_are_refused_and_nothing_is_taken_in(
    vectors: list[list[float]], code: str
) -> None:
    deduper = Deduper()
    deduper.collect([pair("营收是多少？")], [[0.0, 1.0]])
    with pytest.raises(PairsError) as raised:
        deduper.collect([pair("谁？"), pair("何时？")], vectors)
    assert raised.value.code == code
    assert raised.value.say("zh") != raised.value.say("en")
    assert len(deduper.kept) == 1


def test_vectors_for_some_pairs_only_are_refused() -> None:
    deduper = Deduper()
    deduper.collect([pair("营收是多少？")])
    with pytest.raises(PairsError, match="have no vectors"):
        deduper.collect([pair("谁？")], [[0.0, 1.0]])
    given_first = Deduper()
    given_first.collect([pair("谁？")], [[0.0, 1.0]])
    with pytest.raises(PairsError, match="have no vectors"):
        given_first.collect([pair("营收是多少？")])


def test_nothing_given_is_nothing_kept() -> None:
    deduper = Deduper(BigramEmbeddings(), 0.9)
    assert deduper.add([]) == []
    assert deduper.kept == []
    assert deduper.duplicates == []
    assert deduper.conflicts == []


@settings(deadline=None, max_examples=8)
@given(st.integers(min_value=0, max_value=2**32 - 1), st.sampled_from([0.7, 0.8, 0.95]))
def test_the_search_finds_what_brute_force_finds(seed: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((3000, 96)) / np.sqrt(np.arange(1, 97))
    rows[2000:] = rows[:1000] + 0.4 * random.standard_normal((1000, 96)) / np.sqrt(np.arange(1, 97))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    search = Neighbours(threshold)
    search.prepare(vectors)
    search.keep(vectors[:2000])
    search.keep(vectors[2000:2500])
    asked = vectors[2500:2600]
    truth = asked @ vectors[:2500].T
    for row, (places, scores) in enumerate(search.near(asked)):
        near = set(np.nonzero(truth[row] >= threshold + 1e-5)[0])
        perhaps = set(np.nonzero(truth[row] >= threshold - 1e-5)[0])
        assert near <= set(places) <= perhaps
        assert np.allclose(scores, truth[row][places], atol=1e-5)


def test_a_list_longer_than_a_block_is_judged_as_brute_force_judges_it() -> None:
    random = np.random.default_rng(7)
    rows = random.standard_normal((2600, 48)).astype(np.float32)
    rows[1300:] = rows[:1300] + 0.35 * random.standard_normal((1300, 48)).astype(np.float32)
    rows = rows[random.permutation(2600)]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept: list[int] = []
    for place, row in enumerate(rows):
        if not kept or (rows[kept] @ row).max() < 0.9:
            kept.append(place)
    names = ["".join("abcdefghij"[int(digit)] for digit in str(n)) for n in range(2600)]
    items = [pair(f"what is {name}") for name in names]
    deduper = Deduper(threshold=0.9, guards=False)
    deduper.collect(items, rows)
    assert deduper.kept == [items[n] for n in kept]
