"""Questions answered from one passage: rewordings become one, look-alikes stay apart."""

import numpy as np
import pytest

from loaders.records import Span
from pairs.compare.dedupe import Deduper
from pairs.compare.passages import Passages, Vocabulary, share_passage
from pairs.records import Evidence, QAPair

STOVE = "The stove weighs 80 kg and was cast by Anna Berg in 1931; the boiler was cast by Ole Dahl."
STOVE_ZH = "铸铁炉重80公斤，1931年由林安铸造；锅炉由欧达铸造。"
FLOUR = "For the dough take 200 g of rye flour, 200 g of wheat flour and a pinch of salt."


def pair(question: str, answer: str, sentence: str = "", at: int = 0) -> QAPair:
    evidence = (
        Evidence(
            match="exact",
            span=Span(start=at, end=at + len(sentence)),
            quote=sentence,
            sentence=sentence,
            score=1,
        )
        if sentence
        else Evidence(match="none")
    )
    return QAPair(question=question, answer=answer, evidence=evidence, source="a.txt")


def kept(one: QAPair, other: QAPair, cosine: float, document: str = "") -> int:
    """How many of two pairs are kept at the threshold 0.9, given the cosine of their questions."""
    words = Vocabulary()
    words.read("a.txt", document)
    deduper = Deduper(threshold=0.9, words=words)
    deduper.collect([one, other], [[1.0, 0.0], [cosine, (1 - cosine**2) ** 0.5]])
    return len(deduper.kept)


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        (("How heavy is the stove?", "80 kg"), ("What is the stove's weight?", "80 kilos"), STOVE),
        (("Who made the stove?", "Anna Berg"), ("By whom was it cast?", "By Anna Berg"), STOVE),
        (("铸铁炉有多重？", "80公斤"), ("铸铁炉的重量是多少千克？", "80千克"), STOVE_ZH),
        (("铸铁炉是谁做的？", "林安"), ("1931年铸造铸铁炉的人是谁？", "由林安铸造"), STOVE_ZH),
    ],
)  # fmt: skip
def test_one_passage_and_one_answer_let_the_threshold_fall(
    one: tuple[str, str], other: tuple[str, str], sentence: str
) -> None:
    assert kept(pair(*one, sentence), pair(*other, sentence), 0.82) == 1
    assert kept(pair(*one, sentence), pair(*other, sentence), 0.5) == 2
    # Without a passage in common the threshold stays.
    assert kept(pair(*one, sentence), pair(*other, "Elsewhere.", at=900), 0.82) == 2
    assert kept(pair(*one), pair(*other), 0.82) == 2


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        # Both names are the document's own.
        (("When was the stove cast?", "1931"), ("When was the boiler cast?", "1931"), STOVE),
        (("铸铁炉何时铸造？", "1931年"), ("锅炉何时铸造？", "1931年"), STOVE_ZH),
        # The answer stands there twice.
        (("How much rye is needed?", "200 g"), ("What amount of wheat goes in?", "200 g"), FLOUR),
        # A yes is little in common.
        (("Is salt added?", "Yes."), ("Does one need wheat flour?", "Yes."), FLOUR),
        # Another answer, or a part of it.
        (("Who cast the stove?", "Anna Berg"), ("Who cast what?", "Anna Berg and Ole Dahl"), STOVE),
        (("Is it cast?", "Yes, in 1931"), ("When was it cast?", "In 1931"), STOVE),
    ],
)
def test_look_alikes_of_one_passage_stay_apart(
    one: tuple[str, str], other: tuple[str, str], sentence: str
) -> None:
    assert kept(pair(*one, sentence), pair(*other, sentence), 0.78, sentence) == 2


def test_names_that_only_the_document_tells_apart() -> None:
    document = "Larch huts have 12 beds. Alder huts are older and have 12 beds as well."
    one = pair("How many beds do larch huts have?", "12", "Larch huts have 12 beds.")
    other = pair("How many beds do alder huts have?", "12", "Larch huts have 12 beds.")
    assert kept(one, other, 0.95, document) == 2
    assert kept(one, other, 0.95) == 1


def test_a_word_of_its_own_passage_tells_two_questions_apart() -> None:
    one = pair("机房在哪一层？", "三层", "机房设在三层，全天开放。")
    other = pair("茶室位于几层？", "三层", "茶室设在三层。", at=500)
    assert kept(one, other, 0.95) == 2
    again = pair("机房位于几层？", "三层", "按规定，机房设在三层。", at=500)
    assert kept(one, again, 0.95) == 1


def test_two_answers_of_one_passage_are_no_conflict() -> None:
    sentence = "The stove weighs 80 kg, the boiler 90 kg."
    for other, conflicts in ((sentence, 0), ("The stove weighs 90 kg.", 1)):
        deduper = Deduper(threshold=0.9)
        items = [
            pair("How heavy is the stove?", "80 kg", sentence),
            pair("What does the stove weigh?", "90 kg", other, at=0 if other == sentence else 400),
        ]
        deduper.collect(items, np.ones((2, 4), dtype=np.float32))
        assert len(deduper.kept) == 2
        assert len(deduper.conflicts) == conflicts
    # Answers that say different things need not contradict each other.
    deduper = Deduper(threshold=0.9)
    items = [pair("What is the stove like?", "Heavy"), pair("How is the stove?", "Made of iron")]
    deduper.collect(items, np.ones((2, 4), dtype=np.float32))
    assert (len(deduper.kept), deduper.conflicts) == (2, [])


def test_a_pair_joins_a_group_only_where_no_member_differs() -> None:
    document = "诸城借给莱城二十辆车。莱城人说，是青城的主意。"
    sentence = "诸城借给莱城二十辆车。"
    items = [
        pair("运粮时一共借了几辆车？", "二十辆车，都是新的", sentence),
        pair("莱城向诸城借了多少辆车？", "20辆", sentence),
        pair("莱城向青城借了多少辆车？", "二十辆", sentence),
    ]
    words = Vocabulary()
    words.read("a.txt", document)
    deduper = Deduper(threshold=0.9, words=words)
    deduper.collect(items, np.ones((3, 4), dtype=np.float32))
    assert deduper.kept == [items[0], items[2]]


def test_passages_are_the_same_sentence_or_overlapping_spans() -> None:
    one, same, over = (
        pair("?", "1", "One sentence here."),
        pair("?", "1", "One sentence here.", at=700),
        pair("?", "1", "sentence here. Two.", at=4),
    )
    apart, none = pair("?", "1", "Far away.", at=5000), pair("?", "1")
    assert share_passage(one, same)
    assert share_passage(one, over)
    assert not share_passage(one, apart)
    assert not share_passage(one, none)
    assert not share_passage(none, none)
    passages = Passages()
    for number, item in enumerate((one, same, over, apart, none)):
        passages.add(number, item)
    assert {0, 1, 2} <= set(passages.sharing(one))
    assert passages.sharing(apart) == [3]
    assert passages.sharing(none) == []


def test_a_list_about_one_sentence_takes_no_quadratic_time() -> None:
    items = [pair(f"What is item {n}?", f"{n}", STOVE) for n in range(3000)]
    vectors = np.eye(3000, 64, dtype=np.float32) + 0.01
    deduper = Deduper(threshold=0.9)
    deduper.collect(items, vectors)
    assert len(deduper.kept) == 3000
