"""A date that says more than its evidence is not proved by it."""

from __future__ import annotations

import pytest

from loaders.records import Chunk, Span
from pairs.evidence.grounding import ground
from pairs.evidence.numbers import unproven_numbers


@pytest.mark.parametrize(
    ("answer", "evidence", "around", "unproven"),
    [
        ("21 July, 2001", "Armstrong stepped out on 21 July.", "", True),
        ("2001年7月21日", "阿姆斯特朗在7月21日走出舱门。", "", True),
        ("16 July 1969", "| Launch | 16 July |", "| Event | Date (1969) |", False),
        ("1969年7月16日", "| 发射 | 7月16日 |", "| 事件 | 日期（1969年） |", False),
        ("16 July", "It was launched on 16 July 1969.", "", False),
        ("7月16日", "它于1969年7月16日发射。", "", False),
    ],
)
def test_a_year_must_stand_somewhere(
    answer: str, evidence: str, around: str, unproven: bool
) -> None:
    assert bool(unproven_numbers(answer, evidence, "", evidence + " " + around)) is unproven


@pytest.mark.parametrize(
    ("answer", "evidence", "unproven"),
    [
        ("1. 打开阀门\n2. 按下按钮\n3. 等待", "打开阀门，按下按钮并等待。", False),
        ("- Wash it\n- Dry it for 2 days", "Wash it and dry it for two days.", False),
        ("1. Wash it\n2. Dry it for 5 days", "Wash it and dry it for two days.", True),
        ("它是全国第二个通过该法案的州。", "该州成为全国第二个通过此法案的州。", False),
        ("它是全国第三个通过该法案的州。", "该州成为全国第二个通过此法案的州。", True),
        ("它有第六名。", "共有6辆赛车参加。", True),
        ("45条", "样本量：训练（45），测试（900）", False),
        ("4线", "该站有4站台8条线。", True),
        ("Twenty-one problems", "Here 21 diverse graph problems are named.", False),
        ("七天（一周）", "可提前7天预约。", False),
        ("It fell by 6.0 %.", "| Change | -6.0 % |", False),
        ("It rose by 6.0 %.", "| Change | -6.0 % |", True),
        ("利润下降16.5%。", "| 利润 | -16.5% |", False),
        ("About 20%.", "The share is 19.6%.", False),
        ("20%.", "The share is 19.6%.", True),
        ("约30分", "两者相差28.2分。", False),
        ("12 345 inhabitants", "It has 12,345 inhabitants.", False),
        ("(020) 7946-0958", "Call 020 7946 0958.", False),
        ("(020) 7946-0959", "Call 020 7946 0958.", True),
        ("Between 5,000 and 6,000 people fled.", "An estimated 5,000 to 6,000 people fled.", False),
        ("50 euros", "The fine is between 50 and 500 euros.", False),
    ],
)
def test_a_number_is_proved_in_any_form(answer: str, evidence: str, unproven: bool) -> None:
    assert bool(unproven_numbers(answer, evidence, "", evidence)) is unproven


def test_a_measure_word_may_be_another_for_what_the_question_asks() -> None:
    evidence = "市里建起了7所现代化医院，还有一部汽车。"
    assert not unproven_numbers("七家", evidence, "市里有几家现代化医院？", evidence)
    assert unproven_numbers("一家", evidence, "市里有几家现代化医院？", evidence)


def test_a_number_may_stand_in_the_sentence_that_its_clause_repeats() -> None:
    answer = "速度是上一代的2倍，数据传输速率提高到300Gbps。"
    first = "新一代的速度是上一代的2倍。"
    text = f"{first}数据传输速率从150Gbps提高到300Gbps。屏幕为500像素。"
    assert not unproven_numbers(answer, first, "", text)
    assert unproven_numbers(answer.replace("300", "500"), first, "", text)


_RESULTS_ZH = """主要财务指标
单位：元 币种：人民币
项目 本报告期 上年同期 变动幅度(%)
营业收入 1,534,123,456.78 1,365,222,111.05 12.37
货币资金 3,456,789,012.34 2,999,888,777.66 15.23
"""
_RESULTS_EN = """Results (in millions of dollars)
                      2023      2022
Revenue             4,512.3   4,101.7
Net income            512.6     498.1
"""


@pytest.mark.parametrize(
    ("text", "question", "answer", "right"),
    [
        (_RESULTS_ZH, "本报告期的营业收入是多少？", "15.34亿元", True),
        (_RESULTS_ZH, "本报告期的营业收入是多少？", "15.43亿元", False),
        (_RESULTS_ZH, "本报告期的营业收入是多少？", "153,412.35万元", True),
        (_RESULTS_ZH, "营业收入比上年同期增长多少？", "12.37%", True),
        (_RESULTS_ZH, "营业收入比上年同期增长多少？", "12.73%", False),
        (_RESULTS_ZH, "本报告期的货币资金比上年同期多多少？", "456,900,234.68元", True),
        (_RESULTS_ZH, "本报告期的货币资金比上年同期多多少？", "465,900,234.68元", False),
        (_RESULTS_EN, "What was revenue in 2023?", "$4.51 billion", True),
        (_RESULTS_EN, "What was revenue in 2023?", "$4.15 billion", False),
        (_RESULTS_EN, "By how much did revenue grow from 2022 to 2023?", "$410.6 million", True),
        ("Fire took 1,234,567 acres.", "How much burned?", "1.23 million acres", True),
        ("Fire took 1,234,567 acres.", "How much burned?", "1.32 million acres", False),
        (
            "讲解10分钟，答题5分钟。",
            "怎样安排？",
            "讲解10分钟，答题5分钟，一共15分钟。",
            True,
        ),
        (
            "讲解10分钟，答题5分钟。",
            "怎样安排？",
            "讲解10分钟，答题5分钟，一共25分钟。",
            False,
        ),
    ],
)
def test_rounded_and_computed_numbers_of_prose_and_print(
    text: str, question: str, answer: str, right: bool
) -> None:
    chunk = Chunk(id="0", index=0, text=text, span=Span(start=0, end=len(text)), source="t")
    evidence = ground(question, answer, chunk)
    assert (evidence.match != "none" and evidence.numbers_ok) is right
