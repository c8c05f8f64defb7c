"""Two answers to one question: the same reply in other words, a part of it, or another one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.compare.answers import agree, contradict, equivalent

TEXTS = st.text(max_size=60)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1500 W", "1.5 kW"),
        ("1500瓦", "1500 W"),
        ("三公斤", "3千克"),
        ("3.2亿元", "3亿2000万元"),
        ("€4 million", "4 million euros."),
        ("On 3 May 1921.", "May 3rd, 1921"),
        ("40 percent", "40"),
        ("Twelve days.", "12"),
        ("光绪八年（1882年）", "1882年"),
        ("由王敏主持。", "王敏"),
        ("不一定。", "不是必须的，也可以在网上办理。"),
        ("Yes.", "Yes, dogs may be brought along on a lead."),
        ("Once a week.", "only once per week"),
        ("Between 80 and 90 people", "80 to 90 persons."),
    ],
)
def test_one_reply_in_two_forms(one: str, other: str) -> None:
    assert equivalent(one, other)
    assert equivalent(other, one)
    assert agree(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("80 to 90 people", "80 people"),
        ("长12米，宽4米", "4米"),
        ("the mayor", "the mayor and the council"),
        ("局长", "局长和副局长"),
        ("5", "15"),
        ("Yes.", "No, it is closed."),
        ("可以。", "不可以"),
        ("notes.txt", "notes.old.txt"),
        ("1900年", "1900年建成北塔，1950年建成南塔"),
        ("2", "The bakery by the old canal bakes rye bread for hotels with the help of 2 pupils"),
    ],
)
def test_a_part_of_a_reply_is_another_one(one: str, other: str) -> None:
    assert not equivalent(one, other)
    assert not equivalent(other, one)


def test_yes_and_no_are_two_replies_whatever_the_question_says_of_them() -> None:
    assert not equivalent("是，1990年", "否，1990年", ("是1990年吗？",))
    assert not equivalent("Yes, 5", "No, 5", ("Are there not 5?",))


def test_what_the_question_says_already_does_not_count() -> None:
    questions = ("To whom did Elm Rovers lose?", "Which team beat Elm Rovers?")
    assert equivalent("Elm Rovers lost to Harborough.", "Harborough", questions)
    assert equivalent(
        "2019年花了30万元", "300000元", ("2019年修缮花了多少钱？", "修缮费用是多少？")
    )
    # But an answer that only repeats its question says nothing in common with another one.
    assert not equivalent(
        "It was built between 1200 and 1210.",
        "Two architects",
        ("When was it built?", "Who built the two towers?"),
    )


@pytest.mark.parametrize(
    ("one", "other", "cannot"),
    [
        ("5 m", "6 m", True),
        ("1949年", "1950年", True),
        ("是的", "不是", True),
        ("Yes", "No", True),
        ("5 m", "6 kg", False),
        ("因为下雨", "因为修路", False),
        ("5 m", "a long way", False),
    ],
)
def test_two_answers_contradict_each_other(one: str, other: str, cannot: bool) -> None:
    assert contradict(one, other) is cannot
    assert contradict(other, one) is cannot


@given(TEXTS, TEXTS, TEXTS)
def test_any_texts_are_compared_alike_both_ways(one: str, other: str, question: str) -> None:
    assert equivalent(one, other, (question,)) == equivalent(other, one, (question,))
    assert contradict(one, other) == contradict(other, one)
    assert equivalent(one, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The ferry leaves the old harbour at 7 in the morning.",
            "The ferry leaves the old harbour at 9 in the morning.",
        ),
        (
            "The tenant may keep dogs in the flat on the first floor.",
            "The tenant may not keep dogs in the flat on the first floor.",
        ),
    ],
)
def test_a_word_that_decides_outweighs_all_that_are_the_same(one: str, other: str) -> None:
    assert not agree(one, other)
    assert not agree(other, one)
