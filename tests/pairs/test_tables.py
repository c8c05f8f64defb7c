"""Evidence in tables: a cell with its row, its column and its caption."""

import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.evidence.table_rows import tables
from pairs.evidence.tables import labels_of
from pairs.records import Evidence

PUMPS = """## 3 技术参数

单位：千克

| 项目 | LX-200 | LX-200B |
| --- | --- | --- |
| 净重 | 7.5 | 8.25 |
| 毛重 | 9.1 | 10.4 |
"""

FAULTS = """What the display says

| Code | Meaning | What to do |
|---|---|---|
| F2 | The door is open | Close the door |
| F7 | The drain is blocked | Clean the drain |
"""

SALES = """Sales by region ($ million)

| Region | 2022 | 2023 |
|---|---|---|
| North | 41.5 | 47.0 |
| South | 38.2 | 40.9 |
"""

ALIGNED = """Table 4. Results

name          loops  traces  speedup
sort-heap     12     30      1.95x
sort-merge    17     41      2.31x
"""


def _ground(text: str, question: str, answer: str, context: str = "") -> tuple[Evidence, str]:
    chunk = Chunk(
        id="0",
        index=0,
        text=text,
        span=Span(start=0, end=len(text)),
        source="t",
        context=context,
    )
    evidence = Passage(chunk).ground(question, answer)
    return evidence, reason_against(question, answer, evidence, "strict")


@pytest.mark.parametrize(
    ("text", "question", "answer", "header"),
    [
        (PUMPS, "LX-200 的净重是多少？", "7.5", "单位：千克 | 净重 | LX-200"),
        (PUMPS, "LX-200B 的净重是多少？", "8.25", "单位：千克 | 净重 | LX-200B"),
        (FAULTS, "What does code F7 mean?", "The drain is blocked", "F7 | Meaning"),
        (SALES, "What were the sales of the South in 2023?", "40.9", "million) | South | 2023"),
        (ALIGNED, "What is the speedup of sort-merge?", "2.31x", "sort-merge | speedup"),
    ],
)
def test_a_cell_is_shown_with_row_column_and_caption(
    text: str, question: str, answer: str, header: str
) -> None:
    evidence, reason = _ground(text, question, answer)
    assert evidence.header.endswith(header)
    assert not reason
    assert len(evidence.more) == 1
    names = text[slice(evidence.more[0].start, evidence.more[0].end)]
    assert header.rpartition(" | ")[2] in names
    assert names in evidence.sentence
    assert evidence.quote in evidence.sentence


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (PUMPS, "LX-200B 的净重是多少？", "7.5"),
        (PUMPS, "LX-200 的毛重是多少？", "7.5"),
        (FAULTS, "What must be done when F2 is shown?", "Clean the drain"),
        (FAULTS, "What does F2 mean?", "The drain is blocked"),
        (SALES, "What were the sales of the South in 2022?", "40.9"),
        (SALES, "What were the sales of the North in 2022?", "38.2"),
        (SALES, "Which region had sales of 38.2 million dollars?", "North"),
        (ALIGNED, "What is the speedup of sort-merge?", "1.95x"),
    ],
)
def test_a_neighbouring_row_or_column_answers_another_question(
    text: str, question: str, answer: str
) -> None:
    evidence, reason = _ground(text, question, answer)
    assert (evidence.names_ok, reason) == (False, "rejected.name")


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (SALES, "Which region had sales of 38.2 million dollars?", "South"),
        (SALES, "Did the North or the South sell more in 2023?", "47.0"),
        (FAULTS, "What should be done if the drain is blocked?", "Clean the drain"),
        (PUMPS, "哪个型号的毛重是10.4千克？", "LX-200B"),
        (PUMPS, "LX-200 的净重与 LX-200B 的净重各是多少？", "8.25"),
    ],
)
def test_what_a_question_names_beside_the_cell_is_no_other_row(
    text: str, question: str, answer: str
) -> None:
    assert not _ground(text, question, answer)[1]


def test_of_equal_cells_the_one_that_is_asked_about_is_taken() -> None:
    text = PUMPS.replace("10.4", "7.5")
    evidence, _ = _ground(text, "LX-200B 的毛重是多少？", "7.5")
    assert evidence.header.endswith("毛重 | LX-200B")


def test_a_sentence_about_a_cell_stands_by_row_and_column_names() -> None:
    answer = "The sales of the South in 2023 were $40.9 million."
    evidence, reason = _ground(SALES, "How much did the South sell in 2023?", answer)
    assert "| South |" in evidence.sentence
    assert not reason
    evidence, reason = _ground(PUMPS, "LX-200B 有多重？", "LX-200B 的净重为 8.25 kg。")
    assert "| 净重 |" in evidence.sentence
    assert not reason


@pytest.mark.parametrize("answer", ["40.9 thousand dollars", "$40,900", "40.9 million euros"])
def test_the_unit_of_a_table_is_that_of_its_cells(answer: str) -> None:
    question = "What were the sales of the South in 2023?"
    for right in ("$40.9 million", "40.9 million dollars", "$40,900,000"):
        assert not _ground(SALES, question, right)[1]
    assert _ground(SALES, question, answer)[1]


def test_a_cut_table_is_headed_by_its_context() -> None:
    rows = "| South | 38.2 | 40.9 |\n| West | 12.0 | 13.3 |\n"
    context = "Sales\n| Region | 2022 | 2023 |"
    evidence, reason = _ground(rows, "What did the West sell in 2023?", "13.3", context)
    assert evidence.header.endswith("West | 2023")
    assert (reason, evidence.more) == ("", ())
    assert _ground(rows, "What did the West sell in 2022?", "13.3", context)[1] == "rejected.name"


@given(st.text(alphabet="| -\n\tab12:\\单位#。", max_size=200), st.text(max_size=20))
def test_any_text_has_tables_or_none(text: str, context: str) -> None:
    for table in tables(text, context):
        for cell in table.cells:
            assert 0 <= cell.start <= cell.end <= len(text)
            table.header(cell.row, cell.column)
            table.belongs_elsewhere(labels_of(text), cell.row, cell.column)
            table.fits(labels_of(context), cell)


def test_a_long_table_takes_time_in_proportion() -> None:
    def seconds(rows: int) -> float:
        lines = [f"| item {row} | {row * 7} | {row * 13} |" for row in range(rows)]
        text = "\n".join(["| Name | Price | Stock |", "|---|---|---|", *lines])
        begun = time.process_time()
        evidence, reason = _ground(
            text, f"What is the price of item {rows - 2}?", str((rows - 2) * 7)
        )
        assert (evidence.names_ok, reason) == (True, "")
        return time.process_time() - begun

    seconds(50)
    gc.disable()  # what other tests have left is not what is measured
    try:
        few = seconds(500)
        assert seconds(2000) < 12 * max(few, 0.01)
    finally:
        gc.enable()
