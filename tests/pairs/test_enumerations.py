"""Sentences that list names with their values, and answers taken from the wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.evidence.enumerations import listed_values, takes_another

YEARS = "该院于2011年、2013年和2016年所做的三次调查中，回收率分别为61%、63%和58%。"
TASKS = "类别最多的两个任务是分拣任务（119个类别）和归档任务（67个类别）。"
POWER = "Northern grid: 41 GW; Southern grid: 38 GW; islands: 3 GW"
COSTS = "In 2019, 2020 and 2021 the costs were 410, 380 and 295 euros, respectively."


@pytest.mark.parametrize(
    ("question", "answer", "sentence", "another"),
    [
        ("2013年的回收率是多少？", "63%", YEARS, False),
        ("2013年的回收率是多少？", "58%", YEARS, True),
        ("哪一年的回收率最高？", "63%", YEARS, False),
        ("分拣任务有多少个类别？", "119个", TASKS, False),
        ("归档任务有多少个类别？", "119个", TASKS, True),
        ("How strong is the northern grid?", "41 GW", POWER, False),
        ("How strong is the northern grid?", "38 GW", POWER, True),
        ("Are the islands weaker than the northern grid?", "3 GW", POWER, False),
        ("What were the costs in 2020?", "380", COSTS, False),
        ("What were the costs in 2020?", "295", COSTS, True),
    ],
)
def test_a_value_belongs_to_its_own_name(
    question: str, answer: str, sentence: str, another: bool
) -> None:
    assert takes_another(question, answer, sentence) is another


@pytest.mark.parametrize("sentence", [YEARS, COSTS])
def test_names_and_values_go_together_in_order(sentence: str) -> None:
    assert len(listed_values(sentence)) == 3


@given(*[st.text(alphabet="甲1 2（）(),、和分别为:and respectively", max_size=60)] * 3)
def test_any_text_is_read(question: str, answer: str, sentence: str) -> None:
    assert takes_another(question, answer, sentence) in (True, False)
