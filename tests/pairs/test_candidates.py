"""Couples for a judge: near enough to ask about, each once, none that a guard tells apart."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.records import Span
from pairs.compare.candidates import candidates
from pairs.compare.dedupe import Deduper
from pairs.compare.judge import lowered
from pairs.records import Evidence, QAPair


def pair(question: str, answer: str = "是", sentence: str = "", at: int = 0) -> QAPair:
    evidence = (
        Evidence(
            match="exact", span=Span(start=at, end=at + 9), quote="x", sentence=sentence, score=1
        )
        if sentence
        else Evidence(match="none")
    )
    return QAPair(question=question, answer=answer, evidence=evidence)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_the_candidates_are_those_of_brute_force(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    items = [pair(f"what is {''.join('abcdefghij'[int(d)] for d in str(n))}") for n in range(count)]
    reach = lowered(0.9)
    expected = {
        (n, m) for n in range(count) for m in range(n) if float(rows[n] @ rows[m]) >= reach + 1e-5
    }
    place = {item.question: n for n, item in enumerate(items)}
    found = [
        (place[one.question], place[other.question])
        for one, other, _ in candidates(items, rows, 0.9, most=count)
    ]
    assert len(set(found)) == len(found)
    assert expected <= set(found)
    few = list(candidates(items, rows, 0.9, most=2))
    assert len(few) <= 2 * count


def test_shared_evidence_makes_candidates_and_guards_unmake_them() -> None:
    sentence = "馆藏图书三万册，由方宁捐赠，1987年入藏。"
    items = [
        pair("馆里有多少册图书？", "三万册", sentence),
        pair("藏书规模多大？", "三万册", sentence),
        pair("图书何时入藏？", "1987年", sentence),
        pair("2020年馆里有多少册图书？", "三万册", "别处。", 100),
        pair("2021年馆里有多少册图书？", "三万册", "别处。", 100),
    ]
    couples = [(one.question, other.question) for one, other, _ in candidates(items, None, 0.9)]
    assert couples == [
        (items[1].question, items[0].question),
        (items[2].question, items[0].question),
        (items[2].question, items[1].question),
    ]
    vectors = np.eye(5, dtype=np.float32)
    assert list(candidates(items, vectors, 0.9)) == []


def test_a_list_gives_the_candidates_among_its_kept_pairs() -> None:
    deduper = Deduper(threshold=0.9)
    items = [pair("谁负责？", "张三"), pair("请问谁负责？", "张三"), pair("负责人叫什么？", "李四")]
    deduper.collect(items, [[1.0, 0.0], [1.0, 0.0], [0.8, 0.6]])
    ((one, other, score),) = deduper.candidates()
    assert (one, other, round(score, 3)) == (items[2], items[0], 0.8)
    again = Deduper(threshold=0.9)
    again.collect(items, [[1.0, 0.0], [1.0, 0.0], [0.8, 0.6]])
    again.take(deduper.verdicts())
    assert again.kept == deduper.kept
    assert list(again.candidates()) == [(one, other, score)]
    assert list(Deduper().candidates()) == []
