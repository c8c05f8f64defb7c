"""A yes or no before the answer, judged by the evidence against the question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.grounding import ground
from pairs.text.list_markers import without_markers
from pairs.text.polarity import polarity

RULES = (
    "Wear parts such as seals are not covered by the guarantee. Do not use an adapter with it."
    " Wash the sieve in warm water once a week. The paper filter cannot be washed."
    " Children may use the pool under supervision. The deposit bears no interest."
    "水箱只能加自来水，严禁加入果汁。文件名中禁止出现空格。奶粉模式下不能选择其他温度。会员可以携带一名客人。"
)


def proved(question: str, answer: str) -> bool:
    chunk = Chunk(id="0", index=0, text=RULES, span=Span(start=0, end=len(RULES)), source="t")
    evidence = ground(question, answer, chunk)
    return evidence.match != "none" and evidence.numbers_ok


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Are seals covered by the guarantee?", "No, wear parts such as seals are not covered."),
        ("Does the deposit bear interest?", "No. The deposit bears no interest."),
        ("May children use the pool?", "Yes, children may use the pool under supervision."),
        ("文件名中可以有空格吗？", "不可以，文件名中禁止出现空格。"),
        ("水箱里可以加果汁吗？", "不可以。水箱只能加自来水，严禁加入果汁。"),
        ("会员可以携带客人吗？", "可以，会员可以携带一名客人。"),
        ("Is the deposit interest-bearing?", "No, the deposit bears no interest."),
    ],
)
def test_a_yes_or_no_that_the_evidence_gives_is_proved(question: str, answer: str) -> None:
    assert proved(question, answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Are seals covered by the guarantee?", "Yes, wear parts such as seals are covered."),
        ("May the device be used with an adapter?", "Yes, an adapter may be used."),
        ("May children use the pool?", "No, children may use the pool under supervision."),
        ("文件名中可以有空格吗？", "可以，文件名中可以出现空格。"),
        ("奶粉模式下可以选择其他温度吗？", "可以，转动旋钮即可选择其他温度。"),
        ("Can the paper filter be washed?", "Yes, it can be washed in warm water once a week."),
        ("会员可以携带客人吗？", "不可以，会员不可以携带客人。"),
    ],
)
def test_the_other_is_not(question: str, answer: str) -> None:
    assert not proved(question, answer)


@pytest.mark.parametrize(
    ("question", "answer", "yes", "behind"),
    [
        ("Is it new?", "Yes.", True, ""),
        ("Is it new?", "Not necessarily, it may be used.", False, "it may be used."),
        ("可以转让吗？", "不能，须经同意。", False, "须经同意。"),
        ("是否需要预约？", "需要的，请提前三天。", True, "请提前三天。"),
    ],
)
def test_where_the_sentence_behind_it_begins(
    question: str, answer: str, yes: bool, behind: str
) -> None:
    found = polarity(question, answer)
    assert found is not None
    assert (found.yes, answer[found.end :]) == (yes, behind)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which bus goes there?", "No. 5 goes there."),
        ("Is it bus 4 or 5?", "No. 5"),
        ("谁可以入内？", "会员可以入内。"),
        ("Is it open?", "Nobody knows."),
    ],
)
def test_what_is_no_yes_or_no(question: str, answer: str) -> None:
    assert polarity(question, answer) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1. Open\n2. Close", "   Open\n   Close"),
        ("①打开 ②关闭", " 打开  关闭"),
        ("（1）打开；（2）关闭", "   打开；   关闭"),
        ("- 3 eggs\n- 2 cups", "  3 eggs\n  2 cups"),
        ("一、总则\n二、附则", "  总则\n  附则"),
        ("1. FC Köln", "1. FC Köln"),
        ("版本为1.5，另有2.0", "版本为1.5，另有2.0"),
        ("共有（32）条", "共有（32）条"),
    ],
)
def test_markers_of_list_items_are_blanks(text: str, plain: str) -> None:
    assert without_markers(text) == plain


@given(st.text(alphabet="1234.)（）、一二①- \nab；", max_size=80))
def test_markers_keep_the_length(text: str) -> None:
    assert len(without_markers(text)) == len(text)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_has_a_polarity_or_none(question: str, answer: str) -> None:
    found = polarity(question, answer)
    assert found is None or 0 < found.end <= len(answer)
