"""What tells two like questions apart, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.compare.guards import difference, facts

APART = [
    ("number", "2022年营收是多少？", "2023年营收是多少？"),
    ("number", "What was sold in 1998?", "What was sold in 1999?"),
    ("number", "第三条规定了什么？", "第四条规定了什么？"),
    ("number", "What is the second rule?", "What is the third rule?"),
    ("number", "保修五年的是什么？", "保修五个月的是什么？"),
    ("number", "3月5日发生了什么？", "3月6日发生了什么？"),
    ("number", "哪三个部门参加了？", "哪两个部门参加了？"),
    ("number", "营收是多少？", "2022年营收是多少？"),
    ("title", "《岁月》的作者是谁？", "《远山》的作者是谁？"),
    ("identifier", "MySQL怎么备份？", "Redis怎么备份？"),
    ("identifier", "What is C# used for?", "What is C++ used for?"),
    ("identifier", "Who designed C++?", "Who designed C?"),
    ("identifier", "C语言是谁设计的？", "C++语言是谁设计的？"),
    ("opposite", "公司最大的客户是谁？", "公司最小的客户是谁？"),
    ("opposite", "如何启用备份？", "如何禁用备份？"),
    ("opposite", "What increased the cost?", "What decreased the cost?"),
    ("opposite", "法國的分公司在哪裡？", "德国的分公司在哪里？"),
    ("opposite", "What is the French office?", "What is the German office?"),
    ("opposite", "城市的东北部有什么？", "城市的东南部有什么？"),
    ("name", "清溪镇有多少人？", "白塔镇有多少人？"),
    ("name", "云溪水库是由谁设计的？", "云水水库是由谁设计的？"),
    ("name", "柳岭博物馆是由谁设计的？", "云岭博物馆是由谁设计的？"),
    ("name", "Who designed Fernhurst Cotton Mill?", "Who designed Poplarhurst Cotton Mill?"),
    ("name", "Who designed Cedarton Museum?", "Who designed Cedarworth Museum?"),
    ("name", "Where was young Marlowe taught?", "Where was young Kettridge taught?"),
    ("negation", "员工可以带宠物吗？", "员工不可以带宠物吗？"),
    ("negation", "Which fees are refundable?", "Which fees are not refundable?"),
    ("negation", "Which rule is legal there?", "Which rule is illegal there?"),
    ("asked for", "会议在哪里召开？", "会议什么时候召开？"),
    ("asked for", "工厂在哪一年建成？", "工厂在哪一天建成？"),
    ("asked for", "Where was it signed?", "When was it signed?"),
]


@pytest.mark.parametrize(("kind", "one", "other"), APART)
def test_questions_that_ask_different_things(kind: str, one: str, other: str) -> None:
    found = {difference(one, other), difference(other, one)}
    assert len(found) == 1
    # 不合法 and illegal are opposites as well as denials; either is right.
    assert found & {kind, "opposite"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("怎么申请年假？", "年假要如何申请？"),
        ("怎样去图书馆？", "如何到图书馆？"),
        ("一所大学有多少人？", "一个大学有多少人？"),
        ("How large is the Italian army?", "How large is the army of Italy?"),
        ("这个系统为什么慢？", "这个系统怎么这么慢？"),
        ("公司有哪三个部门？", "公司有哪些部门？"),
        ("哪一个部门负责？", "哪个部门负责？"),
        ("登录失败怎么办？", "登录没成功怎么办？"),
        ("是否可以退款？", "能不能退款？"),
        ("二〇二三年的营收是多少？", "2023年营收多少？"),
        ("USB 3.0是什么？", "usb3.0是什么意思？"),
        ("How do I apply for leave?", "What is the way to apply for leave?"),
        ("Who won the IPL 2016?", "Who won IPL2016?"),
        ("What is the difference between India and the USA?",
         "What is the difference between the United States and India?"),
        ("What did Mohammed teach there?", "What did Muhammed teach there?"),
        ("How can one earn more in a year?", "How can one earn more in one year?"),
    ],
)  # fmt: skip
def test_one_question_in_other_words(one: str, other: str) -> None:
    assert difference(one, other) == ""
    assert difference(other, one) == ""


QUESTION = st.lists(
    st.sampled_from(
        "什么 谁 不 没 最大 最小 中国 法国 2022年 第三 两个 一个 《甲》 is not who when"
        " Paris NATO 7 largest Q1: ？".split()
    ),
    max_size=8,
).map(" ".join)


@given(QUESTION, QUESTION)
def test_a_difference_has_no_direction_and_none_is_to_itself(one: str, other: str) -> None:
    assert bool(difference(one, other)) == bool(difference(other, one))
    assert difference(one, one) == ""


@given(QUESTION, QUESTION)
def test_what_fingerprints_tell_apart_differs(one: str, other: str) -> None:
    mine, theirs = facts(one), facts(other)
    if mine and theirs and mine != theirs:
        assert difference(one, other)


@pytest.mark.parametrize(
    "piece",
    ["hundred and ", "亿万", "1,", "不没", "《", "Ab ", "第", "e\u0301", "Q1:", "百分之", "$1 "],
)
def test_a_loop_of_a_model_takes_no_time_and_no_error(piece: str) -> None:
    text = piece * 4000
    assert difference(text, text) == ""
    assert difference(text + "x", "营收是多少？ " + text) in (
        *("", "number", "title", "identifier", "opposite", "name", "negation", "asked for"),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RX-20的功率是多少？", "RX-20B的功率是多少？"),
        ("How loud is the RX-20?", "How loud is the RX-20s?"),
        ("Nova 8 多重？", "Nova 8 Pro 多重？"),
        ("How heavy is the Nova 8?", "How heavy is the Nova 8 Pro?"),
    ],
)
def test_variants_of_a_model_are_two_models(one: str, other: str) -> None:
    assert difference(one, other) in ("identifier", "number")
    assert difference(other, one) in ("identifier", "number")
    assert not difference(one, one.upper())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("基本每股收益是多少？", "稀释每股收益是多少？"),
        ("证券投资亏损了吗？", "衍生品投资亏损了吗？"),
        ("零样本学习的准确率是多少？", "少样本学习的准确率是多少？"),
        ("What are the basic earnings per share?", "What are the diluted earnings per share?"),
        ("How many games did they lose?", "How many games did they draw?"),
    ],
)
def test_terms_that_exclude_each_other(one: str, other: str) -> None:
    assert difference(one, other) == "opposite"


@pytest.mark.parametrize(
    ("one", "other", "alone", "one_answer"),
    [
        ("Who built the mill?", "Who built the mill in 1902?", "number", ""),
        ("磨坊是谁建的？", "1902年磨坊是谁建的？", "number", ""),
        ("Who built the mill in 1901?", "Who built the mill in 1902?", "number", "number"),
        ("东塔和西塔各有多高？", "西塔有多高？", "", "asked for"),
        ("Was the mill built of oak?", "What was the mill built of?", "", "asked for"),
    ],
)
def test_one_answer_from_one_passage_excuses_what_only_one_question_adds(
    one: str, other: str, alone: str, one_answer: str
) -> None:
    assert difference(one, other) == alone
    assert difference(one, other, one_answer=True) == one_answer
