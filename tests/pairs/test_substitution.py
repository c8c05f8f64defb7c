"""Answers that are their evidence's own words but for one that turns the meaning round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.evidence.contradiction import turned_round
from pairs.evidence.numbers import unproven_numbers

CREDIT = (
    "由于会员数量逐年减少，协会将年费标准提升了一倍。"
    "申请人的信用报告可以由本人查询，但不得转借他人。"
)
LEASE = (
    "After the talks the tenant sent the notice well before the end of the lease. "
    "The court can hear the claim, but it cannot rule on its value."
)


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        (CREDIT, "会员数量逐年增加"),
        (CREDIT, "该协会申请人的信用报告不可以由本人查询。"),
        (CREDIT, "申请人的信用报告可以由本人查询，但可以转借他人。"),
        (LEASE, "The tenant sent the notice well after the end of the lease."),
        (LEASE, "As to this, the court can not hear the claim in any case."),
        ("法院由全体法官组成。", "该法院由不由全体法官组成。"),
        ("争议点是作品受不受保护。", "争议点是不是作品受不受保护。"),
    ],
)
def test_a_word_in_the_place_of_its_opposite_is_seen(evidence: str, answer: str) -> None:
    assert turned_round(answer, evidence)


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        (CREDIT, "会员数量逐年减少，所以年费标准提升了一倍。"),
        (CREDIT, "信用报告可以由申请人本人查询，不得转借。"),
        (CREDIT, "信用报告不可以转借他人。"),
        ("Dogs are forbidden in the park.", "In the park dogs are not allowed."),
        (LEASE, "The tenant sent it well before the lease came to its end."),
        (LEASE, "The court cannot rule on the value of the claim."),
        ("男性平均寿命为75岁，女性平均寿命为80岁。", "女性平均寿命为八十岁。"),
        ("It is not known whether they are equal.", "It is unknown whether they are equal."),
        ("Staff must not open the red valve.", "Do not for any reason open the red valve."),
        ("馆内不得携带宠物。", "游客不得在馆内携带宠物。"),
    ],
)
def test_the_same_in_other_words_is_not_turned_round(evidence: str, answer: str) -> None:
    assert not turned_round(answer, evidence)


WORDS = st.lists(
    st.sampled_from(
        [*"甲乙丙丁人法院是可以不没高低", " not ", " before ", " after ", " the ", "。"]
    ),
    max_size=30,
).map("".join)


@given(WORDS)
def test_no_text_turns_itself_round(text: str) -> None:
    assert not turned_round(text, text)


@pytest.mark.parametrize(
    ("answer", "evidence", "unproven"),
    [
        ("车站有8个出入口。", "8号线经过该站。", True),
        ("他在那里度过了9个赛季。", "比赛至少要投满9局。", True),
        ("全书有2卷。", "另有短篇2篇。", True),
        ("每队有一名队员。", "这是一项由两队进行的运动，每队五名球员。", True),
        ("全书有5个章节。", "全书共5个部分。", False),
        ("现役军人有4万人。", "陆军人数为4万3千人。", True),
        ("现役军人有43000人。", "陆军人数为4万3千人。", False),
        ("全长220米。", "全长为220多公里。", True),
        ("全长220公里。", "全长为220多公里。", False),
        ("雨季为六月到六月。", "雨季为六月到九月，旱季为三月到六月。", True),
        ("雨季为六月至九月。", "雨季为六月到九月，旱季为三月到六月。", False),
        ("He served 1696–1696.", "The president (1695–1696) was a lawyer.", True),
        ("He served from 1695 to 1696.", "The president (1695–1696) was a lawyer.", False),
        (
            "It began in March 1973.",
            "The 1973 crisis began in October and ended in March 1974.",
            True,
        ),
        (
            "It ended in March 1974.",
            "The 1973 crisis began in October and ended in March 1974.",
            False,
        ),
        ("吸蜜鹦鹉是鹦鹉的一种。", "鹦鹉科包括吸蜜鹦鹉。", False),
        ("他是一名工程师。", "工程师李明设计了它。", False),
        ("他是一名工程师。", "工程师李明带领5人设计了它。", True),
        ("It runs from early March.", "It runs from early September to mid-May.", True),
        ("It runs until mid-May.", "It runs from early September to mid-May.", False),
    ],
)
def test_a_number_proves_what_it_counts(answer: str, evidence: str, unproven: bool) -> None:
    assert bool(unproven_numbers(answer, evidence, "", evidence)) is unproven
