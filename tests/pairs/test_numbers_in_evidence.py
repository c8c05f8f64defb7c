"""A date that says more than its evidence is not proved by it."""

from __future__ import annotations

import pytest

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
