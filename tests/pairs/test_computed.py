"""Computed answers: only from numbers that the question names, and hardly ever by chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.computed import computed
from pairs.evidence.grounding import ground
from pairs.evidence.source_text import SourceText

PUMPS = """Two pumps are on offer.

| | Model A-10 | Model A-30 |
|---|---|---|
| Weight | 12.5 kg | 19.0 kg |
| Flow | 40 litres | 95 litres |
| Price | £310 | £540 |
"""
FILTERS = """# 滤网

| 滤网 | 更换周期 | 单价 |
| --- | --- | --- |
| 初效滤网 | 3个月 | 45元 |
| 活性炭滤网 | 6个月 | 120元 |
| 高效滤网 | 12个月 | 260元 |
"""
VOTE = "议会表决时，赞成票为84票，反对票为41票，另有3票弃权。"
POLLS = "调查发现，2003年、2005年和2009年的支持率分别为61%、63%和78%。"
MILL = "The old mill employed 120 people, the new factory employs 480 people."


def chunk_of(text: str) -> Chunk:
    return Chunk(id="0", index=0, text=text, span=Span(start=0, end=len(text)), source="t")


@pytest.mark.parametrize(
    ("text", "question", "answer", "operands"),
    [
        (
            PUMPS,
            "How much heavier is Model A-30 than Model A-10?",
            "6.5 kg",
            {"12.5 kg", "19.0 kg"},
        ),
        (PUMPS, "What is the difference in price between A-10 and A-30?", "£230", {"£310", "£540"}),
        (FILTERS, "三种滤网全部更换一遍，单价合计多少元？", "425元", {"45元", "120元", "260元"}),
        (VOTE, "赞成票比反对票多多少票？", "多43票。", {"84", "41"}),
        (POLLS, "支持率从2003年到2009年提高了多少个百分点？", "17个百分点", {"61%", "78%"}),
        (
            POLLS,
            "支持率从2003年到2009年提高了多少？",
            "提高了17个百分点，从61%升至78%。",
            {"61%", "78%"},
        ),
        (
            MILL,
            "How many times as many people does the new factory employ as the old mill?",
            "4 times as many",
            {"120 people", "480 people"},
        ),
    ],
)
def test_the_result_of_named_numbers_is_proved(
    text: str, question: str, answer: str, operands: set[str]
) -> None:
    evidence = ground(question, answer, chunk_of(text))
    assert (evidence.match, evidence.numbers_ok) == ("computed", True)
    assert set(evidence.operands) == operands
    assert evidence.span is not None
    assert all(operand in evidence.quote for operand in operands)


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (PUMPS, "How much heavier is Model A-30 than Model A-10?", "5.5 kg"),
        (PUMPS, "How much does Model A-30 weigh?", "6.5 kg"),
        (FILTERS, "三种滤网全部更换一遍，单价合计多少元？", "465元"),
        (VOTE, "赞成票比反对票多多少票？", "81票"),
        (VOTE, "有多少人参加了表决？", "43人"),
        (POLLS, "支持率从2003年到2005年提高了多少个百分点？", "17个百分点"),
        (MILL, "How many people does the new factory employ?", "360 people"),
    ],
)
def test_another_result_is_not(text: str, question: str, answer: str) -> None:
    assert computed(SourceText(text), question, answer) is None


_QUESTIONS = (
    "By how much does the north differ from the south?",
    "What is the difference between the north and the east?",
    "What is the total of the north and the west?",
    "北边比南边多多少？",
    "东边和西边一共多少？",
)


@given(
    st.lists(st.integers(1, 100), min_size=6, max_size=6),
    st.sampled_from(_QUESTIONS),
)
def test_a_random_number_is_hardly_ever_computed(values: list[int], question: str) -> None:
    north, south, east, west, inner, outer = values
    text = (
        f"The north has {north}, the south {south}; the east has {east}, the west {west}."
        f" Inside there are {inner}, outside {outer}.\n"
        f"北边有{north}，南边有{south}；东边有{east}，西边有{west}。里面有{inner}，外面有{outer}。"
    )
    source = SourceText(text)
    proved = sum(computed(source, question, str(number)) is not None for number in range(1, 101))
    assert proved <= 1


@given(st.text(min_size=1, max_size=200), st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_a_verdict(text: str, question: str, answer: str) -> None:
    for asked in (question, f"{question}相差多少", f"what is the total of all {question}"):
        computed(SourceText(f"{text}\n| 1 | {answer} |\n|---|\n| 2 | 3 kg |"), asked, answer)
        ground(asked, answer, chunk_of(text))


def test_a_long_table_takes_no_time() -> None:
    rows = "\n".join(f"| item {n} | {n} kg | {n * 7} kg |" for n in range(500))
    text = f"| item | gross weight | net weight |\n|---|---|---|\n{rows}"
    question = "How much heavier is item 7 gross than item 9 net?"
    assert ground(question, "1000 kg", chunk_of(text)).match != "computed"
