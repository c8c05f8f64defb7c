"""Planted pairs are wrong, the same each time, and read like no pair of the model's."""

from __future__ import annotations

import pytest
from doubles import Planting
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chains.run.judge.lists import MOST_PAIRS, CheckList, check_lists
from chains.run.judge.planted import plant
from chains.run.judge.record import LEAST_PLANTED, LEAST_SURE, planted_in_each, standing
from loaders.records import Chunk, Span
from pairs.edits import pair_id
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.verdict import verdict_on
from pairs.records import Evidence, JudgeRecord, PairList, QAPair, Reason
from pairs.text.figures.numbers import numbers
from pairs.text.normalise import normalise

_NAMES = "青石 白沙 红岩 长岭 平湖 双溪 大东 南屏".split()
_TOWNS = "Ashford Brill Corby Denton Elmley Farnham Goole Hexham".split()


@st.composite
def zh(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Sentences with a question and its answer each."""
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=6, unique=True))
    made = []
    for name in names:
        year, size = draw(st.integers(1900, 1999)), draw(st.integers(12, 9800))
        sentence = draw(
            st.sampled_from(
                [
                    f"{name}水库建于{year}年，库容为{size}万立方米。",
                    f"{name}水库的水不得用于灌溉，但可以供应城镇。",
                ]
            )
        )
        question, answer = (
            (f"{name}水库建于哪一年？", f"{year}年")
            if "建于" in sentence
            else (f"{name}水库的水有什么规定？", "不得用于灌溉，但可以供应城镇")
        )
        made.append((sentence, question, answer))
    return made


@st.composite
def en(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    towns = draw(st.lists(st.sampled_from(_TOWNS), min_size=1, max_size=6, unique=True))
    made = []
    for town in towns:
        year, many = draw(st.integers(1900, 1999)), draw(st.integers(12, 9800))
        if draw(st.booleans()):
            sentence = f"The bridge at {town} was opened in {year} and carries {many} cars a day."
            made.append((sentence, f"When was the bridge at {town} opened?", f"in {year}"))
        else:
            sentence = f"The ferry at {town} must not carry horses, and is closed in winter."
            question = f"What must the ferry at {town} not carry?"
            made.append((sentence, question, "must not carry horses, and is closed in winter"))
    return made


def chunk_of(text: str) -> Chunk:
    return Chunk(id="c", index=0, source="s", text=text, span=Span(start=0, end=len(text)))


def made_of(told: list[tuple[str, str, str]], between: str) -> tuple[Chunk, Passage, list[QAPair]]:
    chunk = chunk_of(between.join(sentence for sentence, _, _ in told))
    passage = Passage(chunk)
    pairs = []
    for _, question, answer in told:
        evidence = passage.ground(question, answer)
        code = reason_against(question, answer, evidence, "strict")
        if not code:
            pairs.append(
                QAPair(
                    id=pair_id("c", question, answer),
                    question=question,
                    answer=answer,
                    evidence=evidence,
                    verdict=verdict_on(evidence, code),
                    chunk_id="c",
                )
            )
    return chunk, passage, pairs


def lists_of(chunk: Chunk, passage: Passage, pairs: list[QAPair], want: int) -> list[CheckList]:
    checked: list[tuple[QAPair, Reason | None]] = [(pair, None) for pair in pairs]
    return check_lists(chunk, passage, checked, planted=want, all_pairs=True)


@settings(max_examples=150)
@given(told=zh() | en(), want=st.integers(1, 4))
def test_each_is_wrong_and_made_the_same_way_again(
    told: list[tuple[str, str, str]], want: int
) -> None:
    chunk, passage, pairs = made_of(told, "\n" if told[0][0].isascii() else "")
    assume(pairs)
    lists = lists_of(chunk, passage, pairs, want)
    assert lists == [
        CheckList(one.chunk, passage, one.items) for one in lists_of(chunk, passage, pairs, want)
    ]
    (made,) = lists
    right = {(normalise(pair.question), normalise(pair.answer)) for pair in pairs}
    wrong = [item for item in made.items if item.planted]
    assert len(wrong) <= want
    assert len({(item.question, item.answer) for item in wrong}) == len(wrong)
    by_question = {normalise(pair.question): pair for pair in pairs}
    known = {number.key for number in numbers(chunk.text)}
    for item in wrong:
        assert (normalise(item.question), normalise(item.answer)) not in right
        of = by_question.get(normalise(item.question))
        if of is None:  # a question about a number that the text does not have
            assert item.alike in {pair.id for pair in pairs}
            assert {number.key for number in numbers(item.question)} - known
            continue
        found = passage.ground(item.question, item.answer)
        refuted = reason_against(item.question, item.answer, found, "strict") == "rejected.number"
        beside = normalise(item.answer) not in normalise(of.evidence.sentence)
        assert refuted or beside
    assert [item.ids[0] for item in made.items if not item.planted] == [pair.id for pair in pairs]


def test_pairs_that_read_alike_stand_in_a_list_once() -> None:
    told = [("青石水库的库容为312万立方米。", "青石水库的库容为多少万立方米？", "312万立方米")]
    chunk, passage, (pair,) = made_of(told, "")
    again = pair.model_copy(update={"id": "other", "question": "青石水库的库容为多少万立方米?"})
    (made,) = lists_of(chunk, passage, [pair, again], 0)
    (item,) = made.items
    assert item.ids == (pair.id, "other")
    assert item.sure


def test_long_lists_are_split_and_each_has_its_own_wrong_pairs() -> None:
    told = [
        (f"第{n}号桥建于{1800 + n}年。", f"第{n}号桥建于哪一年？", f"{1800 + n}年")
        for n in range(100)
    ]
    chunk, passage, pairs = made_of(told, "")
    lists = lists_of(chunk, passage, pairs, 2)
    real = [[item for item in one.items if not item.planted] for one in lists]
    assert [len(one) for one in real] == [MOST_PAIRS, MOST_PAIRS, 100 - 2 * MOST_PAIRS]
    assert all(any(item.planted for item in one.items) for one in lists)


def test_nothing_wrong_is_made_of_what_the_rules_do_not_prove() -> None:
    chunk, passage, (pair,) = made_of(
        [("青石水库建于1923年。", "青石水库建于哪一年？", "1923年")], ""
    )
    unproven = pair.model_copy(update={"verdict": "open", "evidence": Evidence(match="none")})
    (made,) = lists_of(chunk, passage, [unproven], 4)
    assert not any(item.planted or item.sure for item in made.items)
    assert lists_of(chunk, passage, [], 4) == []


def test_a_pair_that_the_model_made_is_not_planted() -> None:
    """With the neighbour's answer, which is what would be planted."""
    told = [
        ("青石水库建于1923年。", "青石水库建于哪一年？", "1923年"),
        ("白沙水库建于1957年。", "白沙水库建于哪一年？", "1957年"),
    ]
    chunk, passage, pairs = made_of(told, "")
    swapped = [
        one.model_copy(update={"id": f"x{at}", "answer": pairs[1 - at].answer})
        for at, one in enumerate(pairs)
    ]
    (made,) = lists_of(chunk, passage, [*pairs, *swapped], 4)
    said = [(normalise(item.question), normalise(item.answer)) for item in made.items]
    assert len(said) == len(set(said))


def test_a_leak_would_be_noticed(planting: Planting) -> None:
    told = [
        ("青石水库建于1923年。", "青石水库建于哪一年？", "1923年"),
        ("白沙水库建于1957年。", "白沙水库建于哪一年？", "1957年"),
    ]
    chunk, passage, (pair, other) = made_of(told, "")
    (made,) = lists_of(chunk, passage, [pair, other], 2)
    wrong = next(item for item in made.items if item.planted)
    PairList(kept=(pair,)).model_dump_json()
    assert planting.leaked == []
    leaked = pair.model_copy(update={"question": wrong.question, "answer": wrong.answer})
    PairList(kept=(leaked,)).model_dump_json()
    assert planting.leaked == [leaked]
    planting.leaked.clear()


COUNT = st.integers(0, 60)


@settings(max_examples=200)
@given(planted=COUNT, sure=COUNT, data=st.data())
def test_who_is_trusted(planted: int, sure: int, data: st.DataObject) -> None:
    caught = data.draw(st.integers(0, planted))
    refused = data.draw(st.integers(0, sure))
    record = JudgeRecord(planted=planted, caught=caught, sure=sure, refused=refused)
    found = standing(record)
    assert (found == "unmeasured") == (planted < LEAST_PLANTED or sure < LEAST_SURE)
    if found == "trusted":
        better = record.model_copy(update={"caught": planted, "refused": 0})
        assert standing(better) == "trusted"
        assert 2 * caught > planted  # a coin is not
    assert standing(record + JudgeRecord()) == found


@pytest.mark.parametrize(("lists", "each"), [(0, 4), (1, 4), (3, 4), (4, 3), (6, 2), (500, 2)])
def test_a_short_document_has_more_of_them_a_list(lists: int, each: int) -> None:
    assert planted_in_each(lists) == each


def test_a_denial_is_turned_round_only_where_the_rules_notice() -> None:
    told = [
        ("渡船不得载马。", "渡船有什么规定？", "不得载马"),
        ("渡船可以载人。", "渡船可以载什么？", "可以载人"),
    ]
    chunk, _, pairs = made_of(told, "")
    own = {pair.answer for pair in pairs}
    noticed = plant(pairs, chunk.text, lambda *_: Reason(code="rejected.number"), 4)
    assert {one.answer for one in noticed} - own <= {"得载马", "不可以载人"}
    unnoticed = plant(pairs, chunk.text, lambda *_: None, 4)
    assert {one.answer for one in unnoticed} <= own
