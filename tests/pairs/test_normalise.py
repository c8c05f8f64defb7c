"""Normalised questions and folded texts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.text.flat import flatten, fold
from pairs.text.normalise import normalise

TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from("什么是營收呢？ＡＢｃ１２½ﬁé  \u3000\u200b“”'\n(),.。%e\u0301が"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=80,
)


@given(TEXT)
def test_a_flattened_text_keeps_every_place(text: str) -> None:
    assert len(flatten(text)) == len(text)
    assert flatten(flatten(text)) == flatten(text)


@given(TEXT)
def test_every_folded_character_comes_from_where_it_says(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    for place in range(len(folded.text)):
        start, end = folded.original(place, place + 1)
        assert 0 <= start < end <= len(text)
        assert folded.text[place] in fold(text[start:end]).text
    if folded.text:
        start, end = folded.original(0, len(folded.text))
        assert fold(text[start:end]).text == folded.text


@given(TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once
    assert not any(char.isspace() for char in once)


@given(TEXT, TEXT)
def test_white_space_and_width_do_not_change_a_folded_text(one: str, other: str) -> None:
    assert fold(one + " \n" + other).text == fold(one + "\u3000" + other).text


def test_a_span_of_the_original_is_found_through_the_fold() -> None:
    text = "该公司　２０２２年\n營收為“１５．２億元”。"
    folded = fold(text)
    start = folded.text.index("营收为")
    assert text[slice(*folded.original(start, start + 3))] == "營收為"
    start = folded.text.index("15.2亿元")
    assert text[slice(*folded.original(start, start + 6))] == "１５．２億元"
    assert fold("營收", simplify=False).text == "營收"


def test_a_stretch_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="no such stretch"):
        fold("abc").original(1, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("什么是X？", "什么是X"),
        ("什么是X？", "请问什么是Ｘ呢？？"),
        ("什麼是營收？", "1、什么是营收"),
        ("（1）怎样申请？", "问题一：怎样申请?"),
        ("第二次會議在哪裡召開？", "第2次会议在哪里召开？"),
        ("《岁月》何时创刊？", "<岁月>何时创刊?"),
        ("共有1,200人吗", "共有1200人吗？"),
        ("系统支持 USB 3.0 吗？", "系统支持ＵＳＢ 3.0"),
        ("What's the fee?", "Q1: What is the fee"),
        ("Who doesn’t pay?", "who does not pay ?"),
        ("Which two forms are needed?", "**Q:** WHICH 2 FORMS ARE NEEDED?"),
        ("A co‐owned well-known\nfirm", "a co-owned well-known firm"),
        ("Could you please tell me where it is?", "where it is?"),
        ("① 什么是年假？", "什么是年假？"),
    ],
)
def test_questions_that_ask_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C语言是什么？", "C++语言是什么？"),
        ("What is C#?", "What is C?"),
        ("版本1.5有什么变化？", "版本15有什么变化？"),
        ("2022年营收是多少？", "2023年营收是多少？"),
        ("1.5 million people live where?", "5 million people live where?"),
        ("气温为-5度时怎么办？", "气温为5度时怎么办？"),
        ("2 differences between them?", "differences between them?"),
        ("网吧在哪里？", "网在哪里？"),
    ],
)
def test_questions_that_ask_something_else(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(TEXT)
def test_normalising_loses_no_text_altogether(text: str) -> None:
    visible = [c for c in text if unicodedata.category(c)[0] in "LN" and fold(c).text]
    assert normalise(text) or not visible


@pytest.mark.parametrize("text", ["？？", "请问", "1.", "...", "", "  "])
def test_a_text_of_nothing_to_ask_stays_itself(text: str) -> None:
    assert normalise(text) == " ".join(unicodedata.normalize("NFKC", text).split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2013年1-3月的产量", "2013年第一季度的产量"),
        ("一季度的产量", "Q1的产量"),
        ("2019年1月至6月的客流", "2019年上半年的客流"),
        ("前三季度的销量", "1-9月的销量"),
        ("Sales of Q3 2020?", "Sales of third quarter 2020?"),
        ("Sales April to June 2020", "Sales 2nd quarter 2020"),
        ("The fee for 2014-15", "The fee for 2014–2015"),
    ],
)
def test_a_period_has_one_name(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("第一季第三集", "Q1第三集"), ("前三季度", "第三季度"), ("in 2011-12", "in 2011-2012")],
)
def test_what_is_no_period_keeps_its_name(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)
